import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { inspect } from 'node:util';
import { type JsonObject, LlmteamError } from '@llmteam/contracts';
import { openaiCompatible } from '@llmteam/llm-agent';
import * as assert from 'uvu/assert';
import { spec } from '../../support/spec.js';
import { rejectsWith } from '../support/rejection.js';
import {
  apiKey,
  type ChatAnswer,
  chunk,
  complete,
  event,
  eventText,
  stream,
  withChatServer,
} from './with-chat-server.js';

const onToken = () => undefined;
const never = () => new AbortController().signal;

async function fails(
  code: string,
  answer: ChatAnswer,
  streaming: boolean,
  config: JsonObject = {},
): Promise<LlmteamError> {
  const errors: LlmteamError[] = [];
  await withChatServer(
    answer,
    async (ask, calls) => {
      errors.push(await rejectsWith(code, () => ask(streaming ? { onToken } : {})));
      assert.is(calls.length, 1, 'asked more than once');
    },
    config,
  );
  return errors[0] as LlmteamError;
}

function writeForEver(response: ServerResponse, framed: (text: string) => string): void {
  const piece = framed('x'.repeat(1024 * 1024));
  const fill = () => {
    while (!response.destroyed && response.write(piece));
  };
  response.on('drain', fill);
  fill();
}

const errorBody = (message: string) => JSON.stringify({ error: { message, type: 'x', code: null } });

spec('openai-compatible: failures', (test) => {
  for (const streaming of [false, true]) {
    const how = streaming ? ', streaming' : '';

    for (const [status, code] of [
      [400, 'LLM_REFUSED'],
      [401, 'LLM_REFUSED'],
      [403, 'LLM_REFUSED'],
      [404, 'LLM_REFUSED'],
      [422, 'LLM_REFUSED'],
      [302, 'LLM_REFUSED'],
      [408, 'LLM_FAILED'],
      [429, 'LLM_FAILED'],
      [500, 'LLM_FAILED'],
      [503, 'LLM_FAILED'],
    ] as const) {
      test(`${status} is ${code}, asked once${how}`, async () => {
        const answer: ChatAnswer = (response) =>
          void response.writeHead(status, { location: '/elsewhere' }).end(errorBody('no luck'));
        const error = await fails(code, answer, streaming);
        assert.equal(error.details, { status });
        assert.is(error.recoverable, code === 'LLM_FAILED');
        assert.is(error.message, `model 'test-1' (status ${status}): no luck`);
      });
    }

    test(`Retry-After goes along in seconds${how}`, async () => {
      for (const [headers, retryAfterSeconds] of [
        [{ 'retry-after': '12' }, 12],
        [{ 'retry-after': '99999' }, 3_600],
        [{ 'retry-after': 'Sat, 01 Jan 2000 00:00:00 GMT' }, 0],
        [{ 'retry-after-ms': '1500', 'retry-after': '9' }, 2],
      ] as const) {
        const answer: ChatAnswer = (response) => void response.writeHead(429, headers).end(errorBody('slow down'));
        assert.equal((await fails('LLM_FAILED', answer, streaming)).details, {
          status: 429,
          retry_after_seconds: retryAfterSeconds,
        });
      }
    });

    test(`a response that violates the protocol${how}`, async () => {
      for (const text of ['{"choices": [', '<html>', '{}', '{"choices": []}', '']) {
        const answer: ChatAnswer = (response) => {
          if (streaming) event(response, text);
          response.end(streaming ? undefined : text);
        };
        const error = await fails('LLM_FAILED', answer, streaming);
        assert.ok(error.recoverable);
        assert.not.match(error.message, 'html');
      }
    });

    test(`a connection that breaks${how}`, async () => {
      const atOnce: ChatAnswer = (response) => void response.destroy();
      const within: ChatAnswer = (response) => {
        response.writeHead(200, { 'content-type': streaming ? 'text/event-stream' : 'application/json' });
        response.write(streaming ? `data: ${JSON.stringify(chunk({ content: 'x' }))}\n\n` : '{"choices"', () =>
          response.destroy(),
        );
      };
      for (const answer of [atOnce, within]) assert.ok((await fails('LLM_FAILED', answer, streaming)).recoverable);
    });

    test(`an answer that was filtered is a refusal${how}`, async () => {
      const answer: ChatAnswer = (response) =>
        streaming
          ? stream(response, ['x'], 'content_filter')
          : complete(response, '', { finish_reason: 'content_filter' });
      assert.match((await fails('LLM_REFUSED', answer, streaming)).message, 'filtered');
    });

    test(`a refusal is LLM_REFUSED with the model's words, and was paid for${how}`, async () => {
      const refusal = 'I will not help with that.';
      const answer: ChatAnswer = (response) => {
        if (!streaming)
          return complete(response, '', {
            message: { role: 'assistant', content: null, refusal },
            finish_reason: 'stop',
          });
        event(response, chunk({ role: 'assistant', content: null, refusal: '' }));
        for (const part of ['I will not ', 'help with that.']) event(response, chunk({ refusal: part }));
        stream(response, []);
      };
      const error = await fails('LLM_REFUSED', answer, streaming);
      assert.is(error.message, `model 'test-1' refused: ${refusal}`);
      assert.is((error.details?.usage as JsonObject | undefined)?.input_tokens, streaming ? 5 : 11);
    });

    test(`a response without a refusal may say so${how}`, async () => {
      const answer: ChatAnswer = (response) => {
        const message = { role: 'assistant', content: 'x', refusal: null };
        if (!streaming) return complete(response, 'x', { message });
        event(response, chunk(message));
        stream(response, []);
      };
      await withChatServer(answer, async (ask) => {
        assert.is((await ask(streaming ? { onToken } : {})).text, 'x');
      });
    });

    test(`an unknown finish reason is a failure that names it${how}`, async () => {
      for (const reason of ['insufficient_system_resource', 'error', 'MAX_TOKENS']) {
        const answer: ChatAnswer = (response) =>
          streaming ? stream(response, ['x'], reason) : complete(response, 'x', { finish_reason: reason });
        const error = await fails('LLM_FAILED', answer, streaming);
        assert.match(error.message, `ended with the finish reason '${reason}'`);
        assert.ok(error.recoverable);
      }
    });

    test(`an answer that is cut off, or calls a tool, has its finish reason${how}`, async () => {
      for (const reason of ['length', 'tool_calls']) {
        const answer: ChatAnswer = (response) =>
          streaming ? stream(response, ['x'], reason) : complete(response, 'x', { finish_reason: reason });
        await withChatServer(answer, async (ask) => {
          assert.is((await ask(streaming ? { onToken } : {})).finish_reason, reason);
        });
      }
    });

    test(`an error with status 200 keeps its reason, however it is written${how}`, async () => {
      const finished = { index: 0, message: { content: '' }, delta: { content: '' }, finish_reason: 'error' };
      for (const body of [
        { error: { message: 'overloaded' } },
        { error: { message: 'overloaded', code: 503, type: null } },
        { error: 'overloaded' },
        { object: 'error', message: 'overloaded', code: 400 },
        { detail: 'overloaded' },
        { error: { code: 'overloaded' } },
        { ...chunk({}), error: { code: 502, message: 'overloaded' }, choices: [finished] },
        { ...chunk({}), choices: [{ ...finished, error: { code: 502, message: 'overloaded' } }] },
      ] as readonly JsonObject[]) {
        const answer: ChatAnswer = (response) => {
          if (streaming) event(response, body);
          response.end(streaming ? undefined : JSON.stringify(body));
        };
        assert.is((await fails('LLM_FAILED', answer, streaming)).message, "model 'test-1': overloaded");
      }
    });

    test(`an answer without end is cut off${how}`, async () => {
      const answer: ChatAnswer = (response) => {
        if (!streaming) response.write('{"choices":[{"message":{"role":"assistant","content":"');
        writeForEver(response, (text) => (streaming ? eventText(chunk({ content: text })) : text));
      };
      const error = await fails('LLM_FAILED', answer, streaming);
      assert.match(error.message, 'larger than');
      assert.not(error.recoverable);
    });

    test(`a service that hangs is left by an abort, and its connection closed${how}`, async () => {
      const abort = new AbortController();
      const closed: Promise<unknown>[] = [];
      const answer: ChatAnswer = (response) => {
        closed.push(once(response, 'close'));
        if (streaming) event(response, chunk({ content: 'x' }));
        setImmediate(() => abort.abort());
      };
      await withChatServer(answer, async (ask) => {
        await rejectsWith('CANCELLED', () => ask({ signal: abort.signal, ...(streaming && { onToken }) }));
        assert.is(closed.length, 1);
        await closed[0];
      });
    });

    test(`the reason of an abort is the error${how}`, async () => {
      const abort = new AbortController();
      const answer: ChatAnswer = () => abort.abort(new LlmteamError('STEP_TIMEOUT', 'late'));
      await withChatServer(answer, async (ask) => {
        await rejectsWith('STEP_TIMEOUT', () => ask({ signal: abort.signal, ...(streaming && { onToken }) }));
      });
    });

    test(`a service that hangs is left after the time-out${how}`, async () => {
      const error = await fails('LLM_FAILED', (response) => void response.writeHead(200).flushHeaders(), streaming, {
        timeout_seconds: 0.2,
      });
      assert.match(error.message, 'within 0.2 s');
      assert.ok(error.recoverable);
    });

    test(`neither key nor header value is in an error, though the service quotes them${how}`, async () => {
      for (const status of [200, 401, 500]) {
        const answer: ChatAnswer = (response, { headers }) => {
          const message = `bad key ${headers.authorization} and ${headers['x-token']}`;
          if (status === 200 && streaming) event(response, JSON.parse(errorBody(message)) as JsonObject);
          else response.statusCode = status;
          response.end(errorBody(message));
        };
        const code = status === 401 ? 'LLM_REFUSED' : 'LLM_FAILED';
        const error = await fails(code, answer, streaming, { headers: { 'x-token': 'token-secret' } });
        assert.not.match(inspect(error, { depth: 20, showHidden: true }), /very-secret|token-secret/);
        if (status !== 200) assert.match(error.message, '[redacted]');
      }
    });

    test(`a key that the longest message would split leaves nothing of its beginning${how}`, async () => {
      const encoded = Buffer.from(apiKey).toString('base64');
      const answer: ChatAnswer = (response) => {
        response.statusCode = 401;
        response.end(errorBody(`${'x'.repeat(490)}${encoded}`));
      };
      const { message } = await fails('LLM_REFUSED', answer, streaming);
      assert.not.ok(message.includes(encoded.slice(0, 4)), message);
    });
  }

  test('an error that comes as JSON instead of a stream keeps its reason', async () => {
    const answer: ChatAnswer = (response) => {
      response.setHeader('content-type', 'application/json; charset=utf-8');
      response.end(JSON.stringify({ error: { message: 'overloaded' } }, null, 2));
    };
    assert.is((await fails('LLM_FAILED', answer, true)).message, "model 'test-1': overloaded");
  });

  test('a service that answers as a whole instead of streaming is told apart', async () => {
    const error = await fails('LLM_FAILED', (response) => complete(response, 'x'), true);
    assert.match(error.message, 'does not stream; set `stream` to false');
  });

  test('an error within a stream fails the call after the tokens before it', async () => {
    const tokens: string[] = [];
    const answer: ChatAnswer = (response) => {
      event(response, chunk({ content: 'x' }));
      event(response, JSON.parse(errorBody('overloaded')) as JsonObject);
      response.end();
    };
    await withChatServer(answer, async (ask) => {
      const error = await rejectsWith('LLM_FAILED', () => ask({ onToken: (text) => void tokens.push(text) }));
      assert.match(error.message, 'overloaded');
      assert.equal(tokens, ['x']);
    });
  });

  test('a service that goes on after its error is left', async () => {
    const closed: Promise<unknown>[] = [];
    const answer: ChatAnswer = (response) => {
      closed.push(once(response, 'close'));
      event(response, JSON.parse(errorBody('overloaded')) as JsonObject);
    };
    await withChatServer(answer, async (ask) => {
      await rejectsWith('LLM_FAILED', () => ask({ onToken }));
      await Promise.all(closed);
      assert.is(closed.length, 1);
    });
  });

  test('the SDK writes nothing to the console', async () => {
    const written: unknown[][] = [];
    const { warn, error, info, log } = console;
    const keep = (...words: unknown[]) => void written.push(words);
    Object.assign(console, { warn: keep, error: keep, info: keep, log: keep });
    try {
      await fails('LLM_FAILED', (response) => void response.writeHead(500).end(), true);
      const system = [
        { role: 'system', content: 'x' },
        { role: 'user', content: 'y' },
      ] as const;
      await withChatServer(
        (response) => stream(response, ['{}']),
        async (ask) =>
          void (await ask({ messages: system, onToken, output_schema: { type: 'object' }, temperature: 2 })),
        { structured_outputs: false },
      );
    } finally {
      Object.assign(console, { warn, error, info, log });
    }
    assert.equal(written, []);
  });

  test('a stream that ends without a finish reason is no answer', async () => {
    const answer: ChatAnswer = (response) => {
      event(response, chunk({ content: 'half' }));
      response.end();
    };
    await fails('LLM_FAILED', answer, true);
  });

  test('a port that nobody listens on', async () => {
    const model = openaiCompatible.create({ base_url: 'http://127.0.0.1:1/v1', model: 'm' });
    const messages = [{ role: 'user', content: 'x' }] as const;
    const request = { messages, signal: never(), idempotency_key: 'k', redact: (text: string) => text };
    assert.ok((await rejectsWith('LLM_FAILED', () => model.generate(request))).recoverable);
  });

  test('an attempt that is aborted already asks nobody', async () => {
    await withChatServer(
      (response) => complete(response, 'x'),
      async (ask, calls) => {
        await rejectsWith('CANCELLED', () => ask({ signal: AbortSignal.abort() }));
        assert.equal(calls, []);
      },
    );
  });
});

import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { JsonObject } from '@llmteam/contracts';
import { llmAgent, openaiCompatible } from '@llmteam/llm-agent';
import * as assert from 'uvu/assert';
import { spec } from '../../support/spec.js';
import { fakeStepContext } from '../support/fake-step-context.js';
import { withHttpServer } from '../support/with-server.js';
import { apiKey, type ChatAnswer, chunk, complete, event, stream, withChatServer } from './with-chat-server.js';

const onToken = () => undefined;
const never = () => new AbortController().signal;

spec('openai-compatible: an answer at once', (test) => {
  test('text, model, finish reason and usage are taken from the response', async () => {
    await withChatServer(
      (response) => complete(response, 'Hi!'),
      async (ask) => {
        assert.equal(await ask(), {
          text: 'Hi!',
          model: 'test-1-0613',
          finish_reason: 'stop',
          usage: { input_tokens: 11, output_tokens: 22 },
        });
      },
    );
  });

  test('the request is what the protocol wants', async () => {
    await withChatServer(
      (response) => complete(response, 'x'),
      async (ask, calls) => {
        const messages = [
          { role: 'system', content: 'be brief' },
          { role: 'user', content: 'a' },
          { role: 'assistant', content: 'b' },
          { role: 'user', content: 'c' },
        ] as const;
        await ask({ messages, temperature: 0.2, max_tokens: 9 });
        const [{ url, headers, body } = assert.unreachable('no call') as never] = calls;
        assert.is(url, '/v1/chat/completions');
        assert.equal([headers.authorization, headers['x-team']], [`Bearer ${apiKey}`, 'blue']);
        assert.equal(body, { model: 'test-1', messages, temperature: 0.2, max_tokens: 9 });
      },
      { headers: { 'X-Team': 'blue' } },
    );
  });

  test('without a key there is no authorization', async () => {
    const seen: (string | undefined)[] = [];
    await withHttpServer(
      (request, response) => {
        seen.push(request.headers.authorization);
        complete(response, 'x');
      },
      async (origin) => {
        const model = openaiCompatible.create({ base_url: `${origin}/v1/`, model: 'm' });
        const messages = [{ role: 'user', content: 'x' }] as const;
        await model.generate({ messages, signal: never(), idempotency_key: 'k', redact: (text) => text });
      },
    );
    assert.equal(seen, [undefined]);
  });

  test('a response without usage counts nothing', async () => {
    const bare: ChatAnswer = (response) =>
      void response.end(
        JSON.stringify({ choices: [{ message: { role: 'assistant', content: 'x' }, finish_reason: 'length' }] }),
      );
    await withChatServer(bare, async (ask) => {
      const { usage, model, finish_reason } = await ask();
      assert.equal([usage, model, finish_reason], [{ input_tokens: 0, output_tokens: 0 }, 'test-1', 'length']);
    });
  });
});

spec('openai-compatible: a stream', (test) => {
  test('tokens come one by one and make up the text', async () => {
    await withChatServer(
      (response) => stream(response, ['Hel', 'lo', ' you']),
      async (ask, calls) => {
        const tokens: string[] = [];
        const answer = await ask({ onToken: (text) => void tokens.push(text) });
        assert.equal(tokens, ['Hel', 'lo', ' you']);
        assert.equal(answer, {
          text: 'Hello you',
          model: 'test-1-0613',
          finish_reason: 'stop',
          usage: { input_tokens: 5, output_tokens: 7 },
        });
        assert.is(calls[0]?.body.stream, true);
        assert.equal(calls[0]?.body.stream_options, { include_usage: true });
      },
    );
  });

  test('a token is passed on before the answer is complete', async () => {
    const goesOn = { now: (): void => undefined };
    const firstToken = new Promise<void>((resolve) => {
      goesOn.now = resolve;
    });
    const answer: ChatAnswer = async (response) => {
      event(response, chunk({ role: 'assistant', content: 'first' }));
      await firstToken;
      stream(response, [' second']);
    };
    await withChatServer(answer, async (ask) => {
      assert.is((await ask({ onToken: () => goesOn.now() })).text, 'first second');
    });
  });

  test('a character split between packets is whole', async () => {
    const answer: ChatAnswer = (response) => {
      const bytes = Buffer.from(`data: ${JSON.stringify(chunk({ content: 'größe' }))}\n\n`);
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      for (const byte of bytes) response.write(Buffer.from([byte]));
      stream(response, []);
    };
    await withChatServer(answer, async (ask) => assert.is((await ask({ onToken })).text, 'größe'));
  });

  test('a service that cannot stream is asked for the whole', async () => {
    await withChatServer(
      (response) => complete(response, 'whole'),
      async (ask, calls) => {
        assert.is((await ask({ onToken })).text, 'whole');
        assert.not('stream' in (calls[0]?.body ?? {}));
      },
      { stream: false },
    );
  });

  test('the step emits the tokens and adds the usage', async () => {
    const answer: ChatAnswer = (response) => stream(response, ['{"a"', ':1}']);
    await withChatServer(answer, async (ask) => {
      const llm = { provider: 'p', model: 'm', generate: ask };
      const { context, traces } = fakeStepContext({ llms: { main: llm } });
      assert.equal(await llmAgent.run(context, { llm_ref: 'main', output_format: 'json' }, 'q'), {
        output: { a: 1 },
        finish_reason: 'stop',
      });
      assert.equal(traces.tokens, ['{"a"', ':1}']);
      assert.equal(traces.usage, [{ input_tokens: 5, output_tokens: 7 }]);
    });
  });
});

spec('openai-compatible: JSON', (test) => {
  const closed: JsonObject = {
    type: 'object',
    properties: { a: { type: 'string' } },
    required: ['a'],
    additionalProperties: false,
  };
  const open: JsonObject = { type: 'object', properties: { a: { type: 'string' } } };

  const bodyFor = async (request: { json?: boolean; output_schema?: JsonObject }, config: JsonObject = {}) => {
    const bodies: JsonObject[] = [];
    await withChatServer(
      (response, { body }) => {
        bodies.push(body);
        complete(response, '{"a":"x"}');
      },
      async (ask) => assert.is((await ask(request)).text, '{"a":"x"}'),
      config,
    );
    return bodies[0] ?? {};
  };

  test('a schema goes along, strict where the service can promise it', async () => {
    for (const [outputSchema, strict] of [
      [closed, true],
      [open, false],
      [{ ...closed, properties: { a: open } }, false],
    ] as const) {
      const { response_format, messages } = await bodyFor({ json: true, output_schema: outputSchema });
      assert.equal(response_format, {
        type: 'json_schema',
        json_schema: { name: 'response', schema: outputSchema, strict },
      });
      assert.equal(messages, [{ role: 'user', content: 'hello' }]);
    }
  });

  test('JSON without a schema is asked for in words as well', async () => {
    const { response_format, messages } = await bodyFor({ json: true });
    assert.equal(response_format, { type: 'json_object' });
    assert.match(JSON.stringify(messages), 'Answer with one JSON value.');
  });

  test('a service without structured outputs gets the schema in words', async () => {
    const { response_format, messages } = await bodyFor(
      { json: true, output_schema: open },
      { structured_outputs: false },
    );
    assert.equal(response_format, { type: 'json_object' });
    assert.match(JSON.stringify(messages), /that matches this JSON Schema: .*properties/);
  });

  test('text asks for none of it', async () => {
    assert.not('response_format' in (await bodyFor({})));
  });

  test('text that is not JSON is given as it is: the step decides', async () => {
    await withChatServer(
      (response) => complete(response, 'prose'),
      async (ask) => {
        assert.is((await ask({ json: true, output_schema: open })).text, 'prose');
      },
    );
    await withChatServer(
      (response) => stream(response, ['prose']),
      async (ask) => {
        assert.is((await ask({ json: true, output_schema: open, onToken })).text, 'prose');
      },
    );
  });
});

const loading = `
  import { register } from 'node:module';
  const hook = [
    "import { writeSync } from 'node:fs';",
    "export async function resolve(specifier, context, next) {",
    "  writeSync(1, specifier + ' ');",
    "  return next(specifier, context);",
    "}",
  ].join('');
  register('data:text/javascript,' + encodeURIComponent(hook));
  await import('@llmteam/llm-agent');
`;

spec('openai-compatible: configuration', (test) => {
  test('no SDK is loaded with the plugin', async () => {
    const cwd = fileURLToPath(new URL('.', import.meta.url));
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', loading], { cwd });
    const loaded = stdout.split(' ');
    assert.ok(loaded.includes('@llmteam/contracts'));
    assert.equal(
      loaded.filter((name) => name.startsWith('@ai-sdk/') || name === 'zod'),
      [],
    );
  });

  test('strings that hold secrets are marked', () => {
    const { properties } = openaiCompatible.config_schema as unknown as { properties: Record<string, JsonObject> };
    assert.is(properties.api_key?.writeOnly, true);
    assert.is((properties.headers?.additionalProperties as JsonObject | undefined)?.writeOnly, true);
  });
});

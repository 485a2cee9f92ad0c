/** Errors and refusals that come with status 200, as each service writes them. */
import type { JsonObject, LlmteamError } from '@llmteam/contracts';
import * as assert from 'uvu/assert';
import { spec } from '../../../support/spec.js';
import { rejectsWith } from '../../support/rejection.js';
import { chat } from './chat-wire.js';
import { gemini } from './gemini-wire.js';
import { messages } from './messages-wire.js';
import { responses } from './responses-wire.js';
import { event, type Protocol, type WireAnswer, withService } from './wire-service.js';

const half: WireAnswer = { text: ['Hel', 'lo'], end: 'stop' };

async function failsWith(code: string, protocol: Protocol, isStream: boolean, text: string): Promise<LlmteamError> {
  const errors: LlmteamError[] = [];
  await withService(
    protocol,
    (response) => {
      response.setHeader('content-type', isStream ? 'text/event-stream' : 'application/json');
      response.end(text);
    },
    async (ask, calls) => {
      errors.push(await rejectsWith(code, () => ask(isStream ? { onToken: () => undefined } : {})));
      assert.is(calls.length, 1);
    },
  );
  return errors[0] as LlmteamError;
}

/** The events of half an answer, then one more. */
function interrupted(protocol: Protocol, last: JsonObject): string {
  const events = protocol.events(half);
  const place = events.findIndex((text) => text.includes('"Hel"')) + 1;
  return [...events.slice(0, place), event(last, String(last.type ?? 'message'))].join('');
}

spec('errors with status 200: Anthropic', (test) => {
  const overloaded = { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } };

  test('overloaded, at once and after some text', async () => {
    const first = await failsWith('LLM_FAILED', messages, true, event(overloaded, 'error'));
    assert.equal(first.details, { status: 529 });
    for (const error of [first, await failsWith('LLM_FAILED', messages, true, interrupted(messages, overloaded))]) {
      assert.match(error.message, 'Overloaded');
      assert.ok(error.recoverable);
    }
  });

  test('an error that comes as JSON instead of a stream', async () => {
    const errors: LlmteamError[] = [];
    await withService(
      messages,
      (response) => {
        response.setHeader('content-type', 'application/json');
        response.end(JSON.stringify(overloaded));
      },
      async (ask) => void errors.push(await rejectsWith('LLM_FAILED', () => ask({ onToken: () => undefined }))),
    );
    assert.match(errors[0]?.message ?? '', 'Overloaded');
  });
});

spec('errors with status 200: OpenAI', (test) => {
  const failed = (error: JsonObject): JsonObject => ({
    type: 'response.failed',
    sequence_number: 9,
    response: { id: 'resp_1', object: 'response', created_at: 1, model: 'gpt-5', status: 'failed', error, output: [] },
  });

  test('a response that failed, streamed and at once', async () => {
    const error = { code: 'server_error', message: 'the server had a fault' };
    const streamed = await failsWith('LLM_FAILED', responses, true, interrupted(responses, failed(error)));
    const body = { ...responses.whole(half), status: 'failed', error };
    const whole = await failsWith('LLM_FAILED', responses, false, JSON.stringify(body));
    for (const { message, recoverable } of [streamed, whole]) {
      assert.match(message, 'the server had a fault');
      assert.ok(recoverable);
    }
  });

  test('an error event', async () => {
    const last = { type: 'error', sequence_number: 9, error: { type: 'server_error', code: null, message: 'no luck' } };
    assert.match((await failsWith('LLM_FAILED', responses, true, interrupted(responses, last))).message, 'no luck');
  });

  test('a refusal is LLM_REFUSED with the words of the model, and was paid for', async () => {
    const words = 'I will not help with that.';
    const usage = { input_tokens: 11, output_tokens: 7 };
    const content = [{ type: 'refusal', refusal: words }];
    const item = { type: 'message', id: 'msg_1', role: 'assistant', status: 'completed', content };
    const body = { ...responses.whole(half), output: [item], usage };
    const whole = await failsWith('LLM_REFUSED', responses, false, JSON.stringify(body));
    const at = { item_id: 'msg_1', output_index: 0, content_index: 0 };
    const begun = { ...item, status: 'in_progress', content: [] };
    const response = { id: 'resp_1', object: 'response', created_at: 1, model: 'gpt-5' };
    const events: JsonObject[] = [
      { type: 'response.created', response: { ...response, status: 'in_progress' } },
      { type: 'response.output_item.added', output_index: 0, item: begun },
      { type: 'response.refusal.delta', ...at, delta: 'I will not ' },
      { type: 'response.refusal.delta', ...at, delta: 'help with that.' },
      { type: 'response.refusal.done', ...at, refusal: words },
      { type: 'response.output_item.done', output_index: 0, item },
      { type: 'response.completed', response: { ...response, status: 'completed', usage } },
    ];
    const streamed = await failsWith('LLM_REFUSED', responses, true, events.map((one) => event(one)).join(''));
    for (const { message, details } of [whole, streamed]) {
      assert.is(message, `model 'gpt-5' refused: ${words}`);
      assert.equal(details?.usage, usage);
    }
  });
});

spec('errors with status 200: Google', (test) => {
  test('an error in the stream has its status', async () => {
    const last = { error: { code: 503, message: 'overloaded', status: 'UNAVAILABLE' } };
    const error = await failsWith('LLM_FAILED', gemini, true, interrupted(gemini, last));
    assert.match(error.message, 'overloaded');
    assert.ok(error.recoverable);
  });

  test('a prompt that is blocked is refused', async () => {
    const blocked = { promptFeedback: { blockReason: 'SAFETY' }, usageMetadata: { promptTokenCount: 11 } };
    for (const isStream of [true, false]) {
      const text = isStream ? event(blocked) : JSON.stringify(blocked);
      assert.match((await failsWith('LLM_REFUSED', gemini, isStream, text)).message, 'filtered');
    }
  });

  test('an answer that would need a second request is not continued', async () => {
    const part = { content: { role: 'model', parts: [{ text: 'Hel' }] }, index: 0 };
    const more = { candidates: [{ ...part, finishReason: 'CONTINUATION', continuationToken: 'next' }] };
    for (const isStream of [true, false]) {
      const { message } = await failsWith(
        'LLM_FAILED',
        gemini,
        isStream,
        isStream ? event(more) : JSON.stringify(more),
      );
      assert.match(message, 'a second request');
    }
  });

  test('a call that the model wrote wrong is no answer', async () => {
    const malformed = { candidates: [{ content: {}, finishReason: 'MALFORMED_FUNCTION_CALL', index: 0 }] };
    for (const isStream of [true, false]) {
      const text = isStream ? event(malformed) : JSON.stringify(malformed);
      assert.match((await failsWith('LLM_FAILED', gemini, isStream, text)).message, 'MALFORMED_FUNCTION_CALL');
    }
  });
});

spec('what services write in ways of their own: chat completions', (test) => {
  const completion = (message: JsonObject, finishReason = 'stop') =>
    JSON.stringify({
      choices: [{ index: 0, message: { role: 'assistant', ...message }, finish_reason: finishReason }],
    });
  const chunks = (...deltas: JsonObject[]) =>
    [
      ...deltas.map((delta) => ({ choices: [{ index: 0, delta }] })),
      { choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] },
    ]
      .map((one) => event(one))
      .join('');

  async function answerOf(isStream: boolean, text: string, config: JsonObject = {}) {
    const answers: JsonObject[] = [];
    const tokens: string[] = [];
    await withService(
      chat,
      (response) => {
        response.setHeader('content-type', isStream ? 'text/event-stream' : 'application/json');
        response.end(text);
      },
      async (ask) =>
        void answers.push((await ask(isStream ? { onToken: (one) => void tokens.push(one) } : {})) as never),
      config,
    );
    if (isStream) assert.is(tokens.join(''), answers[0]?.text);
    return answers[0] ?? {};
  }

  test('reasoning in `reasoning`, as vLLM and Groq name it', async () => {
    const whole = await answerOf(false, completion({ reasoning: 'Hm.', content: 'Yes.' }));
    const streamed = await answerOf(true, chunks({ reasoning: 'Hm.' }, { content: 'Yes.' }));
    for (const { reasoning, text } of [whole, streamed]) assert.equal([reasoning, text], ['Hm.', 'Yes.']);
  });

  test('reasoning in a <think> block at the beginning', async () => {
    const said = '<think>\nHm.\n</think>\n\nYes, a < b.';
    const pieces = [...said].map((content) => ({ content }));
    for (const answer of [
      await answerOf(false, completion({ content: said })),
      await answerOf(true, chunks(...pieces)),
    ]) {
      assert.equal([answer.reasoning, answer.text], ['\nHm.\n', 'Yes, a < b.']);
    }
    const kept = await answerOf(true, chunks(...pieces), { think_tags: false });
    assert.equal([kept.reasoning, kept.text], [undefined, said]);
  });

  test('a block within the text is text', async () => {
    const said = 'Write <think>Hm.</think> first.';
    const { reasoning, text } = await answerOf(true, chunks({ content: said }));
    assert.equal([reasoning, text], [undefined, said]);
  });

  test('`stop` after calls of tools', async () => {
    const call = { id: 'a', type: 'function', function: { name: 'now', arguments: '{}' } };
    const whole = await answerOf(false, completion({ content: null, tool_calls: [call] }));
    const streamed = await answerOf(true, chunks({ tool_calls: [{ index: 0, ...call }] }));
    for (const { finish_reason } of [whole, streamed]) assert.is(finish_reason, 'tool_calls');
  });

  test('arguments that are an object, as llama.cpp wrote them for a while', async () => {
    const call = {
      index: 0,
      id: 'a',
      type: 'function',
      function: { name: 'now', arguments: { z: 'ö', arguments: {} } },
    };
    const said = 'It is "arguments": {';
    const whole = await answerOf(false, completion({ content: said, tool_calls: [call] }));
    const streamed = await answerOf(true, chunks({ content: said }, { tool_calls: [call] }));
    for (const { tool_calls, text } of [whole, streamed]) {
      assert.equal(tool_calls, [{ call_id: 'a', name: 'now', arguments: '{"z":"ö","arguments":{}}' }]);
      assert.is(text, said);
    }
  });

  test('arguments that are an object with a number that would be rounded are no answer', async () => {
    const call = '{"id":"a","type":"function","function":{"name":"now","arguments":{"id":12345678901234567890}}}';
    const message = `{"role":"assistant","content":null,"tool_calls":[${call}]}`;
    await failsWith('LLM_FAILED', chat, false, `{"choices":[{"message":${message},"finish_reason":"tool_calls"}]}`);
  });

  test('a call without an id, and one whose name comes late', async () => {
    const deltas = [
      { tool_calls: [{ index: 0, function: { arguments: '{"a"' } }] },
      { tool_calls: [{ index: 0, function: { name: 'now', arguments: ':1}' } }] },
    ];
    const { tool_calls } = await answerOf(true, chunks(...deltas));
    const [call] = tool_calls as unknown as { call_id: string; name: string; arguments: string }[];
    assert.equal([call?.name, call?.arguments], ['now', '{"a":1}']);
    assert.ok((call?.call_id.length ?? 0) > 0);
  });

  test('usage in every chunk counts once', async () => {
    const usage = (output: number) => ({ prompt_tokens: 3, completion_tokens: output });
    const events = ['a', 'b'].map((content, place) =>
      event({ choices: [{ index: 0, delta: { content } }], usage: usage(place + 1) }),
    );
    const end = event({ choices: [{ index: 0, delta: {}, finish_reason: 'stop' }], usage: usage(2) });
    assert.equal((await answerOf(true, [...events, end].join(''))).usage, { input_tokens: 3, output_tokens: 2 });
  });

  test('numbers of tokens that are none', async () => {
    const body = JSON.parse(completion({ content: 'x' })) as JsonObject;
    const usage = { prompt_tokens: -4, completion_tokens: 2.5, prompt_tokens_details: { cached_tokens: 99 } };
    assert.equal((await answerOf(false, JSON.stringify({ ...body, usage }))).usage, {
      input_tokens: 0,
      output_tokens: 2,
    });
  });
});

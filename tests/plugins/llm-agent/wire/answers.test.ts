/** What every provider makes of an answer of its service, streamed and at once. */
import type { ModelResponse } from '@llmteam/contracts';
import * as assert from 'uvu/assert';
import { spec } from '../../../support/spec.js';
import { protocols } from './protocols.js';
import { answering, apiKey, type WireAnswer, withService } from './wire-service.js';

const onToken = () => undefined;
const hello: WireAnswer = { text: ['Hel', 'lo', ' you'], end: 'stop' };
const usage = { input_tokens: 11, output_tokens: 7, cached_input_tokens: 4, reasoning_tokens: 3 };
const twoCalls: WireAnswer = {
  text: ['Let me see. '],
  calls: [
    { id: 'call_a', name: 'weather', pieces: ['{"city"', ':"Par', 'is"}'] },
    { id: 'call_b', name: 'time', pieces: ['{"zone":', '"CET"', '}'] },
  ],
  end: 'tool_calls',
};

/** Of the services, Anthropic counts no reasoning. */
function told(response: ModelResponse): ModelResponse {
  const { provider_state: _state, ...rest } = response;
  return { ...rest, usage: { reasoning_tokens: 3, ...rest.usage } };
}

for (const protocol of protocols) {
  spec(`${protocol.name}: answers`, (test) => {
    for (const isStream of [true, false]) {
      const how = isStream ? ', streamed' : ', at once';
      const streaming = isStream ? { onToken } : {};

      test(`text, how it ended, and what it used${how}`, async () => {
        await withService(protocol, answering(protocol, hello), async (ask, calls) => {
          const tokens: string[] = [];
          const answer = told(await ask(isStream ? { onToken: (token) => void tokens.push(token) } : {}));
          assert.equal({ ...answer, model: '' }, { text: 'Hello you', model: '', finish_reason: 'stop', usage });
          assert.not.equal(answer.model, '');
          assert.equal(tokens, isStream ? ['Hel', 'lo', ' you'] : []);
          assert.is(calls.length, 1);
          assert.is(calls[0]?.url, isStream ? (protocol.streamPath ?? protocol.path) : protocol.path);
          assert.match(String(calls[0]?.headers[protocol.keyHeader]), apiKey);
        });
      });

      test(`an answer that is cut off${how}`, async () => {
        await withService(protocol, answering(protocol, { ...hello, end: 'length' }), async (ask) => {
          assert.is((await ask(streaming)).finish_reason, 'length');
        });
      });

      test(`calls of tools, with text before them${how}`, async () => {
        for (const isInterleaved of [false, true]) {
          await withService(protocol, answering(protocol, { ...twoCalls, isInterleaved }), async (ask) => {
            const answer = await ask({ ...streaming, tools: [tool('weather'), tool('time')] });
            assert.equal(answer.tool_calls, [
              { call_id: 'call_a', name: 'weather', arguments: '{"city":"Paris"}' },
              { call_id: 'call_b', name: 'time', arguments: '{"zone":"CET"}' },
            ]);
            assert.equal([answer.text, answer.finish_reason], ['Let me see. ', 'tool_calls']);
          });
        }
      });

      test(`a call without arguments${how}`, async () => {
        const bare: WireAnswer = { calls: [{ id: 'call_a', name: 'now', pieces: ['{}'] }], end: 'tool_calls' };
        await withService(protocol, answering(protocol, bare), async (ask) => {
          const answer = await ask({ ...streaming, tools: [tool('now')] });
          assert.equal(answer.tool_calls, [{ call_id: 'call_a', name: 'now', arguments: '{}' }]);
          assert.is(answer.text, '');
        });
      });

      test(`reasoning is not text${how}`, async () => {
        if (protocol.name === 'openai, chat') return;
        const answer: WireAnswer = { ...hello, reasoning: ['Who ', 'is it?'] };
        await withService(protocol, answering(protocol, answer), async (ask) => {
          const tokens: string[] = [];
          const { text, reasoning } = await ask(isStream ? { onToken: (token) => void tokens.push(token) } : {});
          assert.equal([text, reasoning], ['Hello you', 'Who is it?']);
          if (isStream) assert.is(tokens.join(''), 'Hello you');
        });
      });

      test(`a service that does not count${how}`, async () => {
        if (protocol.name === 'anthropic') return;
        await withService(protocol, answering(protocol, { ...hello, hasUsage: false }), async (ask) => {
          assert.equal((await ask(streaming)).usage, { input_tokens: 0, output_tokens: 0 });
        });
      });
    }
  });
}

function tool(name: string) {
  return { name, description: `Tells the ${name}.`, input_schema: { type: 'object', properties: {} } };
}

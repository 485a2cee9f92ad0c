// takes: 40
/** Streams and bodies that end too early, at every byte: the whole answer, or an error; never another answer. */
import type { ServerResponse } from 'node:http';
import { isLlmteamError, type ModelRequest, type ModelResponse } from '@llmteam/contracts';
import * as assert from 'uvu/assert';
import { spec } from '../../../support/spec.js';
import { protocols } from './protocols.js';
import { type Protocol, type WireAnswer, withService } from './wire-service.js';

const answer: WireAnswer = {
  reasoning: ['Grü'],
  text: ['Lö', 'we 🦁'],
  calls: [{ id: 'a', name: 'now', pieces: ['{"z":', '"ö"}'] }],
  end: 'tool_calls',
};

type Ending = (response: ServerResponse, bytes: Buffer) => void;
const endings: Readonly<Record<string, Ending>> = {
  ends: (response, bytes) => void response.end(bytes),
  breaks: (response, bytes) =>
    void (bytes.length === 0 ? response.destroy() : response.write(bytes, () => response.destroy())),
};

function bytesOf(protocol: Protocol, isStream: boolean): Buffer {
  return Buffer.from(isStream ? protocol.events(answer).join('') : JSON.stringify(protocol.whole(answer)));
}

/** The usage may come after the end of the answer. */
function content({ usage: _usage, provider_state: _state, ...rest }: ModelResponse) {
  return rest;
}

for (const protocol of protocols) {
  spec(`${protocol.name}: an answer that is cut`, (test) => {
    for (const isStream of [true, false]) {
      for (const [how, end] of Object.entries(endings)) {
        test(
          `the ${isStream ? 'stream' : 'body'} ${how} after every byte`,
          async () => {
            const bytes = bytesOf(protocol, isStream);
            const cut = { at: bytes.length };
            const respond = (response: ServerResponse) => {
              response.setHeader('content-type', isStream ? 'text/event-stream' : 'application/json');
              // A body of a known length that is not sent is noticed by HTTP itself.
              if (cut.at === bytes.length) response.end(bytes);
              else end(response, bytes.subarray(0, cut.at));
            };
            await withService(protocol, respond, async (ask, calls) => {
              const tools = [{ name: 'now', description: 'now', input_schema: { type: 'object' } }];
              const given: Partial<ModelRequest> = { tools, ...(isStream && { onToken: () => undefined }) };
              const whole = await ask(given);
              assert.equal(whole.tool_calls, [{ call_id: 'a', name: 'now', arguments: '{"z":"ö"}' }]);
              const outcomes = { whole: 0, failed: 0 };
              for (cut.at = 0; cut.at < bytes.length; cut.at += 1) {
                const got = await ask(given).catch((thrown: unknown) => thrown);
                if (isLlmteamError(got)) {
                  assert.is(got.code, 'LLM_FAILED', `after ${cut.at} bytes: ${got.message}`);
                  assert.ok(got.recoverable, `after ${cut.at} bytes`);
                  outcomes.failed += 1;
                } else {
                  assert.equal(content(got as ModelResponse), content(whole), `after ${cut.at} bytes`);
                  outcomes.whole += 1;
                }
              }
              assert.ok(outcomes.failed > bytes.length / 2, JSON.stringify(outcomes));
              assert.is(calls.length, bytes.length + 1);
            });
          },
          { timeoutMs: 120_000 },
        );
      }
    }
  });
}

import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Isolation } from '@llmteam/kernel';
import * as assert from 'uvu/assert';
import { spec } from '../support/spec.js';
import { withHostileCopy } from './support/hostile-copy.js';
import { endOf, type Models, withHostile } from './support/hostile-runtime.js';

const patience = { timeoutMs: 60_000 };
const everywhere: readonly Isolation[] = ['inline', 'thread', 'process'];
const isolated: readonly Isolation[] = ['thread', 'process'];

const wrong: Readonly<Record<string, RegExp>> = {
  nothing: /gave no valid answer: it is not an object|failed: the response/,
  list: /'text' must be a text/,
  no_text: /'text' must be a text/,
  number: /'text' must be a text/,
  no_model: /'model' must be a text/,
  reasoning: /'reasoning' must be a text/,
  calls: /'tool_calls' must be a list of calls/,
  call: /'tool_calls' must be a list of calls/,
  no_call: /'tool_calls' must be a list of calls/,
  bigint: /bigint/,
  cycle: /nested deeper|cycl|circular/i,
  large: /string of 20000000 bytes|larger/,
  usage: /usage/,
  proxy: /do not touch|cannot be read/,
  throws_at_once: /an ordinary error/,
  uncreated: /cannot be read|do not touch/,
  unmade: /no 'generate'|is not a function/,
};

const thrown = ['error', 'text', 'nothing', 'null', 'bare', 'symbol', 'function', 'bigint', 'cycle', 'proxy', 'long'];

function modelsOf(answers: readonly string[]): Models {
  const named = answers.map((answer) => [answer, { provider: 'odd', answer }]);
  const throwing = thrown.map((what) => [`throws_${what}`, { provider: 'odd', answer: 'throws', what }]);
  return Object.fromEntries([...named, ...throwing]);
}

spec('a model provider of another plugin', (test) => {
  for (const isolation of everywhere) {
    test(
      `${isolation}: whatever it answers or throws is LLM_FAILED, and tells the provider`,
      () =>
        withHostile(
          isolation,
          async (hostile) => {
            assert.is(endOf(await hostile.ask('right')), '"an answer"');
            for (const [answer, expected] of Object.entries(wrong)) {
              const end = endOf(await hostile.ask(answer));
              assert.match(end, /^LLM_FAILED: the provider 'odd' /, answer);
              assert.match(end, expected, `${answer}: ${end}`);
              assert.ok(end.length < 9_000, `${answer}: ${end.length} characters`);
            }
            for (const what of thrown) {
              const end = endOf(await hostile.ask(`throws_${what}`));
              assert.match(end, /^LLM_FAILED: the provider 'odd' failed: /, what);
              assert.ok(end.length < 9_000, `${what}: ${end.length} characters`);
            }
            assert.is(endOf(await hostile.ask('right')), '"an answer"');
          },
          { llms: modelsOf(['right', ...Object.keys(wrong)]) },
        ),
      patience,
    );

    test(
      `${isolation}: tokens that are no texts are not told, and a call that never ends is a time-out`,
      () =>
        withHostile(
          isolation,
          async (hostile) => {
            assert.is(endOf(await hostile.ask('tokens')), '"told"');
            assert.match(endOf(await hostile.ask('never', { timeout_seconds: 0.5 })), /^STEP_TIMEOUT: /);
          },
          { llms: modelsOf(['tokens', 'never']) },
        ),
      patience,
    );
  }

  for (const isolation of isolated) {
    test(
      `${isolation}: one that ends its process or does not respond is LLM_FAILED`,
      () =>
        withHostile(
          isolation,
          async (hostile) => {
            assert.match(
              endOf(await hostile.ask('exits')),
              /^LLM_FAILED: the provider 'odd' failed: ended with exit code 3/,
            );
            assert.match(
              endOf(await hostile.ask('loops')),
              /^LLM_FAILED: the provider 'odd' failed: did not respond for 1 s/,
            );
            assert.is(endOf(await hostile.ask('right')), '"an answer"');
          },
          { llms: modelsOf(['exits', 'loops', 'right']), unresponsive_seconds: 1 },
        ),
      patience,
    );
  }
});

spec('the requests of a model provider of another plugin', (test) => {
  for (const isolation of everywhere) {
    test(
      `${isolation}: it sends requests to what its plugin declares and is granted, and to nothing else`,
      async () => {
        const server = createServer((request, response) => request.pipe(response)).listen(0, '127.0.0.1');
        await once(server, 'listening');
        const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
        const llms = {
          here: { provider: 'odd', answer: 'fetches', url: `http://${host}/` },
          elsewhere: { provider: 'odd', answer: 'fetches', url: 'http://elsewhere.example.com/' },
        };
        const llmteam = { kind: 'task', name: 'hostile', api: 1, permissions: { network: [host] } };
        try {
          await withHostileCopy({ llmteam }, (folder) =>
            withHostile(
              isolation,
              async (hostile) => {
                assert.is(endOf(await hostile.ask('here')), '"asked"');
                const refused = endOf(await hostile.ask('elsewhere'));
                assert.match(
                  refused,
                  /^PERMISSION_DENIED: plugin 'hostile' may not use network 'elsewhere\.example\.com'/,
                );
              },
              { package: folder, grant: { network: [host] }, llms },
            ),
          );
        } finally {
          server.close();
        }
      },
      patience,
    );
  }
});

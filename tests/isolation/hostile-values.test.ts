// takes: 20
import type { Isolation } from '@llmteam/kernel';
import * as assert from 'uvu/assert';
import { spec } from '../support/spec.js';
import { endOf, withHostile } from './support/hostile-runtime.js';

const patience = { timeoutMs: 60_000 };
const everywhere: readonly Isolation[] = ['inline', 'thread', 'process'];
type Expected = Readonly<Record<string, RegExp>>;

const errors: Expected = {
  error: /^STEP_FAILED: an ordinary error$/,
  text: /^STEP_FAILED: only a text$/,
  nothing: /^STEP_FAILED: undefined$/,
  null: /^STEP_FAILED: null$/,
  bare: /^STEP_FAILED: /,
  symbol: /^STEP_FAILED: Symbol\(odd\)$/,
  function: /^STEP_FAILED: /,
  bigint: /^STEP_FAILED: 10$/,
  cycle: /^STEP_FAILED: /,
  proxy: /^STEP_FAILED: a value was thrown that cannot be read$/,
  long: /^STEP_FAILED: x{8000,8192}$/,
  message: /^STEP_FAILED: /,
  branded: /^STEP_FAILED: /,
  details: /^ODD: large details$/,
};

const refusals: Expected = {
  nothing: /^STEP_RESULT_INVALID: /,
  null: /^STEP_RESULT_INVALID: /,
  number: /^STEP_RESULT_INVALID: /,
  list: /^STEP_RESULT_INVALID: /,
  bigint: /^STEP_RESULT_INVALID: .*\/output is a bigint/,
  cycle: /^STEP_RESULT_INVALID: .*nested deeper than/,
  date: /^STEP_RESULT_INVALID: .*\/output is not a plain object/,
  map: /^STEP_RESULT_INVALID: .*\/output is not a plain object/,
  function: /^STEP_RESULT_INVALID: .*\/output is a function/,
  nan: /^STEP_RESULT_INVALID: .*\/output is NaN/,
  proto: /^STEP_RESULT_INVALID: .*__proto__/,
  port: /^STEP_RESULT_INVALID: .*'elsewhere', which it does not have/,
  missing: /^STEP_RESULT_INVALID: .*did not fire port 'output', which it always must/,
  deep: /^STEP_RESULT_INVALID: .*nested deeper than/,
  large: /^LIMIT_EXCEEDED: /,
  getter: /^STEP_RESULT_INVALID: .*nested deeper than/,
  // A promise asks it for `then`, which throws.
  proxy: /^STEP_FAILED: do not touch$/,
};

const recorded: Expected = {
  type: /^STEP_RESULT_INVALID: /,
  payload: /^STEP_RESULT_INVALID: .*bigint/,
  usage: /^STEP_RESULT_INVALID: /,
  progress: /^STEP_RESULT_INVALID: /,
  memo: /^STEP_RESULT_INVALID: .*bigint/,
  store: /^STEP_RESULT_INVALID: .*bigint/,
};

const contextMembers = [
  ...['tenant_id', 'instance_id', 'run_id', 'segment_id', 'step_id', 'scope', 'attempt', 'idempotency_key'],
  ...['ports', 'signal', 'deadline', 'timeout_seconds', 'log', 'span', 'resources', 'fetch', 'llm', 'client'],
  ...['store', 'secret', 'memo', 'evaluate', 'redact', 'emitToken', 'record', 'addUsage', 'heartbeat'],
];

spec('what a hostile handler says', (test) => {
  for (const isolation of everywhere) {
    test(
      `${isolation}: whatever it throws is one failure of its step, of bounded size`,
      () =>
        withHostile(isolation, async (hostile) => {
          for (const name of ['throws', 'throws_at_once']) {
            for (const [what, expected] of Object.entries(errors)) {
              const result = await hostile.act(name, { config: { what } });
              assert.match(endOf(result), expected, `${name} ${what}`);
              assert.ok(JSON.stringify(result.error).length < 80_000, what);
            }
          }
          assert.is((await hostile.calm(0)).status, 'completed');
        }),
      patience,
    );

    test(
      `${isolation}: whatever it returns is checked; what is not a result fails its step alone`,
      () =>
        withHostile(isolation, async (hostile) => {
          for (const [what, expected] of Object.entries(refusals)) {
            assert.match(endOf(await hostile.act('returns', { config: { what } })), expected, what);
          }
          assert.is(endOf(await hostile.act('returns_at_once', { input: { a: 1 } })), '{"a":1}');
        }),
      patience,
    );

    test(
      `${isolation}: whatever it records is checked`,
      () =>
        withHostile(
          isolation,
          async (hostile) => {
            for (const [what, expected] of Object.entries(recorded)) {
              assert.match(endOf(await hostile.act('records', { config: { what } })), expected, what);
            }
          },
          { grant: { stores: ['*'] } },
        ),
      patience,
    );
  }
});

spec('what a hostile handler reaches', (test) => {
  for (const isolation of everywhere) {
    test(
      `${isolation}: what it does to its config and input reaches nobody else`,
      () =>
        withHostile(isolation, async (hostile) => {
          const input = { list: ['given'] };
          assert.is(endOf(await hostile.act('mutates', { input })), '1');
          assert.equal(input, { list: ['given'] });
        }),
      patience,
    );

    test(
      `${isolation}: nothing of the runtime can be reached through its context`,
      () =>
        withHostile(isolation, async (hostile) => {
          const names = ((await hostile.act('reaches')).output as string[]).filter((name) => name !== 'constructor');
          assert.equal(names, [...contextMembers].sort());
        }),
      patience,
    );

    test(
      `${isolation}: no secret is in what a failing handler leaves behind, and none that is not granted is given`,
      () =>
        withHostile(
          isolation,
          async (hostile) => {
            const failed = await hostile.act('secrets', { config: { what: 'thrown' }, run_id: 'leaky' });
            assert.match(endOf(failed), /^STEP_FAILED: thrown \[redacted\]/);
            const view = await hostile.runtime.runs.show({ tenant_id: 'acme', run_id: 'leaky' });
            assert.not.ok(JSON.stringify([failed, view]).includes('the-secret-value'));
            const refused = endOf(await hostile.act('secrets', { config: { what: 'ungranted' } }));
            assert.match(
              refused,
              /^PERMISSION_DENIED: plugin 'hostile' may not use secret 'other_key': .*grant\.secrets/,
            );
          },
          { grant: { secrets: ['key'] } },
        ),
      patience,
    );
  }
});

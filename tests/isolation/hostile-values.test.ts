// takes: 12
/** What the rows of hostile-table.ts do not tell: sizes, records that are malformed, what a context leads to. */
import type { Isolation } from '@llmteam/kernel';
import * as assert from 'uvu/assert';
import { spec } from '../support/spec.js';
import { endOf, withHostile } from './support/hostile-runtime.js';

const patience = { timeoutMs: 60_000 };
const everywhere: readonly Isolation[] = ['inline', 'thread', 'process'];
type Expected = Readonly<Record<string, RegExp>>;

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
      `${isolation}: what it throws is of bounded size`,
      () =>
        withHostile(isolation, async (hostile) => {
          for (const what of ['long', 'details']) {
            const { error } = await hostile.act('throws', { config: { what } });
            assert.ok(error !== null && JSON.stringify(error).length < 80_000, what);
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

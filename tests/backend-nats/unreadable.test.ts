/** J10 on NATS: whatever somebody publishes on a subject of the journal concerns the run that the subject names alone. */
import { isLlmteamError, type Journal, type RunKey, type UnreadableMessage } from '@llmteam/contracts';
import { CheckedJournal } from '@llmteam/kernel';
import * as assert from 'uvu/assert';
import { listOf } from '../conformance/kit.js';
import { installationsOn, type OpenedNats } from '../conformance/nats-backend.js';
import { SharedServer } from '../support/nats/shared-server.js';
import { spec } from '../support/spec.js';
import { entry, requested } from './open-backend.js';

const open = installationsOn(new SharedServer(), { partitions: 1 });
const victim: RunKey = { tenant_id: 'acme', run_id: 'victim' };
const healthy: RunKey = { tenant_id: 'acme', run_id: 'healthy' };
const subject = 'journal.0.acme.victim.s';

async function withInstallation(use: (opened: OpenedNats, journal: Journal) => Promise<void>): Promise<void> {
  const opened = await open();
  try {
    await use(opened, new CheckedJournal(opened.port.journal));
  } finally {
    await opened.dispose();
  }
}

const one = (fact: unknown): string => JSON.stringify([{ message_id: 'm', fact }]);
const deep = `${'['.repeat(5_000)}${']'.repeat(5_000)}`;
const blob = `sha256:${'0'.repeat(64)}`;

interface Foreign {
  readonly body: string | Uint8Array;
  readonly headers?: Readonly<Record<string, string>>;
}

const foreign: Readonly<Record<string, Foreign>> = {
  'not JSON': { body: 'hello' },
  'a truncated message': { body: '[{"message_id":"m","fact":{"type":"timer.fi' },
  'bytes that are no text': { body: Uint8Array.of(0xff, 0xfe, 0x00) },
  nothing: { body: '' },
  'JSON that is no list': { body: '{"message_id":"m"}' },
  'an entry without a fact': { body: '[{"message_id":"m"}]' },
  'a fact of an unknown type': { body: one({ type: 'run.forgotten', at: 1 }) },
  'a fact of the wrong shape': { body: one({ type: 'timer.fired', at: 'noon' }) },
  'a report with a prototype key': {
    body: '[{"message_id":"m","fact":{"type":"timer.fired","at":1,"timer":"t","__proto__":{"x":1}}}]',
  },
  'a fact that is too deep': {
    body: `[{"message_id":"m","fact":{"type":"signal.received","at":1,"name":"n","payload":${deep}}}]`,
  },
  'a missing large value': { body: '', headers: { 'Llmteam-Blob': blob } },
  'a wrong header': { body: '', headers: { 'Llmteam-Blob': '../../etc/passwd' } },
};

async function follow(journal: Journal, told: UnreadableMessage[]): Promise<string[]> {
  const seen: string[] = [];
  const stop = new AbortController();
  const options = { unreadable: (message: UnreadableMessage) => void told.push(message) };
  for await (const batch of journal.follow(0, 0, stop.signal, options)) {
    if (batch.length === 0) break;
    seen.push(...batch.map(({ run_id, message_id }) => `${run_id} ${message_id}`));
  }
  stop.abort();
  return seen;
}

spec('a foreign message in the journal on NATS', (test) => {
  for (const [name, { body, headers }] of Object.entries(foreign)) {
    test(`${name} concerns the run of its subject alone`, () =>
      withInstallation(async ({ publish }, journal) => {
        await journal.append(victim, [entry('a')]);
        await publish(subject, body, headers);
        await journal.append(healthy, [entry('b')]);
        const told: UnreadableMessage[] = [];
        assert.equal(await follow(journal, told), ['victim a', 'healthy b']);
        assert.equal(
          told.map(({ runs }) => runs),
          [[victim]],
        );
        const error = await listOf(journal.read(victim)).catch((thrown: unknown) => thrown);
        assert.ok(isLlmteamError(error) && error.code === 'STORE_CORRUPT', String(error));
        assert.is((await listOf(journal.read(healthy))).length, 1);
      }));
  }

  const odds = ['victim', 'acme.%ZZ.s', 'acme.victi%6D.s', 'acme.victim.x', 'acme.victim.s.s', 'a.b.c.d.e.f'];
  for (const odd of odds) {
    test(`a message on the subject ${odd} is passed over`, () =>
      withInstallation(async ({ publish }, journal) => {
        await publish(`journal.0.${odd}`, one({ type: 'timer.fired', at: 1, timer: 't' }));
        await journal.append(healthy, [entry('b')]);
        const told: UnreadableMessage[] = [];
        assert.equal(await follow(journal, told), ['healthy b']);
        assert.equal(
          told.map(({ runs }) => runs),
          [[]],
        );
      }));
  }

  test('a run whose subject somebody wrote to first can be requested: the request is stored', () =>
    withInstallation(async ({ publish }, journal) => {
      await publish('journal.0.acme.victim.r', 'hello');
      const [position = 0] = await journal.append(victim, [requested()]);
      assert.equal(await journal.append(victim, [requested()]), [position], 'once');
    }));

  test('retention goes on past runs whose end cannot be read', () =>
    withInstallation(async ({ port, publish }) => {
      const { journal, retention } = port;
      const usage = { input_tokens: 0, output_tokens: 0 };
      const counts = { steps_completed: 1, steps_total: 1, usage, seq: 5 };
      const fact = { type: 'run.ended', at: 1, status: 'completed', output: null, error: null, ...counts } as const;
      for (const run of [victim, healthy]) {
        await journal.append(run, [requested()]);
        await journal.append(run, [{ message_id: 'ended', fact }]);
      }
      await publish('journal.0.acme.victim.r', 'hello');
      await publish('journal.0.acme.%ZZ.r', 'hello');
      const removed: string[] = [];
      const policy = { maxAgeMs: 1, maxRuns: null };
      await retention.sweep(0, policy, new AbortController().signal, async (runs) => {
        removed.push(...runs.map(({ run_id }) => run_id));
      });
      assert.equal(removed, ['healthy']);
    }));
});

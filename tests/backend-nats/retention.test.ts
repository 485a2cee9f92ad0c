import type { NatsBackend, RetentionPolicy } from '@llmteam/backend-nats';
import type { Fact, RunKey } from '@llmteam/contracts';
import * as assert from 'uvu/assert';
import { list_of } from '../conformance/kit.js';
import { installations_on } from '../conformance/nats-backend.js';
import { SharedServer } from '../support/nats/shared-server.js';
import { spec } from '../support/spec.js';

const open = installations_on(new SharedServer(), { partitions: 1 });
const signal = new AbortController().signal;
const an_hour_ms = 3_600_000;
const forever: RetentionPolicy = { max_age_ms: null, max_runs: null };

async function with_backend(use: (backend: NatsBackend) => Promise<void>): Promise<void> {
  const { port, dispose } = await open();
  try {
    await use(port);
  } finally {
    await dispose();
  }
}

function run(name: string): RunKey {
  return { tenant_id: 'acme', run_id: name };
}

function requested(at: number): Fact {
  return {
    type: 'run.requested',
    at,
    segment_id: 'article',
    definition: `sha256:${'0'.repeat(64)}`,
    input: {},
    instance_id: 'default',
    correlation_id: null,
    trace_id: '0'.repeat(32),
    timeout_seconds: null,
    engine: '1.0.0',
  };
}

function ended(at: number, output: string | null = null): Fact {
  const usage = { input_tokens: 0, output_tokens: 0 };
  const counts = { steps_completed: 1, steps_total: 1, usage, seq: 5 };
  return { type: 'run.ended', at, status: 'completed', output, error: null, ...counts };
}

/** A run with a step's fact in between; `ended_ago_ms` null: it goes on. */
async function add_run(backend: NatsBackend, name: string, ended_ago_ms: number | null): Promise<void> {
  const { journal } = backend;
  await journal.append(run(name), [{ message_id: 'requested', fact: requested(0) }]);
  await journal.append(run(name), [{ message_id: 't', fact: { type: 'timer.fired', at: 0, timer: 'step#1:retry' } }]);
  if (ended_ago_ms === null) return;
  await journal.append(run(name), [{ message_id: 'ended', fact: ended(Date.now() - ended_ago_ms) }]);
}

async function kept(backend: NatsBackend, names: readonly string[]): Promise<string[]> {
  const lengths = await Promise.all(names.map(async (name) => (await list_of(backend.journal.read(run(name)))).length));
  return names.filter((_, place) => (lengths[place] ?? 0) > 0);
}

const nobody_asks = async (): Promise<void> => undefined;

spec('retention of finished runs', (test) => {
  const names = ['old', 'goes_on', 'young', 'older'];

  async function add_all(backend: NatsBackend): Promise<void> {
    await add_run(backend, 'old', 2 * an_hour_ms);
    await add_run(backend, 'goes_on', null);
    await add_run(backend, 'young', an_hour_ms / 2);
    await add_run(backend, 'older', 3 * an_hour_ms);
  }

  test('without a policy everything stays', () =>
    with_backend(async (backend) => {
      await add_all(backend);
      assert.is(await backend.retention.sweep(0, forever, signal, nobody_asks), 0);
      assert.equal(await kept(backend, names), names);
    }));

  test('by number: the oldest runs that have ended go until few enough are left, those that go on stay', () =>
    with_backend(async (backend) => {
      await add_all(backend);
      assert.is(await backend.retention.sweep(0, { max_age_ms: null, max_runs: 2 }, signal, nobody_asks), 2);
      assert.equal(await kept(backend, names), ['goes_on', 'older']);
      assert.is(await backend.retention.sweep(0, { max_age_ms: null, max_runs: 2 }, signal, nobody_asks), 0);
    }));

  test('what is left of the journal is followed without a hole in the positions given', () =>
    with_backend(async (backend) => {
      await add_all(backend);
      await backend.retention.sweep(0, { max_age_ms: null, max_runs: 1 }, signal, nobody_asks);
      const left = await list_of(backend.journal.read(run('goes_on')));
      assert.is(left.length, 2);
      const stop = new AbortController();
      const seen: string[] = [];
      for await (const batch of backend.journal.follow(0, 0, stop.signal)) {
        if (batch.length === 0) break;
        seen.push(...batch.map((entry) => entry.run_id));
      }
      stop.abort();
      assert.equal([...new Set(seen)], ['goes_on']);
    }));

  test('a run whose end is larger than a message goes like any other', () =>
    with_backend(async (backend) => {
      const large = ended(Date.now() - 2 * an_hour_ms, 'x'.repeat(1_000_000));
      await add_run(backend, 'large', null);
      await backend.journal.append(run('large'), [{ message_id: 'ended', fact: large }]);
      assert.is(await backend.retention.sweep(0, { max_age_ms: null, max_runs: 0 }, signal, nobody_asks), 1);
      assert.equal(await kept(backend, ['large']), []);
    }));

  test('by age: of what has lain there long enough, the runs that have ended go', () =>
    with_backend(async (backend) => {
      await add_all(backend);
      // Messages are dated by the server, so nothing here is old yet: an age of 0 makes all of them old enough to be looked at.
      const policy = { max_age_ms: 0, max_runs: null };
      await new Promise((resolve) => setTimeout(resolve, 20));
      assert.is(await backend.retention.sweep(0, policy, signal, nobody_asks), 3);
      assert.equal(await kept(backend, names), ['goes_on']);
    }));

  test('what is to go is told while its history is still there, and stays if it cannot be told', () =>
    with_backend(async (backend) => {
      await add_all(backend);
      const policy = { max_age_ms: null, max_runs: 2 };
      const told: string[][] = [];
      const refuse = backend.retention.sweep(0, policy, signal, async (runs) => {
        told.push(runs.map(({ run_id }) => run_id));
        throw new Error('not now');
      });
      await refuse.catch(() => undefined);
      assert.equal(await kept(backend, names), names);
      await backend.retention.sweep(0, policy, signal, async () => assert.equal(await kept(backend, names), names));
      assert.equal(told, [['old', 'young']]);
      assert.equal(await kept(backend, names), ['goes_on', 'older']);
    }));
});

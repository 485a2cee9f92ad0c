import type { NatsBackend } from '@llmteam/backend-nats';
import type { Fact, RetentionPolicy, RunKey } from '@llmteam/contracts';
import * as assert from 'uvu/assert';
import { listOf } from '../conformance/kit.js';
import { installationsOn } from '../conformance/nats-backend.js';
import { SharedServer } from '../support/nats/shared-server.js';
import { spec } from '../support/spec.js';

const open = installationsOn(new SharedServer(), { partitions: 1 });
const signal = new AbortController().signal;
const anHourMs = 3_600_000;
const forever: RetentionPolicy = { maxAgeMs: null, maxRuns: null };

async function withBackend(use: (backend: NatsBackend) => Promise<void>): Promise<void> {
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

/** A run with one step fact; with `endedAgoMs` null it has not ended. */
async function addRun(backend: NatsBackend, name: string, endedAgoMs: number | null): Promise<void> {
  const { journal } = backend;
  await journal.append(run(name), [{ message_id: 'requested', fact: requested(0) }]);
  await journal.append(run(name), [{ message_id: 't', fact: { type: 'timer.fired', at: 0, timer: 'step#1:retry' } }]);
  if (endedAgoMs === null) return;
  await journal.append(run(name), [{ message_id: 'ended', fact: ended(Date.now() - endedAgoMs) }]);
}

async function kept(backend: NatsBackend, names: readonly string[]): Promise<string[]> {
  const lengths = await Promise.all(names.map(async (name) => (await listOf(backend.journal.read(run(name)))).length));
  return names.filter((_, place) => (lengths[place] ?? 0) > 0);
}

const nobodyAsks = async (): Promise<void> => undefined;

spec('retention of finished runs', (test) => {
  const names = ['old', 'goes_on', 'young', 'older'];

  async function addAll(backend: NatsBackend): Promise<void> {
    await addRun(backend, 'old', 2 * anHourMs);
    await addRun(backend, 'goes_on', null);
    await addRun(backend, 'young', anHourMs / 2);
    await addRun(backend, 'older', 3 * anHourMs);
  }

  test('without a policy everything stays', () =>
    withBackend(async (backend) => {
      await addAll(backend);
      assert.is(await backend.retention.sweep(0, forever, signal, nobodyAsks), 0);
      assert.equal(await kept(backend, names), names);
    }));

  test('by count: the oldest ended runs are removed until few enough are left, running ones stay', () =>
    withBackend(async (backend) => {
      await addAll(backend);
      assert.is(await backend.retention.sweep(0, { maxAgeMs: null, maxRuns: 2 }, signal, nobodyAsks), 2);
      assert.equal(await kept(backend, names), ['goes_on', 'older']);
      assert.is(await backend.retention.sweep(0, { maxAgeMs: null, maxRuns: 2 }, signal, nobodyAsks), 0);
    }));

  test('followers of the remaining journal see no gap', () =>
    withBackend(async (backend) => {
      await addAll(backend);
      await backend.retention.sweep(0, { maxAgeMs: null, maxRuns: 1 }, signal, nobodyAsks);
      const left = await listOf(backend.journal.read(run('goes_on')));
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

  test('a run whose end is larger than a message is removed like any other', () =>
    withBackend(async (backend) => {
      const large = ended(Date.now() - 2 * anHourMs, 'x'.repeat(1_000_000));
      await addRun(backend, 'large', null);
      await backend.journal.append(run('large'), [{ message_id: 'ended', fact: large }]);
      assert.is(await backend.retention.sweep(0, { maxAgeMs: null, maxRuns: 0 }, signal, nobodyAsks), 1);
      assert.equal(await kept(backend, ['large']), []);
    }));

  test('by age: ended runs that are old enough are removed', () =>
    withBackend(async (backend) => {
      await addAll(backend);
      // The server timestamps messages, so none is old yet; an age of 0 makes all of them candidates.
      const policy = { maxAgeMs: 0, maxRuns: null };
      await new Promise((resolve) => setTimeout(resolve, 20));
      assert.is(await backend.retention.sweep(0, policy, signal, nobodyAsks), 3);
      assert.equal(await kept(backend, names), ['goes_on']);
    }));

  test('a removal is announced while the history still exists, and does not happen if that fails', () =>
    withBackend(async (backend) => {
      await addAll(backend);
      const policy = { maxAgeMs: null, maxRuns: 2 };
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

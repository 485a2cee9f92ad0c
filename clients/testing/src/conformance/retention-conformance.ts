/** Conformance suite of `Retention`; numbers as in contracts/src/ports/retention.ts. For backends that have it. */
import * as assert from 'node:assert/strict';
import type { Backend, Fact, Retention, RetentionPolicy, RunKey } from '@llmteam/contracts';
import { type Kit, listOf, withPort } from './kit.js';

/** A backend with one partition, whose clock is the real one. */
export type RetentionKit = Kit<Sweeping>;

type Sweeping = Backend & { readonly retention: Retention };

const signal = new AbortController().signal;
const anHourMs = 3_600_000;
const forever: RetentionPolicy = { maxAgeMs: null, maxRuns: null };

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
async function addRun(backend: Sweeping, name: string, endedAgoMs: number | null): Promise<void> {
  const { journal } = backend;
  await journal.append(run(name), [{ message_id: 'requested', fact: requested(0) }]);
  await journal.append(run(name), [{ message_id: 't', fact: { type: 'timer.fired', at: 0, timer: 'step#1:retry' } }]);
  if (endedAgoMs === null) return;
  await journal.append(run(name), [{ message_id: 'ended', fact: ended(Date.now() - endedAgoMs) }]);
}

async function kept(backend: Sweeping, names: readonly string[]): Promise<string[]> {
  const lengths = await Promise.all(names.map(async (name) => (await listOf(backend.journal.read(run(name)))).length));
  return names.filter((_, place) => (lengths[place] ?? 0) > 0);
}

const nobodyAsks = async (): Promise<void> => undefined;

export function retentionConformance(kit: RetentionKit): void {
  const { test } = kit;
  const names = ['old', 'goes_on', 'young', 'older'];

  async function addAll(backend: Sweeping): Promise<void> {
    await addRun(backend, 'old', 2 * anHourMs);
    await addRun(backend, 'goes_on', null);
    await addRun(backend, 'young', anHourMs / 2);
    await addRun(backend, 'older', 3 * anHourMs);
  }

  test('T1 without a limit everything stays', () =>
    withPort(kit, async (backend) => {
      await addAll(backend);
      assert.equal(await backend.retention.sweep(0, forever, signal, nobodyAsks), 0);
      assert.deepEqual(await kept(backend, names), names);
    }));

  test('T1 T3 by count: the oldest ended runs are removed until few enough are left, running ones stay', () =>
    withPort(kit, async (backend) => {
      await addAll(backend);
      assert.equal(await backend.retention.sweep(0, { maxAgeMs: null, maxRuns: 2 }, signal, nobodyAsks), 2);
      assert.deepEqual(await kept(backend, names), ['goes_on', 'older']);
      assert.equal(await backend.retention.sweep(0, { maxAgeMs: null, maxRuns: 2 }, signal, nobodyAsks), 0);
    }));

  test('T4 followers of the remaining journal see no gap', () =>
    withPort(kit, async (backend) => {
      await addAll(backend);
      await backend.retention.sweep(0, { maxAgeMs: null, maxRuns: 1 }, signal, nobodyAsks);
      const left = await listOf(backend.journal.read(run('goes_on')));
      assert.equal(left.length, 2);
      const stop = new AbortController();
      const seen: string[] = [];
      for await (const batch of backend.journal.follow(0, 0, stop.signal)) {
        if (batch.length === 0) break;
        seen.push(...batch.map((entry) => entry.run_id));
      }
      stop.abort();
      assert.deepEqual([...new Set(seen)], ['goes_on']);
    }));

  test('T1 a run whose end is larger than a message is removed like any other', () =>
    withPort(kit, async (backend) => {
      const large = ended(Date.now() - 2 * anHourMs, 'x'.repeat(1_000_000));
      await addRun(backend, 'large', null);
      await backend.journal.append(run('large'), [{ message_id: 'ended', fact: large }]);
      assert.equal(await backend.retention.sweep(0, { maxAgeMs: null, maxRuns: 0 }, signal, nobodyAsks), 1);
      assert.deepEqual(await kept(backend, ['large']), []);
    }));

  test('T1 by age: ended runs that are old enough are removed', () =>
    withPort(kit, async (backend, { advance }) => {
      await addAll(backend);
      // A store may timestamp entries itself, so none is old yet; an age of 0 makes all of them candidates.
      const policy = { maxAgeMs: 0, maxRuns: null };
      await advance(20);
      assert.equal(await backend.retention.sweep(0, policy, signal, nobodyAsks), 3);
      assert.deepEqual(await kept(backend, names), ['goes_on']);
    }));

  test('T2 a removal is announced while the history still exists, and does not happen if that fails', () =>
    withPort(kit, async (backend) => {
      await addAll(backend);
      const policy = { maxAgeMs: null, maxRuns: 2 };
      const told: string[][] = [];
      const refuse = backend.retention.sweep(0, policy, signal, async (runs) => {
        told.push(runs.map(({ run_id }) => run_id));
        throw new Error('not now');
      });
      await refuse.catch(() => undefined);
      assert.deepEqual(await kept(backend, names), names);
      await backend.retention.sweep(0, policy, signal, async () => assert.deepEqual(await kept(backend, names), names));
      assert.deepEqual(told, [['old', 'young']]);
      assert.deepEqual(await kept(backend, names), ['goes_on', 'older']);
    }));

  test('T2 a sweep whose announcement fails rejects', () =>
    withPort(kit, async (backend) => {
      await addAll(backend);
      const refused = new Error('not now');
      const sweep = backend.retention.sweep(0, { maxAgeMs: null, maxRuns: 0 }, signal, () => Promise.reject(refused));
      await assert.rejects(sweep);
    }));

  test('T5 a sweep that was aborted before it began ends', () =>
    withPort(kit, async (backend) => {
      await addAll(backend);
      const policy = { maxAgeMs: null, maxRuns: 0 };
      await backend.retention.sweep(0, policy, AbortSignal.abort(), nobodyAsks).catch(() => undefined);
    }));
}

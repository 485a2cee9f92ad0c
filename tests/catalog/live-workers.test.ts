import { openMemoryBackend } from '@llmteam/backend-embedded';
import type { KvStore } from '@llmteam/contracts';
import { type LiveWorker, liveWorkers, WorkerPresence } from '@llmteam/kernel';
import { type ManualClock, manualClock } from '@llmteam/testing';
import * as assert from 'uvu/assert';
import { quietLogger } from '../support/quiet-logger.js';
import { spec } from '../support/spec.js';

interface Scene {
  readonly kv: KvStore;
  readonly clock: ManualClock;
  join(workerId: string, ...types: string[]): Promise<WorkerPresence>;
  /** Worker ids by queue. */
  seen(): Promise<Record<string, string[]>>;
}

async function withWorkers(use: (scene: Scene) => Promise<void>): Promise<void> {
  const clock = manualClock(0);
  const backend = await openMemoryBackend({ clock });
  const { kv } = backend;
  const join = async (workerId: string, ...types: string[]): Promise<WorkerPresence> => {
    const served = types.map((type) => ({ type_id: type.split('@')[0] ?? '', version: type.split('@')[1] ?? '' }));
    const worker: LiveWorker = { worker_id: workerId, types: served, started_at: clock.now(), concurrency: {} };
    const presence = new WorkerPresence({ kv, clock, log: quietLogger, worker, ttlMs: 9_000 });
    await presence.start();
    return presence;
  };
  const seen = async (): Promise<Record<string, string[]>> => {
    const found = await liveWorkers(kv);
    return Object.fromEntries([...found].map(([queue, workers]) => [queue, workers.map(({ worker_id }) => worker_id)]));
  };
  try {
    await use({ kv, clock, join, seen });
  } finally {
    await backend.close();
  }
}

spec('live workers', (test) => {
  test('are listed by the queues they take from: one per major version', () =>
    withWorkers(async ({ join, seen }) => {
      const a = await join('a', 'ocr@1.0.0', 'ocr@1.2.0', 'ocr@2.0.0');
      const b = await join('b', 'ocr@2.1.0', 'mail@1.0.0');
      assert.equal(await seen(), { 'ocr@1': ['a'], 'ocr@2': ['a', 'b'], 'mail@1': ['b'] });
      await a.stop();
      assert.equal(await seen(), { 'ocr@2': ['b'], 'mail@1': ['b'] });
      await b.stop();
      assert.equal(await seen(), {});
    }));

  test('stay as long as they live, and are gone some time after they fell silent', () =>
    withWorkers(async ({ kv, clock, join, seen }) => {
      const worker = await join('a', 'ocr@1.0.0');
      await clock.advance(3_600_000);
      assert.equal(await seen(), { 'ocr@1': ['a'] });
      assert.ok(worker.isKnown);
      Object.assign(kv, { put: () => Promise.reject(new Error('cut off')) });
      await clock.advance(9_000);
      assert.equal(await seen(), {});
      assert.not.ok(worker.isKnown);
      await worker.stop();
    }));

  test('that stopped say nothing more', () =>
    withWorkers(async ({ clock, join, seen }) => {
      const worker = await join('a', 'ocr@1.0.0');
      await worker.stop();
      await clock.advance(60_000);
      assert.equal(await seen(), {});
      assert.is(clock.pending, 0);
    }));

  test('that stop while they say that they live are gone all the same', () =>
    withWorkers(async ({ kv, clock, join, seen }) => {
      const worker = await join('a', 'ocr@1.0.0');
      const put = kv.put.bind(kv);
      const late = { put: (): void => undefined };
      Object.assign(kv, {
        put: async (...given: Parameters<KvStore['put']>) => {
          await new Promise<void>((resolve) => {
            late.put = resolve;
          });
          return put(...given);
        },
      });
      await clock.advance(3_000);
      const stopped = worker.stop();
      await clock.advance(0);
      late.put();
      await stopped;
      assert.equal(await seen(), {});
    }));
});

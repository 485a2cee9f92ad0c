import { openMemoryBackend } from '@llmteam/backend-embedded';
import type { JobQueue, Json, QueueDepth } from '@llmteam/contracts';
import { QueueWatch, scalingPage } from '@llmteam/coordinator';
import { type LiveWorker, StepCatalog } from '@llmteam/kernel';
import { manualClock } from '@llmteam/testing';
import * as assert from 'uvu/assert';
import { spec } from '../support/spec.js';

interface Scene {
  readonly watch: QueueWatch;
  readonly clock: ReturnType<typeof manualClock>;
  /** What queues hold. */
  readonly depths: Map<string, QueueDepth>;
  /** How often the queue was asked. */
  readonly asked: { times: number; isAway: boolean };
  join(workerId: string, worker: Partial<LiveWorker>): Promise<void>;
  /** What a gateway reports. */
  report(...versions: Json[]): Promise<void>;
}

const work = { type_id: 'work', version: '1.2.0' };

async function withWatch(use: (scene: Scene) => Promise<void>): Promise<void> {
  const clock = manualClock(1_000_000);
  const backend = await openMemoryBackend({ clock });
  const { kv } = backend;
  const depths = new Map<string, QueueDepth>();
  const asked = { times: 0, isAway: false };
  const queue: Pick<JobQueue, 'depth'> = {
    depth: async () => {
      asked.times++;
      if (asked.isAway) throw new Error('away');
      return depths;
    },
  };
  const watch = new QueueWatch({ queue, kv, catalog: new StepCatalog(), clock });
  const join: Scene['join'] = async (workerId, worker) => {
    const listed = { worker_id: workerId, types: [work], started_at: 0, concurrency: { 'work@1': 4 }, ...worker };
    await kv.put(`workers/${workerId}`, listed as unknown as Json);
  };
  const report: Scene['report'] = async (...versions) =>
    void (await kv.put('version_uses', { versions, is_complete: true }));
  try {
    await use({ watch, clock, depths, asked, join, report });
  } finally {
    await backend.close();
  }
}

const depth = (queued: number, inFlight = 0, oldest: number | null = null): QueueDepth => ({
  queued,
  in_flight: inFlight,
  oldest_queued_at: oldest,
});
const idle = { backlog: 0, in_flight: 0, oldest_seconds: 0, seconds_to_drain: 0, busy_slots: 0, workers: 0, slots: 0 };
const use = (runCount: number): Json => ({ ...work, run_count: runCount, is_used_elsewhere: false });

spec('how the queues stand', (test) => {
  test('tells what waits, who works and how long that takes', () =>
    withWatch(async ({ watch, depths, join }) => {
      depths.set('work@1', depth(12, 8, 996_800));
      await join('a', { running: { 'work@1': 4 }, mean_seconds: { 'work@1': 2 } });
      await join('b', { running: { 'work@1': 3 }, mean_seconds: { 'work@1': 4 } });
      assert.equal(await watch.all(), [
        {
          queue: 'work@1',
          backlog: 12,
          in_flight: 8,
          oldest_seconds: 3.2,
          workers: 2,
          slots: 8,
          busy_slots: 7,
          seconds_to_drain: 4.5,
          is_needed: false,
          wanted_slots: 20,
        },
      ]);
    }));

  test('tells of a queue that nobody knows that nothing waits', () =>
    withWatch(async ({ watch }) => {
      assert.equal(await watch.one('other@3'), { queue: 'other@3', ...idle, is_needed: false, wanted_slots: 0 });
    }));

  test('says that a worker is needed while a live run is pinned to the version, though nothing waits', () =>
    withWatch(async ({ watch, clock, report }) => {
      await report(use(1));
      assert.equal(await watch.one('work@1'), { queue: 'work@1', ...idle, is_needed: true, wanted_slots: 1 });
      await report(use(0));
      await clock.advance(10_000);
      assert.is((await watch.one('work@1')).is_needed, false);
    }));

  test('does not know how long work takes that nobody does, or has done; workers of older releases count as idle', () =>
    withWatch(async ({ watch, clock, depths, join }) => {
      depths.set('work@1', depth(3));
      await join('a', { concurrency: {} });
      assert.equal((await watch.one('work@1')).seconds_to_drain, null);
      await join('a', {});
      await clock.advance(2_000);
      const { seconds_to_drain, busy_slots, slots, oldest_seconds } = await watch.one('work@1');
      assert.equal([seconds_to_drain, busy_slots, slots, oldest_seconds], [null, 0, 4, null]);
    }));

  test('is read once every two seconds, however often it is asked for, and again at once if that failed', () =>
    withWatch(async ({ watch, clock, asked }) => {
      await Promise.all([watch.all(), watch.one('work@1'), watch.all()]);
      assert.is(asked.times, 1);
      await clock.advance(2_000);
      asked.isAway = true;
      await watch.all().then(
        () => assert.unreachable(),
        () => undefined,
      );
      asked.isAway = false;
      await watch.all();
      assert.is(asked.times, 3);
    }));
});

spec('the scaling page', (test) => {
  test('has all queues and each of them', () =>
    withWatch(async ({ watch, depths, join }) => {
      depths.set('work@1', depth(2, 1));
      await join('a', {});
      const all = await scalingPage('/scaling', watch);
      const one = await scalingPage('/scaling/work%401', watch);
      assert.equal([all?.status, one?.status], [200, 200]);
      assert.equal(all?.body, { queues: [one?.body] });
      assert.match(JSON.stringify(one?.body), '"wanted_slots":3');
    }));

  test('says why it has none: while the coordinator starts, and while the queue does not answer', () =>
    withWatch(async ({ watch, asked }) => {
      const starting = await scalingPage('/scaling', null);
      assert.equal(starting, { status: 503, body: { status: 'unavailable', reasons: ['it is starting'] } });
      asked.isAway = true;
      assert.is((await scalingPage('/scaling/work@1', watch))?.status, 503);
    }));

  test('is no other page', () =>
    withWatch(async ({ watch }) => {
      assert.is(scalingPage('/scalings', watch), null);
      for (const path of ['/scaling/', '/scaling/work', '/scaling/a/b', '/scaling/%ff', '/scaling/work@1/']) {
        assert.is((await scalingPage(path, watch))?.status, 404, path);
      }
    }));
});

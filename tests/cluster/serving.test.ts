// timeout: 240
/** Who serves what: types of one worker alone, types of nobody, two majors side by side, jobs that kill whoever takes them. */

import type { Fact, RunEnded, Segment } from '@llmteam/contracts';
import * as assert from 'uvu/assert';
import { spec } from '../support/spec.js';
import { check_cluster } from './support/checker.js';
import { type Cluster, with_cluster } from './support/cluster.js';
import { tenant_id } from './support/cluster-client.js';
import { type Execution, read_ledger } from './support/ledger.js';
import { completed, type Expected } from './support/mixed-load.js';
import { unless_stuck } from './support/stuck.js';

const one_step = (segment_id: string, step: Segment['steps'][number]): Segment => ({
  segment_id,
  name: segment_id,
  entrypoint: step.step_id,
  params: { timeout_seconds: null },
  steps: [step],
  edges: [],
});

const is_end = (fact: Fact): fact is RunEnded => fact.type === 'run.ended';

async function end_of(cluster: Cluster, run_id: string): Promise<RunEnded> {
  return await unless_stuck(cluster, 30_000, cluster.client.until_fact(run_id, is_end));
}

/** Starts so many runs with their own numbers as input; settles with what was written down once all have ended. */
async function play(cluster: Cluster, segment_id: string, count: number): Promise<Execution[]> {
  const run_ids = Array.from({ length: count }, (_, place) => `${segment_id}-${place}`);
  await Promise.all(run_ids.map((run_id, place) => cluster.client.start(segment_id, place, run_id)));
  const ends = await Promise.all(run_ids.map((run_id) => end_of(cluster, run_id)));
  for (const { status } of ends) assert.is(status, 'completed');
  return read_ledger(cluster.ledger).filter((one) => one.what === 'began' && run_ids.includes(one.run_id));
}

const check = (cluster: Cluster, expected: ReadonlyMap<string, Expected> = new Map()): Promise<unknown> =>
  check_cluster(cluster, expected, { grace_ms: 2_000, repeats_are_kept: false });

spec('serving', (test) => {
  test(
    'a worker of one type takes its jobs and no others',
    async () => {
      await with_cluster({ coordinators: 1, workers: 1, worker: { types: ['effect'] } }, async (cluster) => {
        const burner = await cluster.add('worker', 'burner', { worker: { types: ['burn'] } });
        await burner.ready();
        const [general] = cluster.workers;
        await cluster.client.publish([
          one_step('effects', { step_id: 'work', type: 'effect' }),
          one_step('burns', { step_id: 'work', type: 'burn', config: { busy_ms: 1 } }),
        ]);
        const effects = await play(cluster, 'effects', 20);
        const burns = await play(cluster, 'burns', 20);
        assert.equal([effects.length, burns.length], [20, 20]);
        assert.ok(
          effects.every(({ pid }) => pid === general?.pid),
          'effects ran where they are served',
        );
        assert.ok(
          burns.every(({ pid }) => pid === burner.pid),
          'burns ran where they are served',
        );
        await check(cluster);
      });
    },
    { timeout_ms: 60_000 },
  );

  test(
    'a step whose type nobody serves any more says what it waits for, and ends with NO_WORKER when its time in the queue is up',
    async () => {
      await with_cluster({ coordinators: 1, workers: 1, worker: { types: ['effect'] } }, async (cluster) => {
        const burner = await cluster.add('worker', 'burner', { worker: { types: ['burn'] } });
        await burner.ready();
        const step = { step_id: 'work', type: 'burn', config: { busy_ms: 1 }, queue_timeout_seconds: 3 };
        await cluster.client.publish([one_step('burns', step)]);
        await burner.stop();
        const began_at = performance.now();
        await cluster.client.start('burns', 1, 'waiting');
        const { steps } = await cluster.client.runs.show({ tenant_id, run_id: 'waiting' });
        assert.equal(
          steps.map(({ status, waiting_for }) => ({ status, waiting_for })),
          [{ status: 'queued', waiting_for: 'a worker of burn@1' }],
        );
        const { status, error } = await end_of(cluster, 'waiting');
        const took_ms = performance.now() - began_at;
        assert.equal([status, error?.error_code], ['failed', 'NO_WORKER']);
        assert.ok(took_ms >= 2_900 && took_ms < 8_000, `it took ${took_ms} ms`);
        await check(cluster);
      });
    },
    { timeout_ms: 60_000 },
  );

  test(
    'runs in flight stay on the major they began with while another is rolled out beside it',
    async () => {
      await with_cluster({ coordinators: 1, workers: 1 }, async (cluster) => {
        const { client } = cluster;
        const asks: Segment = {
          ...one_step('asks', { step_id: 'before', type: 'effect' }),
          steps: [
            { step_id: 'before', type: 'effect' },
            { step_id: 'wait', type: 'wait_for_signal', config: { signal: 'go' } },
            { step_id: 'after', type: 'effect' },
          ],
          edges: [
            { from: 'before', to: 'wait' },
            { from: 'wait', to: 'after' },
          ],
        };
        await client.publish([asks]);
        const old = ['old-1', 'old-2', 'old-3'];
        for (const run_id of old) await client.start('asks', 1, run_id);
        const upgraded = await cluster.add('worker', 'upgraded', { major: 2 });
        await upgraded.ready();
        await client.until_type('effect', '2.0.0');
        await client.publish([asks]);
        const fresh = ['new-1', 'new-2', 'new-3'];
        for (const run_id of fresh) await client.start('asks', 1, run_id);
        for (const run_id of [...old, ...fresh]) {
          await client.runs.signal({ tenant_id, run_id }, 'go', run_id);
          assert.is((await end_of(cluster, run_id)).output, run_id);
        }
        const majors = (runs: readonly string[]): number[] =>
          read_ledger(cluster.ledger).flatMap((one) =>
            one.what === 'began' && runs.includes(one.run_id) ? [one.major] : [],
          );
        assert.equal(majors(old), new Array(6).fill(1));
        assert.equal(majors(fresh), new Array(6).fill(2));
        await check(cluster);
      });
    },
    { timeout_ms: 60_000 },
  );

  test(
    'a job that kills every worker that takes it ends as the failure of its step',
    async () => {
      const limits = { max_deliveries: 2 };
      await with_cluster({ coordinators: 1, workers: 2, job_lease_seconds: 1, worker: limits }, async (cluster) => {
        await cluster.client.publish([
          one_step('poisoned', { step_id: 'work', type: 'poison' }),
          one_step('harmless', { step_id: 'work', type: 'effect' }),
        ]);
        await cluster.client.start('poisoned', 1, 'poisoned');
        const keep_alive = setInterval(() => {
          for (const worker of cluster.workers) if (!worker.runs) void worker.start();
        }, 100);
        try {
          const { status, error } = await end_of(cluster, 'poisoned');
          assert.equal([status, error?.error_code], ['failed', 'WORKER_LOST']);
        } finally {
          clearInterval(keep_alive);
        }
        const deaths = read_ledger(cluster.ledger).filter(
          ({ run_id, what }) => run_id === 'poisoned' && what === 'began',
        ).length;
        console.log(`${deaths} workers died of the job`);
        assert.is(deaths, 2);
        await Promise.all(cluster.workers.map(async (worker) => worker.runs || (await worker.start())));
        await play(cluster, 'harmless', 10);
        await check(cluster);
      });
    },
    { timeout_ms: 90_000 },
  );

  test(
    'a second worker takes its share of the steps that compute',
    async () => {
      await with_cluster({ coordinators: 1, workers: 2, worker: { concurrency: 1 } }, async (cluster) => {
        await cluster.client.publish([one_step('burns', { step_id: 'work', type: 'burn', config: { busy_ms: 30 } })]);
        const executions = await play(cluster, 'burns', 40);
        const shares = cluster.workers.map(({ pid }) => executions.filter((one) => one.pid === pid).length);
        console.log(`of 40 steps the workers took ${shares.join(' and ')}`);
        assert.ok(
          shares.every((share) => share >= 10),
          `shares of ${shares.join(' and ')}`,
        );
        await check(cluster);
      });
    },
    { timeout_ms: 60_000 },
  );

  test(
    'a worker that is told to stop finishes what it can within its time and hands back the rest, and nothing that finished runs twice',
    async () => {
      await with_cluster({ coordinators: 1, workers: 1, worker: { drain_seconds: 2 } }, async (cluster) => {
        const [first] = cluster.workers;
        if (first === undefined) throw new Error('there is no worker');
        await cluster.client.publish([
          one_step('short', { step_id: 'work', type: 'effect', config: { sleep_ms: 1_000 } }),
          one_step('long', { step_id: 'work', type: 'effect', config: { sleep_ms: 8_000 } }),
        ]);
        const ids = (kind: string): string[] => Array.from({ length: 5 }, (_, place) => `${kind}-${place}`);
        const all = [...ids('short'), ...ids('long')];
        for (const run_id of all) await cluster.client.start(run_id.slice(0, -2), 1, run_id);
        await cluster.until_ledger((lines) => lines.length >= all.length);
        const second = await cluster.add('worker', 'second');
        await second.ready();
        const { pid } = first;
        const told_at = performance.now();
        await first.stop();
        const took_ms = performance.now() - told_at;
        assert.ok(took_ms < 6_000, `it took ${took_ms} ms to stop`);
        assert.is(first.ending, 'exit code 0');
        for (const run_id of all) assert.is((await end_of(cluster, run_id)).status, 'completed');
        const lines = read_ledger(cluster.ledger);
        const of = (kind: string, what: string, by: number): number =>
          lines.filter((one) => one.run_id.startsWith(kind) && one.what === what && one.pid === by).length;
        console.log(`told to stop: ended after ${Math.round(took_ms)} ms, 5 handlers finished, 5 were handed back`);
        assert.equal([of('short', 'done', pid), of('short', 'began', second.pid)], [5, 0]);
        assert.equal([of('long', 'done', pid), of('long', 'done', second.pid)], [0, 5]);
        await check(cluster, new Map(all.map((run_id) => [run_id, completed(1)])));
      });
    },
    { timeout_ms: 60_000 },
  );

  test(
    'a step that is longer than its workers live between restarts ends well, however often they are restarted',
    async () => {
      const worker = { drain_seconds: 0, max_deliveries: 2 };
      await with_cluster({ coordinators: 1, workers: 1, worker }, async (cluster) => {
        const [only] = cluster.workers;
        if (only === undefined) throw new Error('there is no worker');
        const step = { step_id: 'work', type: 'effect', config: { sleep_ms: 3_000 } };
        await cluster.client.publish([one_step('long', step)]);
        await cluster.client.start('long', 7, 'long-1');
        for (let restart = 1; restart <= 5; restart++) {
          await cluster.until_ledger((lines) => lines.length >= restart);
          await only.stop();
          assert.is(only.ending, 'exit code 0');
          await only.start();
          await only.ready();
        }
        const { status, output, error } = await end_of(cluster, 'long-1');
        assert.equal([status, output, error], ['completed', 7, null]);
        const begun = read_ledger(cluster.ledger).filter(({ what }) => what === 'began');
        assert.is(new Set(begun.map(({ pid }) => pid)).size, 6);
        await check(cluster, new Map([['long-1', completed(7)]]));
      });
    },
    { timeout_ms: 60_000 },
  );
});

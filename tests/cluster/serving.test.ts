// timeout: 240
// takes: 45
/** Which workers serve what: types of a single worker, types without a worker, two majors side by side, poison jobs, draining. */

import type { Fact, RunEnded, Segment } from '@llmteam/contracts';
import * as assert from 'uvu/assert';
import { spec } from '../support/spec.js';
import { checkCluster } from './support/checker.js';
import { type Cluster, withCluster } from './support/cluster.js';
import { tenantId } from './support/cluster-client.js';
import { type Execution, readLedger } from './support/ledger.js';
import { completed, type Expected } from './support/mixed-load.js';
import { unlessStuck } from './support/stuck.js';

const oneStep = (segmentId: string, step: Segment['steps'][number]): Segment => ({
  segment_id: segmentId,
  name: segmentId,
  entrypoint: step.step_id,
  params: { timeout_seconds: null },
  steps: [step],
  edges: [],
});

const isEnd = (fact: Fact): fact is RunEnded => fact.type === 'run.ended';

async function endOf(cluster: Cluster, runId: string): Promise<RunEnded> {
  return await unlessStuck(cluster, 30_000, cluster.client.untilFact(runId, isEnd));
}

/** Starts this many runs with their numbers as input; resolves with the handler records once all have ended. */
async function play(cluster: Cluster, segmentId: string, count: number): Promise<Execution[]> {
  const runIds = Array.from({ length: count }, (_, place) => `${segmentId}-${place}`);
  await Promise.all(runIds.map((runId, place) => cluster.client.start(segmentId, place, runId)));
  const ends = await Promise.all(runIds.map((runId) => endOf(cluster, runId)));
  for (const { status } of ends) assert.is(status, 'completed');
  return readLedger(cluster.ledger).filter((one) => one.what === 'began' && runIds.includes(one.run_id));
}

const check = (cluster: Cluster, expected: ReadonlyMap<string, Expected> = new Map()): Promise<unknown> =>
  checkCluster(cluster, expected, { graceMs: 2_000, repeatsAreKept: false });

spec('serving', (test) => {
  test(
    'a worker of one type takes its jobs and no others',
    async () => {
      await withCluster({ coordinators: 1, workers: 1, worker: { types: ['effect'] } }, async (cluster) => {
        const burner = await cluster.add('worker', 'burner', { worker: { types: ['burn'] } });
        await burner.ready();
        const [general] = cluster.workers;
        await cluster.client.publish([
          oneStep('effects', { step_id: 'work', type: 'effect' }),
          oneStep('burns', { step_id: 'work', type: 'burn', config: { busy_ms: 1 } }),
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
    { timeoutMs: 60_000 },
  );

  test(
    'a step whose type is no longer served shows what it waits for, and fails with NO_WORKER after its queue timeout',
    async () => {
      await withCluster({ coordinators: 1, workers: 1, worker: { types: ['effect'] } }, async (cluster) => {
        const burner = await cluster.add('worker', 'burner', { worker: { types: ['burn'] } });
        await burner.ready();
        const step = { step_id: 'work', type: 'burn', config: { busy_ms: 1 }, queue_timeout_seconds: 3 };
        await cluster.client.publish([oneStep('burns', step)]);
        await burner.stop();
        const beganAt = performance.now();
        await cluster.client.start('burns', 1, 'waiting');
        const { steps } = await cluster.client.runs.show({ tenant_id: tenantId, run_id: 'waiting' });
        assert.equal(
          steps.map(({ status, waiting_for }) => ({ status, waiting_for })),
          [{ status: 'queued', waiting_for: { kind: 'worker', queue: 'burn@1' } }],
        );
        const { status, error } = await endOf(cluster, 'waiting');
        const tookMs = performance.now() - beganAt;
        assert.equal([status, error?.error_code], ['failed', 'NO_WORKER']);
        // The upper bound is ten times the timeout, so only a hang exceeds it.
        assert.ok(tookMs >= 2_900 && tookMs < 30_000, `it took ${tookMs} ms`);
        await check(cluster);
      });
    },
    { timeoutMs: 60_000 },
  );

  test(
    'runs in flight stay on the major version they began with while another is rolled out',
    async () => {
      await withCluster({ coordinators: 1, workers: 1 }, async (cluster) => {
        const { client } = cluster;
        const asks: Segment = {
          ...oneStep('asks', { step_id: 'before', type: 'effect' }),
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
        for (const runId of old) await client.start('asks', 1, runId);
        const upgraded = await cluster.add('worker', 'upgraded', { major: 2 });
        await upgraded.ready();
        await client.untilType('effect', '2.0.0');
        await client.publish([asks]);
        const fresh = ['new-1', 'new-2', 'new-3'];
        for (const runId of fresh) await client.start('asks', 1, runId);
        for (const runId of [...old, ...fresh]) {
          await client.runs.signal({ tenant_id: tenantId, run_id: runId }, 'go', runId);
          assert.is((await endOf(cluster, runId)).output, runId);
        }
        const majors = (runs: readonly string[]): number[] =>
          readLedger(cluster.ledger).flatMap((one) =>
            one.what === 'began' && runs.includes(one.run_id) ? [one.major] : [],
          );
        assert.equal(majors(old), new Array(6).fill(1));
        assert.equal(majors(fresh), new Array(6).fill(2));
        await check(cluster);
      });
    },
    { timeoutMs: 60_000 },
  );

  test(
    'a poison job fails its step',
    async () => {
      const limits = { max_deliveries: 2 };
      await withCluster({ coordinators: 1, workers: 2, jobLeaseSeconds: 1, worker: limits }, async (cluster) => {
        await cluster.client.publish([
          oneStep('poisoned', { step_id: 'work', type: 'poison' }),
          oneStep('harmless', { step_id: 'work', type: 'effect' }),
        ]);
        await cluster.client.start('poisoned', 1, 'poisoned');
        const keepAlive = setInterval(() => {
          for (const worker of cluster.workers) if (!worker.runs) void worker.start();
        }, 100);
        try {
          const { status, error } = await endOf(cluster, 'poisoned');
          assert.equal([status, error?.error_code], ['failed', 'WORKER_LOST']);
        } finally {
          clearInterval(keepAlive);
        }
        const deaths = readLedger(cluster.ledger).filter(
          ({ run_id, what }) => run_id === 'poisoned' && what === 'began',
        ).length;
        console.log(`${deaths} workers died of the job`);
        assert.is(deaths, 2);
        await Promise.all(cluster.workers.map(async (worker) => worker.runs || (await worker.start())));
        await play(cluster, 'harmless', 10);
        await check(cluster);
      });
    },
    { timeoutMs: 90_000 },
  );

  test(
    'a second worker takes its share of CPU-bound steps',
    async () => {
      await withCluster({ coordinators: 1, workers: 2, worker: { concurrency: 1 } }, async (cluster) => {
        await cluster.client.publish([oneStep('burns', { step_id: 'work', type: 'burn', config: { busy_ms: 30 } })]);
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
    { timeoutMs: 60_000 },
  );

  test(
    'a stopping worker drains what it can in time and releases the rest, and nothing that finished runs twice',
    async () => {
      await withCluster({ coordinators: 1, workers: 1, worker: { drain_seconds: 2 } }, async (cluster) => {
        const [first] = cluster.workers;
        if (first === undefined) throw new Error('there is no worker');
        await cluster.client.publish([
          oneStep('short', { step_id: 'work', type: 'effect', config: { sleep_ms: 1_000 } }),
          oneStep('long', { step_id: 'work', type: 'effect', config: { sleep_ms: 8_000 } }),
        ]);
        const ids = (kind: string): string[] => Array.from({ length: 5 }, (_, place) => `${kind}-${place}`);
        const all = [...ids('short'), ...ids('long')];
        for (const runId of all) await cluster.client.start(runId.slice(0, -2), 1, runId);
        await cluster.untilLedger((lines) => lines.length >= all.length);
        const second = await cluster.add('worker', 'second');
        await second.ready();
        const { pid } = first;
        const toldAt = performance.now();
        await first.stop();
        const tookMs = performance.now() - toldAt;
        // Ten times the drain timeout, so only a hang exceeds it. That it did not wait for the long handlers is checked below.
        assert.ok(tookMs < 20_000, `it took ${tookMs} ms to stop`);
        assert.is(first.ending, 'exit code 0');
        for (const runId of all) assert.is((await endOf(cluster, runId)).status, 'completed');
        const lines = readLedger(cluster.ledger);
        const of = (kind: string, what: string, by: number): number =>
          lines.filter((one) => one.run_id.startsWith(kind) && one.what === what && one.pid === by).length;
        console.log(`told to stop: ended after ${Math.round(tookMs)} ms, 5 handlers finished, 5 were handed back`);
        assert.equal([of('short', 'done', pid), of('short', 'began', second.pid)], [5, 0]);
        assert.equal([of('long', 'done', pid), of('long', 'done', second.pid)], [0, 5]);
        await check(cluster, new Map(all.map((runId) => [runId, completed(1)])));
      });
    },
    { timeoutMs: 60_000 },
  );

  test(
    'a step that takes longer than the time between worker restarts completes, however often they are restarted',
    async () => {
      const worker = { drain_seconds: 0, max_deliveries: 2 };
      await withCluster({ coordinators: 1, workers: 1, worker }, async (cluster) => {
        const [only] = cluster.workers;
        if (only === undefined) throw new Error('there is no worker');
        const step = { step_id: 'work', type: 'effect', config: { sleep_ms: 3_000 } };
        await cluster.client.publish([oneStep('long', step)]);
        await cluster.client.start('long', 7, 'long-1');
        for (let restart = 1; restart <= 5; restart++) {
          await cluster.untilLedger((lines) => lines.length >= restart);
          await only.stop();
          assert.is(only.ending, 'exit code 0');
          await only.start();
          await only.ready();
        }
        const { status, output, error } = await endOf(cluster, 'long-1');
        assert.equal([status, output, error], ['completed', 7, null]);
        const begun = readLedger(cluster.ledger).filter(({ what }) => what === 'began');
        assert.is(new Set(begun.map(({ pid }) => pid)).size, 6);
        await check(cluster, new Map([['long-1', completed(7)]]));
      });
    },
    { timeoutMs: 60_000 },
  );
});

// timeout: 300
/** A broker that repeats itself, loses what it held, or has its streams and consumers taken away: jobs follow from the journal. */
import { setTimeout as sleep } from 'node:timers/promises';
import * as assert from 'uvu/assert';
import { spec } from '../support/spec.js';
import { Broker } from './support/broker.js';
import { type ClusterOptions, with_cluster } from './support/cluster.js';
import { new_seed, storm, type Verdict } from './support/storm.js';

const cluster_of: ClusterOptions = { coordinators: 2, workers: 3, coordinator_lease_seconds: 1, job_lease_seconds: 1 };

interface Trouble {
  readonly grace_ms?: number;
  readonly repeats_are_kept?: boolean;
  /** Answers what happened, by name. */
  readonly make: (broker: Broker, restart_server: () => Promise<void>) => Promise<Record<string, number>>;
}

async function with_trouble({
  make,
  grace_ms = 2_000,
  repeats_are_kept = false,
}: Trouble): Promise<Verdict & { happened: Record<string, number> }> {
  const seed = new_seed();
  const results: (Verdict & { happened: Record<string, number> })[] = [];
  await with_cluster(cluster_of, (cluster) =>
    Broker.with(cluster, async (broker) => {
      const happened: Record<string, number> = {};
      const restart = async (): Promise<void> => {
        await cluster.server.kill();
        await cluster.server.start();
      };
      const disturb = async (): Promise<void> => {
        Object.assign(happened, await make(broker, restart));
      };
      const verdict = await storm(cluster, { seed, grace_ms, repeats_are_kept, disturb });
      console.log(JSON.stringify(happened));
      results.push({ ...verdict, happened });
    }),
  );
  const [result] = results;
  if (result === undefined) throw new Error('the cluster was not used');
  return result;
}

/** So many times, some time apart. */
async function again_and_again(times: number, apart_ms: number, act: () => Promise<number>): Promise<number> {
  let sum = 0;
  for (let time = 0; time < times; time++) {
    await sleep(apart_ms);
    sum += await act();
  }
  await sleep(apart_ms);
  return sum;
}

spec('broker', (test) => {
  test(
    'jobs that are handed out twice and facts that are appended twice count once',
    async () => {
      const { runs, second_reports, repeated_attempts, happened } = await with_trouble({
        grace_ms: 10_000,
        repeats_are_kept: true,
        make: async (broker) => {
          const stop_jobs = broker.duplicate_jobs();
          const stop_facts = broker.duplicate_facts();
          await sleep(5_000);
          return { jobs: await stop_jobs(), facts: await stop_facts() };
        },
      });
      assert.ok((happened.jobs ?? 0) >= 100 && (happened.facts ?? 0) >= 100, JSON.stringify(happened));
      assert.ok(
        second_reports >= 100 && repeated_attempts >= 50 && runs >= 30,
        JSON.stringify({ second_reports, repeated_attempts, runs }),
      );
    },
    { timeout_ms: 60_000 },
  );

  test(
    'consumers that are deleted under the workers are made again, and no job is lost',
    async () => {
      const { runs, happened } = await with_trouble({
        make: async (broker) => ({ deleted: await again_and_again(8, 700, () => broker.delete_consumers()) }),
      });
      assert.ok((happened.deleted ?? 0) >= 8 && runs >= 30, JSON.stringify({ happened, runs }));
    },
    { timeout_ms: 60_000 },
  );

  test(
    'jobs that are purged are published again',
    async () => {
      const { runs, happened } = await with_trouble({
        make: async (broker) => ({ purged: await again_and_again(6, 1_500, () => broker.purge_jobs()) }),
      });
      assert.ok((happened.purged ?? 0) >= 3 && runs >= 20, JSON.stringify({ happened, runs }));
    },
    { timeout_ms: 90_000 },
  );

  test(
    'a stream of jobs that is deleted, or lost with the memory of its server, is made again and filled again',
    async () => {
      const { runs, happened } = await with_trouble({
        make: async (broker, restart_server) => {
          const deleted = await again_and_again(4, 1_500, () => broker.delete_jobs_stream().then(() => 1));
          const restarted = await again_and_again(4, 1_500, () => restart_server().then(() => 1));
          return { deleted, restarted };
        },
      });
      assert.equal(happened, { deleted: 4, restarted: 4 });
      assert.ok(runs >= 20, `${runs} runs`);
    },
    { timeout_ms: 120_000 },
  );
});

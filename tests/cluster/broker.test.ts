// timeout: 300
// takes: 60
/** A broker that duplicates messages, loses jobs, or has its streams and consumers deleted: jobs are derived from the journal. */
import { setTimeout as sleep } from 'node:timers/promises';
import * as assert from 'uvu/assert';
import { testSeed } from '../support/random.js';
import { spec } from '../support/spec.js';
import { Broker } from './support/broker.js';
import { type ClusterOptions, withCluster } from './support/cluster.js';
import { storm, type Verdict } from './support/storm.js';

const clusterOf: ClusterOptions = { coordinators: 2, workers: 3, coordinatorLeaseSeconds: 1, jobLeaseSeconds: 1 };

interface Trouble {
  readonly graceMs?: number;
  readonly repeatsAreKept?: boolean;
  /** Returns what happened, by name. */
  readonly make: (broker: Broker, restartServer: () => Promise<void>) => Promise<Record<string, number>>;
}

async function withTrouble({
  make,
  graceMs = 2_000,
  repeatsAreKept = false,
}: Trouble): Promise<Verdict & { happened: Record<string, number> }> {
  const seed = testSeed();
  const results: (Verdict & { happened: Record<string, number> })[] = [];
  await withCluster(clusterOf, (cluster) =>
    Broker.with(cluster, async (broker) => {
      const happened: Record<string, number> = {};
      const restart = async (): Promise<void> => {
        await cluster.server.kill();
        await cluster.server.start();
      };
      const disturb = async (): Promise<void> => {
        Object.assign(happened, await make(broker, restart));
      };
      const verdict = await storm(cluster, { seed, graceMs, repeatsAreKept, disturb });
      console.log(JSON.stringify(happened));
      results.push({ ...verdict, happened });
    }),
  );
  const [result] = results;
  if (result === undefined) throw new Error('the cluster was not used');
  return result;
}

/** Repeats with a delay in between. */
async function againAndAgain(times: number, apartMs: number, act: () => Promise<number>): Promise<number> {
  let sum = 0;
  for (let time = 0; time < times; time++) {
    await sleep(apartMs);
    sum += await act();
  }
  await sleep(apartMs);
  return sum;
}

spec('broker', (test) => {
  test(
    'jobs that are delivered twice and facts that are appended twice count once',
    async () => {
      const { runs, secondReports, repeatedAttempts, happened } = await withTrouble({
        graceMs: 10_000,
        repeatsAreKept: true,
        make: async (broker) => {
          const stopJobs = broker.duplicateJobs();
          const stopFacts = broker.duplicateFacts();
          await sleep(5_000);
          return { jobs: await stopJobs(), facts: await stopFacts() };
        },
      });
      assert.ok((happened.jobs ?? 0) >= 100 && (happened.facts ?? 0) >= 100, JSON.stringify(happened));
      assert.ok(
        secondReports >= 100 && repeatedAttempts >= 50 && runs >= 30,
        JSON.stringify({ secondReports, repeatedAttempts, runs }),
      );
    },
    { timeoutMs: 60_000 },
  );

  test(
    'consumers that are deleted under the workers are recreated, and no job is lost',
    async () => {
      const { runs, happened } = await withTrouble({
        make: async (broker) => ({ deleted: await againAndAgain(8, 700, () => broker.deleteConsumers()) }),
      });
      assert.ok((happened.deleted ?? 0) >= 8 && runs >= 30, JSON.stringify({ happened, runs }));
    },
    { timeoutMs: 60_000 },
  );

  test(
    'purged jobs are published again',
    async () => {
      const { runs, happened } = await withTrouble({
        make: async (broker) => ({ purged: await againAndAgain(6, 1_500, () => broker.purgeJobs()) }),
      });
      assert.ok((happened.purged ?? 0) >= 3 && runs >= 20, JSON.stringify({ happened, runs }));
    },
    { timeoutMs: 90_000 },
  );

  test(
    'a job stream that is deleted, or lost with the memory of its server, is recreated and refilled',
    async () => {
      const { runs, happened } = await withTrouble({
        // A coordinator learns of reports only once it is connected to the restarted server; on a busy machine that takes seconds.
        graceMs: 10_000,
        make: async (broker, restartServer) => {
          const deleted = await againAndAgain(4, 1_500, () => broker.deleteJobsStream().then(() => 1));
          const restarted = await againAndAgain(4, 1_500, () => restartServer().then(() => 1));
          return { deleted, restarted };
        },
      });
      assert.equal(happened, { deleted: 4, restarted: 4 });
      assert.ok(runs >= 20, `${runs} runs`);
    },
    { timeoutMs: 120_000 },
  );
});

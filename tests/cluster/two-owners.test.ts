// timeout: 200
// takes: 40
/** Two coordinators that permanently drive every partition do no harm (I-9), whatever happens to them meanwhile. */
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import * as assert from 'uvu/assert';
import { testSeed } from '../support/random.js';
import { spec } from '../support/spec.js';
import { type Cluster, type ClusterOptions, withCluster } from './support/cluster.js';
import type { Member } from './support/member.js';
import { storm, type Verdict } from './support/storm.js';

const forced = fileURLToPath(new URL('./children/forced-coordinator.js', import.meta.url));
const twoOwners: ClusterOptions = {
  coordinators: 2,
  workers: 3,
  jobLeaseSeconds: 1,
  coordinatorCommand: [process.execPath, forced],
};
const loadMs = 8_000;

/** Number of entries its current process has applied, over all partitions. */
async function appliedBy(coordinator: Member): Promise<number> {
  await coordinator.stop();
  const lines = coordinator.log().split('\n');
  const told = lines.filter((line) => line.includes('how far the partition was worked on'));
  return told.reduce((sum, line) => sum + (JSON.parse(line) as { entriesApplied: number }).entriesApplied, 0);
}

async function checkBothWorked(cluster: Cluster, { entries }: Verdict): Promise<void> {
  for (const coordinator of cluster.coordinators) {
    const applied = await appliedBy(coordinator);
    console.log(`${coordinator.name} applied ${applied} of ${entries} entries`);
    // A lagging owner may still have been appending duplicates when they were counted.
    assert.ok(applied >= entries, `${coordinator.name} applied ${applied} of ${entries} entries`);
  }
}

spec('two owners', (test) => {
  test(
    'two owners of all partitions end each run once, with the same output as one',
    async () => {
      await withCluster(twoOwners, async (cluster) => {
        const verdict = await storm(cluster, { seed: testSeed(), graceMs: 2_000, disturb: () => sleep(loadMs) });
        assert.ok(verdict.runs >= 100 && verdict.childRuns > 10, `${verdict.runs} runs`);
        await checkBothWorked(cluster, verdict);
      });
    },
    { timeoutMs: 60_000 },
  );

  test(
    'an owner that lags by more than the deduplication window appends duplicate facts, which have no effect',
    async () => {
      await withCluster({ ...twoOwners, proxied: true, dedupeWindowSeconds: 1 }, async (cluster) => {
        const [late] = cluster.coordinators;
        if (late === undefined) throw new Error('there are no coordinators');
        const network = cluster.networkOf(late);
        // It first has to load segments and step types, which takes several round trips each.
        const lag = async (): Promise<void> => {
          await sleep(3_000);
          network.delay(800);
          await sleep(loadMs);
          network.heal();
        };
        // It publishes jobs that the other one has completed, however long ago, since it has no lease to lose.
        const verdict = await storm(cluster, {
          seed: testSeed(),
          graceMs: Number.POSITIVE_INFINITY,
          repeatsAreKept: true,
          disturb: lag,
        });
        console.log(`${verdict.repeatedFacts} facts were kept twice`);
        assert.ok(verdict.runs >= 30, `${verdict.runs} runs`);
        assert.ok(verdict.repeatedFacts >= 30, `${verdict.repeatedFacts} facts were kept twice`);
        await checkBothWorked(cluster, verdict);
      });
    },
    { timeoutMs: 90_000 },
  );
});

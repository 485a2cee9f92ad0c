// timeout: 200
/** Two coordinators that both work on every partition all the time are harmless (I-9), whatever happens to them meanwhile. */
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import * as assert from 'uvu/assert';
import { spec } from '../support/spec.js';
import { type Cluster, type ClusterOptions, with_cluster } from './support/cluster.js';
import type { Member } from './support/member.js';
import { new_seed, storm, type Verdict } from './support/storm.js';

const forced = fileURLToPath(new URL('./children/forced-coordinator.js', import.meta.url));
const two_owners: ClusterOptions = {
  coordinators: 2,
  workers: 3,
  job_lease_seconds: 1,
  coordinator_command: [process.execPath, forced],
};
const load_ms = 8_000;

/** How many entries it has applied in its life, over all partitions. */
async function applied_by(coordinator: Member): Promise<number> {
  await coordinator.stop();
  const lines = coordinator.log().split('\n');
  const told = lines.filter((line) => line.includes('how far the partition was worked on'));
  return told.reduce((sum, line) => sum + (JSON.parse(line) as { entries_applied: number }).entries_applied, 0);
}

async function check_both_worked(cluster: Cluster, { entries }: Verdict): Promise<void> {
  for (const coordinator of cluster.coordinators) {
    const applied = await applied_by(coordinator);
    console.log(`${coordinator.name} applied ${applied} of ${entries} entries`);
    // An owner that lags may still have been repeating facts when they were counted.
    assert.ok(applied >= entries, `${coordinator.name} applied ${applied} of ${entries} entries`);
  }
}

spec('two owners', (test) => {
  test(
    'two owners of all partitions end each run once, with the outputs of one',
    async () => {
      await with_cluster(two_owners, async (cluster) => {
        const verdict = await storm(cluster, { seed: new_seed(), grace_ms: 2_000, disturb: () => sleep(load_ms) });
        assert.ok(verdict.runs >= 100 && verdict.child_runs > 10, `${verdict.runs} runs`);
        await check_both_worked(cluster, verdict);
      });
    },
    { timeout_ms: 60_000 },
  );
});

// timeout: 200
// takes: 25
// mostly waits
/** How soon another coordinator continues the runs of one that is gone. */
import { setTimeout as sleep } from 'node:timers/promises';
import * as assert from 'uvu/assert';
import { spec } from '../support/spec.js';
import { checkCluster } from './support/checker.js';
import { type Cluster, withCluster } from './support/cluster.js';
import { tenantId } from './support/cluster-client.js';
import { readLedger } from './support/ledger.js';
import type { Member } from './support/member.js';
import { completed, type Expected } from './support/mixed-load.js';
import { memberWith, partitionOwners } from './support/owners.js';

const trials = 4;
const lookAgainMs = 5;

/** Removes the coordinator of a run in progress; returns how long it took until the run's next step began. */
async function timeToGoOn(cluster: Cluster, trial: number, end: (owner: Member) => Promise<void>): Promise<number> {
  const { client } = cluster;
  const runId = `run-${trial}`;
  await client.start('two_steps', {}, runId);
  await began(cluster, runId, 'first');
  const partition = client.backend.journal.partitionOf({ tenant_id: tenantId, run_id: runId });
  const owner = memberWith(cluster, (await partitionOwners(cluster)).get(partition));
  const endedAt = Date.now();
  await end(owner);
  const at = await began(cluster, runId, 'second');
  await client.untilFact(runId, (fact): fact is typeof fact => fact.type === 'run.ended');
  await owner.start();
  await owner.ready();
  await settled(cluster);
  return at - endedAt;
}

async function began(cluster: Cluster, runId: string, step: string): Promise<number> {
  for (;;) {
    const found = readLedger(cluster.ledger).find((one) => one.run_id === runId && one.step === step);
    if (found !== undefined) return found.at;
    await sleep(lookAgainMs);
  }
}

/** Resolves once every partition has a live owner and both coordinators own some. */
async function settled(cluster: Cluster): Promise<void> {
  for (;;) {
    const owners = await partitionOwners(cluster);
    const pids = cluster.coordinators.map(({ pid }) => pid);
    const areLive = [...owners.values()].every((pid) => pids.includes(pid));
    if (owners.size === cluster.partitions && areLive && new Set(owners.values()).size === pids.length) return;
    await sleep(lookAgainMs);
  }
}

async function timesOf(leaseSeconds: number, end: (owner: Member) => Promise<void>): Promise<number[]> {
  const times: number[] = [];
  await withCluster({ coordinators: 2, workers: 1, coordinatorLeaseSeconds: leaseSeconds }, async (cluster) => {
    await cluster.client.publish([twoSteps]);
    await settled(cluster);
    const expected = new Map<string, Expected>();
    for (let trial = 1; trial <= trials; trial++) {
      expected.set(`run-${trial}`, completed('second'));
      times.push(await timeToGoOn(cluster, trial, end));
    }
    await checkCluster(cluster, expected, { graceMs: 0, repeatsAreKept: false });
  });
  return times.sort((a, b) => a - b);
}

const twoSteps = {
  segment_id: 'two_steps',
  name: 'A step during which the coordinator goes, and the next',
  entrypoint: 'first',
  output: 'steps.second.output',
  steps: [
    { step_id: 'first', type: 'effect', config: { sleep_ms: 100 } },
    { step_id: 'second', type: 'effect', config: { result: 'second' } },
  ],
  edges: [{ from: 'first', to: 'second' }],
};

spec('takeover', (test) => {
  test(
    'the runs of a killed coordinator continue once its lease has expired',
    async () => {
      const leaseSeconds = 2;
      const times = await timesOf(leaseSeconds, (owner) => owner.kill());
      console.log(`after kill -9, lease ${leaseSeconds} s: next step after ${times.join(', ')} ms`);
      // Only a hang exceeds it; `npm run bench -- --only nats` compares the time with the lease plus one second.
      assert.ok((times.at(-1) ?? 0) <= leaseSeconds * 10_000, `the slowest of ${times.join(', ')} ms`);
    },
    { timeoutMs: 90_000 },
  );

  test(
    'the runs of a stopping coordinator continue immediately',
    async () => {
      const leaseSeconds = 20;
      const times = await timesOf(leaseSeconds, (owner) => owner.stop());
      console.log(`after a clean stop, lease ${leaseSeconds} s: next step after ${times.join(', ')} ms`);
      // Nothing waited for the lease to expire.
      assert.ok((times.at(-1) ?? 0) < leaseSeconds * 500, `the slowest of ${times.join(', ')} ms`);
    },
    { timeoutMs: 90_000 },
  );
});

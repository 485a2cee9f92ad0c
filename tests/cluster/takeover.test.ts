// timeout: 200
/** How soon the runs of a coordinator that is gone go on with another. */
import { setTimeout as sleep } from 'node:timers/promises';
import * as assert from 'uvu/assert';
import { spec } from '../support/spec.js';
import { check_cluster } from './support/checker.js';
import { type Cluster, with_cluster } from './support/cluster.js';
import { tenant_id } from './support/cluster-client.js';
import { read_ledger } from './support/ledger.js';
import type { Member } from './support/member.js';
import { completed, type Expected } from './support/mixed-load.js';
import { member_with, partition_owners } from './support/owners.js';

const lease_seconds = 2;
const trials = 4;
/** A machine that does other things besides. */
const margin_ms = 2_500;
const look_again_ms = 5;

/** A run in progress, whose coordinator goes; answers how long it took until its next step began. */
async function time_to_go_on(cluster: Cluster, trial: number, end: (owner: Member) => Promise<void>): Promise<number> {
  const { client } = cluster;
  const run_id = `run-${trial}`;
  await client.start('two_steps', {}, run_id);
  await began(cluster, run_id, 'first');
  const partition = client.backend.journal.partition_of({ tenant_id, run_id });
  const owner = member_with(cluster, (await partition_owners(cluster)).get(partition));
  const ended_at = Date.now();
  await end(owner);
  const at = await began(cluster, run_id, 'second');
  await client.until_fact(run_id, (fact): fact is typeof fact => fact.type === 'run.ended');
  await owner.start();
  await owner.ready();
  await settled(cluster);
  return at - ended_at;
}

async function began(cluster: Cluster, run_id: string, step: string): Promise<number> {
  for (;;) {
    const found = read_ledger(cluster.ledger).find((one) => one.run_id === run_id && one.step === step);
    if (found !== undefined) return found.at;
    await sleep(look_again_ms);
  }
}

/** Every partition is held, and by both. */
async function settled(cluster: Cluster): Promise<void> {
  for (;;) {
    const owners = await partition_owners(cluster);
    const pids = cluster.coordinators.map(({ pid }) => pid);
    const are_live = [...owners.values()].every((pid) => pids.includes(pid));
    if (owners.size === cluster.partitions && are_live && new Set(owners.values()).size === pids.length) return;
    await sleep(look_again_ms);
  }
}

async function times_of(end: (owner: Member) => Promise<void>): Promise<number[]> {
  const times: number[] = [];
  await with_cluster({ coordinators: 2, workers: 1, coordinator_lease_seconds: lease_seconds }, async (cluster) => {
    await cluster.client.publish([two_steps]);
    await settled(cluster);
    const expected = new Map<string, Expected>();
    for (let trial = 1; trial <= trials; trial++) {
      expected.set(`run-${trial}`, completed('second'));
      times.push(await time_to_go_on(cluster, trial, end));
    }
    await check_cluster(cluster, expected, { grace_ms: 0, repeats_are_kept: false });
  });
  return times.sort((a, b) => a - b);
}

const two_steps = {
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
    'the runs of a coordinator that is killed go on within the time of its lease and a second',
    async () => {
      const times = await times_of((owner) => owner.kill());
      console.log(`after kill -9, lease ${lease_seconds} s: next step after ${times.join(', ')} ms`);
      const most_ms = lease_seconds * 1_000 + 1_000;
      assert.ok((times[0] ?? 0) <= most_ms, `the fastest of ${times.join(', ')} ms`);
      assert.ok((times.at(-1) ?? 0) <= most_ms + margin_ms, `the slowest of ${times.join(', ')} ms`);
    },
    { timeout_ms: 90_000 },
  );

  test(
    'the runs of a coordinator that is told to stop go on at once',
    async () => {
      const times = await times_of((owner) => owner.stop());
      console.log(`after a clean stop, lease ${lease_seconds} s: next step after ${times.join(', ')} ms`);
      assert.ok((times[0] ?? 0) <= 800, `the fastest of ${times.join(', ')} ms`);
      assert.ok((times.at(-1) ?? 0) <= lease_seconds * 1_000, `the slowest of ${times.join(', ')} ms`);
    },
    { timeout_ms: 90_000 },
  );
});

// timeout: 200
/** Processes stand still for longer than every lease and go on as if nothing had happened: by then others have done their work. */
import { setTimeout as sleep } from 'node:timers/promises';
import * as assert from 'uvu/assert';
import { spec } from '../support/spec.js';
import { type Cluster, with_cluster } from './support/cluster.js';
import { partition_owners } from './support/owners.js';
import type { Random } from './support/random.js';
import { new_seed, storm } from './support/storm.js';

const lease_seconds = 1;
const rounds = 4;

interface Pauses {
  workers: number;
  coordinators: number;
  servers: number;
  /** Partitions that had another owner when the one that stood still woke. */
  partitions_taken: number;
}

async function pause_each_in_turn(cluster: Cluster, random: Random): Promise<Pauses> {
  const pauses: Pauses = { workers: 0, coordinators: 0, servers: 0, partitions_taken: 0 };
  for (let round = 0; round < rounds; round++) {
    const worker = random.one_of(cluster.workers);
    const coordinator = random.one_of(cluster.coordinators);
    const before = await partition_owners(cluster);
    await Promise.all([worker.pause(), coordinator.pause()]);
    await sleep(lease_seconds * 1_000 * (2.5 + random.fraction()));
    const owned_after = await partition_owners(cluster);
    for (const [partition, pid] of before) {
      if (pid === coordinator.pid && owned_after.get(partition) !== pid) pauses.partitions_taken += 1;
    }
    worker.resume();
    coordinator.resume();
    pauses.workers += 1;
    pauses.coordinators += 1;
    await sleep(1_500 * random.fraction());
    await cluster.server.pause();
    await sleep(lease_seconds * 1_000 * (1.2 + random.fraction()));
    cluster.server.resume();
    pauses.servers += 1;
    await sleep(2_000);
  }
  return pauses;
}

spec('pauses', (test) => {
  test(
    'a worker, a coordinator or a server that stood still for longer than every lease changes nothing when it goes on',
    async () => {
      const seed = new_seed();
      console.log(`seed ${seed}`);
      const options = {
        coordinators: 2,
        workers: 3,
        coordinator_lease_seconds: lease_seconds,
        job_lease_seconds: lease_seconds,
      };
      await with_cluster(options, async (cluster) => {
        const pauses: Pauses[] = [];
        // what a worker that stands still had taken, it begins when it goes on
        const grace_ms = lease_seconds * 1_000 * 4.5;
        const disturb = async (random: Random): Promise<unknown> =>
          pauses.push(await pause_each_in_turn(cluster, random));
        const verdict = await storm(cluster, { seed, grace_ms, disturb });
        console.log(JSON.stringify(pauses));
        const [
          { workers, coordinators, servers, partitions_taken } = {
            workers: 0,
            coordinators: 0,
            servers: 0,
            partitions_taken: 0,
          },
        ] = pauses;
        assert.equal([workers, coordinators, servers], [rounds, rounds, rounds]);
        assert.ok(partitions_taken > 0, 'partitions that were taken over from a coordinator that stood still');
        assert.ok(verdict.repeated_attempts > 0, 'jobs that were given to another worker meanwhile');
        assert.ok(verdict.runs >= 40, `${verdict.runs} runs`);
      });
    },
    { timeout_ms: 180_000 },
  );
});

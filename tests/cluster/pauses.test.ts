// timeout: 200
// takes: 25
// mostly waits
/** Processes are paused for longer than any lease and then continue: by then others have done their work. */
import { setTimeout as sleep } from 'node:timers/promises';
import * as assert from 'uvu/assert';
import type { Random } from '../support/random.js';
import { testSeed } from '../support/random.js';
import { spec } from '../support/spec.js';
import { type Cluster, withCluster } from './support/cluster.js';
import { partitionOwners } from './support/owners.js';
import { storm } from './support/storm.js';

const leaseSeconds = 1;
const rounds = 4;

interface Pauses {
  workers: number;
  coordinators: number;
  servers: number;
  /** Partitions that had another owner when the paused one woke up. */
  partitionsTaken: number;
}

async function pauseEachInTurn(cluster: Cluster, random: Random): Promise<Pauses> {
  const pauses: Pauses = { workers: 0, coordinators: 0, servers: 0, partitionsTaken: 0 };
  for (let round = 0; round < rounds; round++) {
    const worker = random.oneOf(cluster.workers);
    const coordinator = random.oneOf(cluster.coordinators);
    const before = await partitionOwners(cluster);
    await Promise.all([worker.pause(), coordinator.pause()]);
    await sleep(leaseSeconds * 1_000 * (2.5 + random.fraction()));
    const ownedAfter = await partitionOwners(cluster);
    for (const [partition, pid] of before) {
      if (pid === coordinator.pid && ownedAfter.get(partition) !== pid) pauses.partitionsTaken += 1;
    }
    worker.resume();
    coordinator.resume();
    pauses.workers += 1;
    pauses.coordinators += 1;
    await sleep(1_500 * random.fraction());
    await cluster.server.pause();
    await sleep(leaseSeconds * 1_000 * (1.2 + random.fraction()));
    cluster.server.resume();
    pauses.servers += 1;
    await sleep(2_000);
  }
  return pauses;
}

spec('pauses', (test) => {
  test(
    'a worker, coordinator or server that was paused for longer than any lease does no harm when it continues',
    async () => {
      const seed = testSeed();
      const options = {
        coordinators: 2,
        workers: 3,
        coordinatorLeaseSeconds: leaseSeconds,
        jobLeaseSeconds: leaseSeconds,
      };
      await withCluster(options, async (cluster) => {
        const pauses: Pauses[] = [];
        // A paused worker starts the jobs it had taken once it continues.
        const graceMs = leaseSeconds * 1_000 * 4.5;
        const disturb = async (random: Random): Promise<unknown> => pauses.push(await pauseEachInTurn(cluster, random));
        const verdict = await storm(cluster, { seed, graceMs, disturb });
        console.log(JSON.stringify(pauses));
        const [
          { workers, coordinators, servers, partitionsTaken } = {
            workers: 0,
            coordinators: 0,
            servers: 0,
            partitionsTaken: 0,
          },
        ] = pauses;
        assert.equal([workers, coordinators, servers], [rounds, rounds, rounds]);
        assert.ok(partitionsTaken > 0, 'partitions that were taken over from a coordinator that stood still');
        assert.ok(verdict.repeatedAttempts > 0, 'jobs that were given to another worker meanwhile');
        assert.ok(verdict.runs >= 40, `${verdict.runs} runs`);
      });
    },
    { timeoutMs: 180_000 },
  );
});

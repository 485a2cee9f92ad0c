// timeout: 240
// takes: 40
/** Each process has its own network to the server, which is cut, stalled in one or both directions, delayed and made unreliable. */
import { setTimeout as sleep } from 'node:timers/promises';
import * as assert from 'uvu/assert';
import type { TcpProxy } from '../support/nats/tcp-proxy.js';
import type { Random } from '../support/random.js';
import { testSeed } from '../support/random.js';
import { spec } from '../support/spec.js';
import { type Cluster, withCluster } from './support/cluster.js';
import { storm } from './support/storm.js';

const leaseSeconds = 1;
const faults: Readonly<Record<string, (network: TcpProxy, random: Random) => void>> = {
  cut: (network) => network.cut(),
  stall: (network) => network.stall(),
  'stall to the server': (network) => network.stall('to_server'),
  'stall to the client': (network) => network.stall('to_client'),
  delay: (network, random) => network.delay(random.whole(20, 200)),
  reset: (network) => network.resetAll(),
  'reset at random': (network, random) =>
    network.resetRandomly({ seed: random.whole(1, 2 ** 31), chance: 0.01 + random.fraction() * 0.1 }),
};

/** Every fault hits a worker, a coordinator or both, for between an instant and longer than any lease. */
async function trouble(cluster: Cluster, random: Random, counted: Map<string, number>): Promise<void> {
  for (const [name, strike] of Object.entries(faults)) {
    const { workers, coordinators, members } = cluster;
    const some = members.filter(() => random.fraction() < 0.5);
    for (const struck of [[random.oneOf(workers)], [random.oneOf(coordinators)], some]) {
      const networks = struck.map((member) => cluster.networkOf(member));
      for (const network of networks) strike(network, random);
      counted.set(name, (counted.get(name) ?? 0) + networks.length);
      await sleep(random.whole(200, leaseSeconds * 2_500));
      for (const network of networks) network.heal();
      await sleep(random.whole(100, 800));
    }
  }
}

spec('network', (test) => {
  test(
    'a network that is cut, stalled, slow or unreliable only makes a cluster slower',
    async () => {
      const seed = testSeed();
      const leases = { coordinatorLeaseSeconds: leaseSeconds, jobLeaseSeconds: leaseSeconds };
      await withCluster({ coordinators: 2, workers: 3, proxied: true, ...leases }, async (cluster) => {
        const counted = new Map<string, number>();
        const disturb = (random: Random): Promise<void> => trouble(cluster, random, counted);
        // Jobs on their way to a worker when its network stalled are started once it heals.
        const verdict = await storm(cluster, { seed, graceMs: leaseSeconds * 1_000 * 4.5, disturb });
        console.log(JSON.stringify(Object.fromEntries(counted)));
        for (const name of Object.keys(faults))
          assert.ok((counted.get(name) ?? 0) >= 2, `${name}: ${counted.get(name)}`);
        const resets = cluster.members.reduce((sum, member) => sum + cluster.networkOf(member).counts.reset, 0);
        console.log(`${resets} connections were reset`);
        assert.ok(resets >= 10, `${resets} connections were reset`);
        assert.ok(verdict.runs >= 40, `${verdict.runs} runs`);
        assert.ok(verdict.repeatedAttempts > 0, 'jobs that were given to another worker');
      });
    },
    { timeoutMs: 220_000 },
  );
});

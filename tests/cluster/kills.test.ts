// timeout: 480
// takes: 80
/** Processes of a whole cluster die at random instants under a mixed load; accepted runs must not be affected. */
import * as assert from 'uvu/assert';
import { spec } from '../support/spec.js';
import { type Cluster, withCluster } from './support/cluster.js';
import { killPlan } from './support/kill-plan.js';
import { Killer } from './support/killer.js';
import { storm } from './support/storm.js';

const { seed, kills: wanted, lastsMs, apartMs } = killPlan();
const weights = { worker: 5, coordinator: 3, server: 2 } as const;

async function killUnderLoad(cluster: Cluster): Promise<void> {
  const killer = new Killer(cluster);
  const verdict = await storm(cluster, {
    seed,
    // A coordinator that takes over may publish a job that is just being reported.
    graceMs: 2_000,
    disturb: (random, over) => killer.rage(random, { wanted, lastsMs, apartMs, weights }, over),
  });
  console.log(`${killer.total} kills: ${JSON.stringify(Object.fromEntries(killer.kills))}`);
  assert.ok(killer.total >= wanted, `${killer.total} kills`);
  for (const [victim, weight] of Object.entries(weights)) {
    const kills = killer.kills.get(victim as keyof typeof weights) ?? 0;
    assert.ok(kills >= (wanted * weight) / 20, `${kills} kills of a ${victim}`);
  }
  assert.is(verdict.kinds.size, 10, 'runs of every kind');
  assert.ok(verdict.runs >= wanted / 2, `${verdict.runs} runs`);
  assert.ok(verdict.childRuns > 0, 'runs that have children');
  assert.ok(verdict.repeatedAttempts > 0, 'attempts that were lost with their workers and begun again');
}

spec('kills', (test) => {
  test(
    `${wanted} kills of workers, coordinators and the server lose no run, end each once and repeat no reported step`,
    async () => {
      console.log(`seed ${seed}`);
      await withCluster({ coordinators: 2, workers: 3 }, killUnderLoad);
    },
    { timeoutMs: 400_000 + lastsMs },
  );
});

import { setTimeout as sleep } from 'node:timers/promises';
import { spread, timeMs } from '../../measure.js';
import type { Row } from '../../row.js';
import { chain } from '../../segments.js';
import { type Cluster, withCluster } from '../cluster.js';
import { runInLanes } from '../lanes.js';

const steps = 10;
const seconds = 5;
const shares = [0.1, 0.5, 0.9];

/** How long does a run of 10 steps take at a share of peak throughput? An open loop: runs start on schedule, whether or not others have ended. */
export async function latencyUnderLoad(): Promise<readonly Row[]> {
  return withCluster({ sync: 'default', coordinators: 1, workers: 1 }, async (cluster) => {
    const definition = await cluster.prepare(chain(steps));
    await runsPerSecond(cluster, definition);
    const most = await runsPerSecond(cluster, definition);
    const rows: Row[] = [];
    for (const share of shares) rows.push(await atShare(cluster, definition, share, most));
    return rows;
  });
}

async function runsPerSecond(cluster: Cluster, definition: string): Promise<number> {
  const runs = 2_000;
  const elapsed = await timeMs(() => runInLanes(cluster, definition, runs, 200));
  return runs / (elapsed / 1_000);
}

async function atShare(cluster: Cluster, definition: string, share: number, most: number): Promise<Row> {
  const durations = await arrivals(cluster, definition, most * share);
  durations.sort((one, other) => one - other);
  const p99 = durations[Math.floor(durations.length * 0.99)] ?? Number.NaN;
  const percent = Math.round(share * 100);
  return {
    key: `nats_latency_at_${percent}_percent_ms`,
    question: `NATS: run of 10 steps at ${percent} % load (min / median / p99)`,
    unit: 'ms',
    measured: { ...spread(durations), max: p99 },
    floor: null,
    target: 'informational',
    isMet: durations.length > 0,
  };
}

async function arrivals(cluster: Cluster, definition: string, perSecond: number): Promise<number[]> {
  const durations: number[] = [];
  const running: Promise<void>[] = [];
  const began = performance.now();
  for (let count = 0; count < perSecond * seconds; count++) {
    const due = began + (count / perSecond) * 1_000;
    const wait = due - performance.now();
    if (wait > 1) await sleep(wait);
    running.push(cluster.run(definition).then(() => void durations.push(performance.now() - due)));
  }
  await Promise.all(running);
  return durations;
}

import type { Segment } from '@llmteam/contracts';
import { repeat, timeMs } from '../../measure.js';
import type { Row } from '../../row.js';
import { type Cluster, withCluster } from '../cluster.js';

const runs = 150;
const busyMs = 20;

const burning: Segment = {
  segment_id: 'burning',
  name: 'One step that computes',
  entrypoint: 'burn',
  params: { timeout_seconds: null },
  steps: [{ step_id: 'burn', type: 'burn', config: { ms: busyMs } }],
};

/** How does a CPU-bound step scale with workers? Four of them share two cores. */
export async function scaling(): Promise<readonly Row[]> {
  return withCluster({ sync: 'default', coordinators: 1, workers: 1 }, async (cluster) => {
    const definition = await cluster.prepare(burning);
    const one = await runsPerSecond(cluster, definition);
    await cluster.addWorker();
    const two = await runsPerSecond(cluster, definition);
    await cluster.addWorker();
    await cluster.addWorker();
    const four = await runsPerSecond(cluster, definition);
    return [row(2, two, one, 1.7), row(4, four, one, 1.7)];
  });
}

async function runsPerSecond(cluster: Cluster, definition: string): Promise<number> {
  await cluster.run(definition);
  const { median } = await repeat(3, async () => {
    const elapsed = await timeMs(() => Promise.all(Array.from({ length: runs }, () => cluster.run(definition))));
    return runs / (elapsed / 1_000);
  });
  return median;
}

function row(workers: number, many: number, one: number, least: number): Row {
  const times = many / one;
  return {
    key: `nats_scaling_${workers}_workers`,
    question: `NATS: throughput of a CPU-bound step, ${workers} workers vs. 1`,
    unit: 'ratio',
    measured: { min: times, median: times, max: times },
    floor: null,
    target: `≥ ${least} × on 2 cores`,
    isMet: times >= least,
  };
}

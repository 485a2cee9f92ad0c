import type { Segment } from '@llmteam/contracts';
import { repeat, time_ms } from '../../measure.js';
import type { Row } from '../../row.js';
import { type Cluster, with_cluster } from '../cluster.js';

const runs = 150;
const busy_ms = 20;

const burning: Segment = {
  segment_id: 'burning',
  name: 'One step that computes',
  entrypoint: 'burn',
  params: { timeout_seconds: null },
  steps: [{ step_id: 'burn', type: 'burn', config: { ms: busy_ms } }],
};

/** What are more workers worth for a step that computes? Four share two cores. */
export async function scaling(): Promise<readonly Row[]> {
  return with_cluster({ sync: 'default', coordinators: 1, workers: 1 }, async (cluster) => {
    const definition = await cluster.prepare(burning);
    const one = await runs_per_second(cluster, definition);
    await cluster.add_worker();
    const two = await runs_per_second(cluster, definition);
    await cluster.add_worker();
    await cluster.add_worker();
    const four = await runs_per_second(cluster, definition);
    return [row(2, two, one, 1.7), row(4, four, one, 1.7)];
  });
}

async function runs_per_second(cluster: Cluster, definition: string): Promise<number> {
  await cluster.run(definition);
  const { median } = await repeat(3, async () => {
    const elapsed = await time_ms(() => Promise.all(Array.from({ length: runs }, () => cluster.run(definition))));
    return runs / (elapsed / 1_000);
  });
  return median;
}

function row(workers: number, many: number, one: number, least: number): Row {
  const times = many / one;
  return {
    key: `nats_scaling_${workers}_workers`,
    question: `NATS: throughput of a step that computes, ${workers} workers to 1`,
    unit: 'ratio',
    measured: { min: times, median: times, max: times },
    floor: null,
    target: `≥ ${least} × on 2 cores`,
    is_met: times >= least,
  };
}

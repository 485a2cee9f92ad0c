import { repeat, time_ms } from '../../measure.js';
import type { Row } from '../../row.js';
import { chain } from '../../segments.js';
import { type Cluster, with_cluster } from '../cluster.js';
import { raw_loop_ms } from '../raw-loop.js';

const steps = 10;
const rounds = 5;

/** Steps a second with so many runs in flight, until `runs` have ended. */
export async function steps_per_second(
  cluster: Cluster,
  definition: string,
  runs: number,
  in_flight: number,
): Promise<number> {
  let left = runs;
  const lane = async (): Promise<void> => {
    while (left-- > 0) await cluster.run(definition);
  };
  const elapsed = await time_ms(() => Promise.all(Array.from({ length: in_flight }, lane)));
  return (runs * steps) / (elapsed / 1_000);
}

async function measured_and_floor(
  sync: 'default' | 'always',
  runs: number,
  in_flight: number,
): Promise<Pick<Row, 'measured' | 'floor'>> {
  const raw = async (): Promise<number> => {
    const loop = { runs, runs_in_flight: in_flight, steps_per_run: steps };
    return (runs * steps) / ((await raw_loop_ms(sync, loop)) / 1_000);
  };
  const floor_before = await raw();
  const measured = await with_cluster({ sync, coordinators: 1, workers: 1 }, async (cluster) => {
    const definition = await cluster.prepare(chain(steps));
    await steps_per_second(cluster, definition, runs, in_flight);
    return repeat(rounds, () => steps_per_second(cluster, definition, runs, in_flight));
  });
  const after = await repeat(2, raw);
  const all = [floor_before, after.min, after.max].sort((one, other) => one - other);
  return { measured, floor: { min: all[0] ?? 0, median: all[1] ?? 0, max: all[2] ?? 0 } };
}

/** How many steps a second with one coordinator and one worker? */
export async function throughput_on_nats(): Promise<Row> {
  const { measured, floor } = await measured_and_floor('default', 4_000, 1_000);
  return {
    key: 'nats_throughput_steps_per_second',
    question: 'NATS, 1 coordinator + 1 worker: 1,000 runs in flight',
    unit: 'steps/s',
    measured,
    floor,
    target: '≥ 60 % of the raw loop',
    is_met: measured.median >= 0.6 * (floor?.median ?? Number.POSITIVE_INFINITY),
  };
}

/** The same on a server that syncs every write: the raw loop has no batches. */
export async function always_synced(): Promise<Row> {
  const { measured, floor } = await measured_and_floor('always', 500, 250);
  return {
    key: 'nats_always_synced_steps_per_second',
    question: 'NATS with `sync_interval: always`: 250 runs in flight',
    unit: 'steps/s',
    measured,
    floor,
    target: '≥ 2 × the raw loop',
    is_met: measured.median >= 2 * (floor?.median ?? Number.POSITIVE_INFINITY),
  };
}

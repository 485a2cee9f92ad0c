import { spread, time_ms } from '../../measure.js';
import type { Row } from '../../row.js';
import { chain } from '../../segments.js';
import { type Cluster, with_cluster } from '../cluster.js';
import { run_in_lanes } from '../lanes.js';
import { raw_loop_ms } from '../raw-loop.js';

const steps = 10;
/** Either side in turn, since the machine is not always as fast. */
const turns = 3;
const rounds = 2;

interface Size {
  /** Both sides run these before they are measured: compiled code is what lasts. */
  readonly warm_up_runs: number;
  readonly runs: number;
  readonly in_flight: number;
}

type Drive = (cluster: Cluster, definition: string, runs: number, in_flight: number) => Promise<void>;

async function measured_and_floor(
  sync: 'default' | 'always',
  { warm_up_runs, runs, in_flight }: Size,
  drive: Drive,
): Promise<Pick<Row, 'measured' | 'floor'>> {
  const per_second = (elapsed_ms: number): number => (runs * steps) / (elapsed_ms / 1_000);
  const measured: number[] = [];
  const floor: number[] = [];
  for (let turn = 0; turn < turns; turn++) {
    const loop = { runs, warm_up_runs, runs_in_flight: in_flight, steps_per_run: steps };
    floor.push(per_second(await raw_loop_ms(sync, loop)));
    await with_cluster({ sync, coordinators: 1, workers: 1 }, async (cluster) => {
      const definition = await cluster.prepare(chain(steps));
      await drive(cluster, definition, warm_up_runs, in_flight);
      for (let round = 0; round < rounds; round++) {
        measured.push(per_second(await time_ms(() => drive(cluster, definition, runs, in_flight))));
      }
    });
  }
  return { measured: spread(measured), floor: spread(floor) };
}

/** How many steps a second with one coordinator and one worker? */
export async function throughput_on_nats(): Promise<Row> {
  const size = { warm_up_runs: 10_000, runs: 10_000, in_flight: 1_000 };
  const drive: Drive = (cluster, ...given) => cluster.run_many(...given);
  const { measured, floor } = await measured_and_floor('default', size, drive);
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

/** The same on a server that syncs every write: the raw loop has no batches. The starts come in batches, as from a gateway. */
export async function always_synced(): Promise<Row> {
  const size = { warm_up_runs: 2_000, runs: 4_000, in_flight: 1_000 };
  const { measured, floor } = await measured_and_floor('always', size, run_in_lanes);
  return {
    key: 'nats_always_synced_steps_per_second',
    question: 'NATS with `sync_interval: always`: 1,000 runs in flight',
    unit: 'steps/s',
    measured,
    floor,
    target: '≥ 2 × the raw loop',
    is_met: measured.median >= 2 * (floor?.median ?? Number.POSITIVE_INFINITY),
  };
}

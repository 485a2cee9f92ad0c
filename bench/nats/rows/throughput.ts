import { spread, timeMs } from '../../measure.js';
import type { Row } from '../../row.js';
import { chain } from '../../segments.js';
import { type Cluster, withCluster } from '../cluster.js';
import { runInLanes } from '../lanes.js';
import { rawLoopMs } from '../raw-loop.js';

const steps = 10;
/** Both sides alternate, because the speed of the machine drifts. */
const turns = 3;
const rounds = 2;

interface Size {
  /** Runs of both sides before measuring, so that the code is JIT-compiled. */
  readonly warmUpRuns: number;
  readonly runs: number;
  readonly inFlight: number;
}

type Drive = (cluster: Cluster, definition: string, runs: number, inFlight: number) => Promise<void>;

async function measuredAndFloor(
  sync: 'default' | 'always',
  { warmUpRuns, runs, inFlight }: Size,
  drive: Drive,
): Promise<Pick<Row, 'measured' | 'floor'>> {
  const perSecond = (elapsedMs: number): number => (runs * steps) / (elapsedMs / 1_000);
  const measured: number[] = [];
  const floor: number[] = [];
  for (let turn = 0; turn < turns; turn++) {
    const loop = { runs, warmUpRuns, runsInFlight: inFlight, stepsPerRun: steps };
    floor.push(perSecond(await rawLoopMs(sync, loop)));
    await withCluster({ sync, coordinators: 1, workers: 1 }, async (cluster) => {
      const definition = await cluster.prepare(chain(steps));
      await drive(cluster, definition, warmUpRuns, inFlight);
      for (let round = 0; round < rounds; round++) {
        measured.push(perSecond(await timeMs(() => drive(cluster, definition, runs, inFlight))));
      }
    });
  }
  return { measured: spread(measured), floor: spread(floor) };
}

/** How many steps per second do one coordinator and one worker complete? */
export async function throughputOnNats(): Promise<Row> {
  const size = { warmUpRuns: 10_000, runs: 10_000, inFlight: 1_000 };
  const drive: Drive = (cluster, ...given) => cluster.runMany(...given);
  const { measured, floor } = await measuredAndFloor('default', size, drive);
  return {
    key: 'nats_throughput_steps_per_second',
    question: 'NATS, 1 coordinator + 1 worker: 1,000 runs in flight',
    unit: 'steps/s',
    measured,
    floor,
    target: '≥ 60 % of the raw loop',
    isMet: measured.median >= 0.6 * (floor?.median ?? Number.POSITIVE_INFINITY),
  };
}

/** The same on a server that syncs every write. Starts arrive in batches, as from a gateway; the raw loop does not batch. */
export async function alwaysSynced(): Promise<Row> {
  const size = { warmUpRuns: 2_000, runs: 4_000, inFlight: 1_000 };
  const { measured, floor } = await measuredAndFloor('always', size, runInLanes);
  return {
    key: 'nats_always_synced_steps_per_second',
    question: 'NATS with `sync_interval: always`: 1,000 runs in flight',
    unit: 'steps/s',
    measured,
    floor,
    target: '≥ 2 × the raw loop',
    isMet: measured.median >= 2 * (floor?.median ?? Number.POSITIVE_INFINITY),
  };
}

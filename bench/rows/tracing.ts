import { type BenchRuntime, withRuntime } from '../bench-runtime.js';
import { type Spread, spread, timeMs } from '../measure.js';
import type { Row } from '../row.js';
import { chain } from '../segments.js';
import { withSpanSink } from '../tracing/with-span-sink.js';

const inFlight = 100;
const steps = 10;
const runs = 1_500;
const warmUpRuns = 500;
const turns = 7;
const ratios = [0, 0.01, 1] as const;
type Ratio = (typeof ratios)[number];

/** What does tracing cost? Without it, with a hundredth of the runs and with all of them, in turn. */
export async function tracing(): Promise<Row[]> {
  const perSecond: Record<Ratio, number[]> = { 0: [], 0.01: [], 1: [] };
  await withSpanSink(async (endpoint) => {
    for (let turn = 0; turn < turns; turn++) {
      for (const ratio of ratios) {
        const config = ratio === 0 ? {} : { tracing: { endpoint, sample_ratio: ratio } };
        perSecond[ratio].push(await withRuntime(throughput, 'inline', config));
      }
    }
  });
  return costRows('embedded', perSecond);
}

async function throughput(runtime: BenchRuntime): Promise<number> {
  const definition = await runtime.prepare(chain(steps));
  const drive = async (count: number): Promise<void> => {
    let left = count;
    const lane = async (): Promise<void> => {
      while (left-- > 0) await runtime.run(definition);
    };
    await Promise.all(Array.from({ length: inFlight }, lane));
  };
  await drive(warmUpRuns);
  const elapsed = await timeMs(() => drive(runs));
  return (runs * steps) / (elapsed / 1_000);
}

/** Each turn is compared with itself, because the speed of the machine drifts. */
export function costRows(where: string, perSecond: Readonly<Record<Ratio, readonly number[]>>): Row[] {
  const share = (ratio: Ratio): Spread =>
    spread(perSecond[ratio].map((value, turn) => value / (perSecond[0][turn] ?? Number.NaN)));
  return ([0.01, 1] as const).map((ratio) => {
    const measured = share(ratio);
    const least = ratio === 1 ? 0.9 : 0.98;
    return {
      key: `${where}_tracing_${ratio === 1 ? 'all' : 'hundredth'}_throughput_ratio`,
      question: `${where === 'nats' ? 'NATS' : where}: throughput of no-op steps with ${ratio * 100} % of the runs traced, vs. without tracing`,
      unit: 'ratio',
      measured,
      floor: null,
      target: `≥ ${least}`,
      isMet: measured.median >= least,
    };
  });
}

import type { Segment } from '@llmteam/contracts';
import { type BenchRuntime, withRuntime } from '../bench-runtime.js';
import { type Spread, spread, timeMs } from '../measure.js';
import type { Row } from '../row.js';
import { chain } from '../segments.js';
import { withSpanSink } from '../tracing/with-span-sink.js';

const inFlight = 100;
const steps = 10;
const runs = 1_500;
const turns = 7;
const ratios = [0, 0.01, 1] as const;
type Ratio = (typeof ratios)[number];

/** The least that a step does for others: one request, to a service that answers at once. */
const asking: Segment = {
  ...chain(steps),
  segment_id: 'asking',
  steps: chain(steps).steps.map(({ step_id }) => ({
    step_id,
    type: 'http_action',
    config: { client_ref: 'service', method: 'GET', path: '/' },
  })),
};

/** What does tracing cost? Without it, with a hundredth of the runs and with all of them, in turn. */
export async function tracing(): Promise<Row[]> {
  const noop = costRows('embedded', 'no-op steps', await inTurn(chain(steps), runs));
  return [...noop, ...costRows('embedded', 'steps with one HTTP request', await inTurn(asking, runs / 5))];
}

async function inTurn(segment: Segment, count: number): Promise<Record<Ratio, number[]>> {
  const perSecond: Record<Ratio, number[]> = { 0: [], 0.01: [], 1: [] };
  await withSpanSink(async (endpoint) => {
    const clients = { service: { base_url: endpoint, allow_private_network: true } };
    for (let turn = 0; turn < turns; turn++) {
      for (const ratio of ratios) {
        const traced = ratio === 0 ? {} : { tracing: { endpoint, sample_ratio: ratio } };
        const work = (runtime: BenchRuntime) => throughput(runtime, segment, count);
        perSecond[ratio].push(await withRuntime(work, 'inline', { clients, ...traced }));
      }
    }
  });
  return perSecond;
}

async function throughput(runtime: BenchRuntime, segment: Segment, count: number): Promise<number> {
  const definition = await runtime.prepare(segment);
  const drive = async (count: number): Promise<void> => {
    let left = count;
    const lane = async (): Promise<void> => {
      while (left-- > 0) await runtime.run(definition);
    };
    await Promise.all(Array.from({ length: inFlight }, lane));
  };
  await drive(count / 3);
  const elapsed = await timeMs(() => drive(count));
  return (count * steps) / (elapsed / 1_000);
}

/** Each turn is compared with itself, because the speed of the machine drifts. */
export function costRows(where: string, what: string, perSecond: Readonly<Record<Ratio, readonly number[]>>): Row[] {
  const share = (ratio: Ratio): Spread =>
    spread(perSecond[ratio].map((value, turn) => value / (perSecond[0][turn] ?? Number.NaN)));
  return ([0.01, 1] as const).map((ratio) => {
    const measured = share(ratio);
    const least = ratio === 1 ? 0.9 : 0.98;
    return {
      key: `${where}_tracing_${ratio === 1 ? 'all' : 'hundredth'}_${what.replaceAll(/\W+/g, '_')}`,
      question: `${where === 'nats' ? 'NATS' : where}: throughput of ${what} with ${ratio * 100} % of the runs traced, vs. without tracing`,
      unit: 'ratio',
      measured,
      floor: null,
      target: `≥ ${least}`,
      isMet: measured.median >= least,
    };
  });
}

import { timeMs } from '../../measure.js';
import type { Row } from '../../row.js';
import { costRows } from '../../rows/tracing.js';
import { chain } from '../../segments.js';
import { withSpanSink } from '../../tracing/with-span-sink.js';
import { withCluster } from '../cluster.js';

const steps = 10;
const inFlight = 1_000;
const runs = 5_000;
const turns = 4;

/** What does tracing cost an installation? The client decides which runs are traced, as a gateway does. */
export async function tracingOnNats(): Promise<Row[]> {
  const perSecond = { 0: [] as number[], 0.01: [] as number[], 1: [] as number[] };
  await withSpanSink(async (endpoint) => {
    for (let turn = 0; turn < turns; turn++) {
      for (const ratio of [0, 0.01, 1] as const) {
        const env: Record<string, string> = ratio === 0 ? {} : { LLMTEAM_TRACING_ENDPOINT: endpoint };
        await withCluster({ sync: 'default', coordinators: 1, workers: 1, env, traced: ratio }, async (cluster) => {
          const definition = await cluster.prepare(chain(steps));
          await cluster.runMany(definition, runs, inFlight);
          const elapsed = await timeMs(() => cluster.runMany(definition, runs, inFlight));
          perSecond[ratio].push((runs * steps) / (elapsed / 1_000));
        });
      }
    }
  });
  return costRows('nats', 'no-op steps', perSecond);
}

import { repeat, timeMs } from '../../measure.js';
import type { Row } from '../../row.js';
import { chain } from '../../segments.js';
import { withCluster } from '../cluster.js';
import { rawLoopMs } from '../raw-loop.js';

const steps = 100;
const runs = 20;

/** How long does it take from one step to the next without other load? */
export async function gapBetweenSteps(): Promise<Row> {
  const floor = await repeat(3, async () => {
    return (
      (await rawLoopMs('default', { runs: 20, warmUpRuns: 5, runsInFlight: 1, stepsPerRun: steps })) / (20 * steps)
    );
  });
  const measured = await withCluster({ sync: 'default', coordinators: 1, workers: 1 }, async (cluster) => {
    const definition = await cluster.prepare(chain(steps));
    await cluster.run(definition);
    return repeat(runs, async () => (await timeMs(() => cluster.run(definition))) / steps);
  });
  return {
    key: 'nats_gap_ms',
    question: 'NATS: gap between two steps of an unloaded chain',
    unit: 'ms',
    measured,
    floor,
    target: 'p50 ≤ 1.2 ms',
    isMet: measured.median <= 1.2,
  };
}

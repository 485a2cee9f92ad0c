import { repeat, time_ms } from '../../measure.js';
import type { Row } from '../../row.js';
import { chain } from '../../segments.js';
import { with_cluster } from '../cluster.js';
import { raw_loop_ms } from '../raw-loop.js';

const steps = 100;
const runs = 20;

/** How long from one step to the next, when nothing else is to do? */
export async function gap_between_steps(): Promise<Row> {
  const floor = await repeat(3, async () => {
    return (
      (await raw_loop_ms('default', { runs: 20, warm_up_runs: 5, runs_in_flight: 1, steps_per_run: steps })) /
      (20 * steps)
    );
  });
  const measured = await with_cluster({ sync: 'default', coordinators: 1, workers: 1 }, async (cluster) => {
    const definition = await cluster.prepare(chain(steps));
    await cluster.run(definition);
    return repeat(runs, async () => (await time_ms(() => cluster.run(definition))) / steps);
  });
  return {
    key: 'nats_gap_ms',
    question: 'NATS: gap between two steps of an unloaded chain',
    unit: 'ms',
    measured,
    floor,
    target: 'p50 ≤ 1.2 ms',
    is_met: measured.median <= 1.2,
  };
}

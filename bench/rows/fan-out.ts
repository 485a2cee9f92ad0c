import { join } from 'node:path';
import type { BenchRuntime } from '../bench-runtime.js';
import { bareAppends } from '../floor.js';
import { withFolder } from '../folder.js';
import { repeat, timeMs } from '../measure.js';
import type { Row } from '../row.js';
import { fanOut as segmentOf } from '../segments.js';

/** How long does a fan-out to 100 steps with a join take? */
export async function fanOut(runtime: BenchRuntime): Promise<Row> {
  const definition = await runtime.prepare(segmentOf(100));
  for (let count = 0; count < 50; count++) await runtime.run(definition);
  const measured = await repeat(200, () => timeMs(() => runtime.run(definition)));
  const floor = await withFolder((folder) => repeat(50, () => bareAppends(join(folder, 'floor'), 100, 100)));
  return {
    key: 'fan_out_of_100_ms',
    question: 'fan-out of 100 and join',
    unit: 'ms',
    measured,
    floor,
    target: 'p50 ≤ 5 ms',
    isMet: measured.median <= 5,
  };
}

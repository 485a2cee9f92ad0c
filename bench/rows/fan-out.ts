import { join } from 'node:path';
import type { BenchRuntime } from '../bench-runtime.js';
import { bare_appends } from '../floor.js';
import { with_folder } from '../folder.js';
import { repeat, time_ms } from '../measure.js';
import type { Row } from '../row.js';
import { fan_out as segment_of } from '../segments.js';

/** How long does a fan-out of 100 steps and their join take? */
export async function fan_out(runtime: BenchRuntime): Promise<Row> {
  const definition = await runtime.prepare(segment_of(100));
  for (let count = 0; count < 50; count++) await runtime.run(definition);
  const measured = await repeat(200, () => time_ms(() => runtime.run(definition)));
  const floor = await with_folder((folder) => repeat(50, () => bare_appends(join(folder, 'floor'), 100, 100)));
  return {
    key: 'fan_out_of_100_ms',
    question: 'fan-out of 100 and join',
    unit: 'ms',
    measured,
    floor,
    target: 'p50 ≤ 5 ms',
    is_met: measured.median <= 5,
  };
}

import { join } from 'node:path';
import type { BenchRuntime } from '../bench-runtime.js';
import { bareAppends } from '../floor.js';
import { withFolder } from '../folder.js';
import { repeat, timeMs } from '../measure.js';
import type { Row } from '../row.js';
import { chain } from '../segments.js';

/** How long does one run of 10 no-op steps take, with every step synced to disk? */
export async function shortRun(runtime: BenchRuntime): Promise<Row> {
  const definition = await runtime.prepare(chain(10));
  for (let count = 0; count < 100; count++) await runtime.run(definition);
  const measured = await repeat(300, () => timeMs(() => runtime.run(definition)));
  const floor = await withFolder((folder) => repeat(50, () => bareAppends(join(folder, 'floor'), 10, 1)));
  return {
    key: 'run_of_10_steps_ms',
    question: 'one run of 10 no-op steps, durable',
    unit: 'ms',
    measured,
    floor,
    target: 'p50 ≤ 3 ms',
    isMet: measured.median <= 3,
  };
}

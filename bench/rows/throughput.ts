import { join } from 'node:path';
import type { BenchRuntime } from '../bench-runtime.js';
import { bareAppends } from '../floor.js';
import { withFolder } from '../folder.js';
import { repeat, timeMs } from '../measure.js';
import type { Row } from '../row.js';
import { chain } from '../segments.js';

const inFlight = 100;
const steps = 10;
const runs = 2_000;

/** How many steps per second complete with 100 runs in flight? */
export async function throughput(runtime: BenchRuntime): Promise<Row> {
  const definition = await runtime.prepare(chain(steps));
  const round = async (): Promise<number> => {
    let left = runs;
    const lane = async (): Promise<void> => {
      while (left-- > 0) await runtime.run(definition);
    };
    const elapsed = await timeMs(() => Promise.all(Array.from({ length: inFlight }, lane)));
    return (runs * steps) / (elapsed / 1_000);
  };
  await round();
  const measured = await repeat(7, round);
  const floor = await withFolder((folder) =>
    repeat(
      5,
      async () => (runs * steps) / ((await bareAppends(join(folder, 'floor'), runs * steps, inFlight)) / 1_000),
    ),
  );
  return {
    key: 'throughput_steps_per_second',
    question: `throughput, ${inFlight} runs in flight, durable`,
    unit: 'steps/s',
    measured,
    floor,
    target: '≥ 40,000 steps/s',
    isMet: measured.median >= 40_000,
  };
}

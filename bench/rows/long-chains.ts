import { join } from 'node:path';
import type { BenchRuntime } from '../bench-runtime.js';
import { bare_appends } from '../floor.js';
import { with_folder } from '../folder.js';
import { repeat, type Spread, spread, time_ms } from '../measure.js';
import type { Row } from '../row.js';
import { chain } from '../segments.js';

/** Does a step of a long chain cost what a step of a short one does? */
export async function long_chains(runtime: BenchRuntime): Promise<Row[]> {
  const rounds = new Map<number, number[]>();
  for (const length of [100, 1_000, 10_000]) rounds.set(length, []);
  for (let round = 0; round < 5; round++) {
    for (const [length, per_step] of rounds) {
      const definition = await runtime.prepare(chain(length));
      const times = Math.max(1, Math.floor(1_000 / length));
      const elapsed = await time_ms(async () => {
        for (let count = 0; count < times; count++) await runtime.run(definition);
      });
      per_step.push(elapsed / times / length);
    }
  }
  const of = (length: number): number[] => rounds.get(length) ?? [];
  const floor = await with_folder((folder) =>
    repeat(3, async () => 1_000 / ((await bare_appends(join(folder, 'floor'), 1_000, 1)) / 1_000)),
  );
  const speed = spread(of(1_000).map((per_step) => 1_000 / per_step));
  return [
    {
      key: 'chain_of_1000_steps_per_second',
      question: 'chain of 1,000 steps',
      unit: 'steps/s',
      measured: speed,
      floor,
      target: '≥ 4,000 steps/s',
      is_met: speed.median >= 4_000,
    },
    ratio_row('chain_1000_to_100_ratio', 'time per step, chain of 1,000 to 100', of(1_000), of(100)),
    ratio_row('chain_10000_to_100_ratio', 'time per step, chain of 10,000 to 100', of(10_000), of(100)),
  ];
}

/** Ratio of two series measured alternately, at most 1.3. */
export function ratio_row(key: string, question: string, longer: readonly number[], shorter: readonly number[]): Row {
  const measured: Spread = spread(longer.map((value, round) => value / (shorter[round] ?? Number.NaN)));
  return { key, question, unit: 'ratio', measured, floor: null, target: '≤ 1.3', is_met: measured.median <= 1.3 };
}

import { join } from 'node:path';
import type { BenchRuntime } from '../bench-runtime.js';
import { bareAppends } from '../floor.js';
import { withFolder } from '../folder.js';
import { repeat, type Spread, spread, timeMs } from '../measure.js';
import type { Row } from '../row.js';
import { chain } from '../segments.js';

/** Does a step of a long chain cost the same as a step of a short one? */
export async function longChains(runtime: BenchRuntime): Promise<Row[]> {
  const rounds = new Map<number, number[]>();
  for (const length of [100, 1_000, 10_000]) rounds.set(length, []);
  for (let round = 0; round < 5; round++) {
    for (const [length, perStep] of rounds) {
      const definition = await runtime.prepare(chain(length));
      const times = Math.max(1, Math.floor(1_000 / length));
      const elapsed = await timeMs(async () => {
        for (let count = 0; count < times; count++) await runtime.run(definition);
      });
      perStep.push(elapsed / times / length);
    }
  }
  const of = (length: number): number[] => rounds.get(length) ?? [];
  const floor = await withFolder((folder) =>
    repeat(3, async () => 1_000 / ((await bareAppends(join(folder, 'floor'), 1_000, 1)) / 1_000)),
  );
  const speed = spread(of(1_000).map((perStep) => 1_000 / perStep));
  return [
    {
      key: 'chain_of_1000_steps_per_second',
      question: 'chain of 1,000 steps',
      unit: 'steps/s',
      measured: speed,
      floor,
      target: '≥ 4,000 steps/s',
      isMet: speed.median >= 4_000,
    },
    ratioRow('chain_1000_to_100_ratio', 'time per step, chain of 1,000 vs. 100', of(1_000), of(100)),
    ratioRow('chain_10000_to_100_ratio', 'time per step, chain of 10,000 vs. 100', of(10_000), of(100)),
  ];
}

/** The ratio of two series that were measured alternately; the target is at most 1.3. */
export function ratioRow(key: string, question: string, longer: readonly number[], shorter: readonly number[]): Row {
  const measured: Spread = spread(longer.map((value, round) => value / (shorter[round] ?? Number.NaN)));
  return { key, question, unit: 'ratio', measured, floor: null, target: '≤ 1.3', isMet: measured.median <= 1.3 };
}

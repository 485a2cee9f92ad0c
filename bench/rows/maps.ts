import type { BenchRuntime } from '../bench-runtime.js';
import { timeMs } from '../measure.js';
import type { Row } from '../row.js';
import { mapOver } from '../segments.js';
import { ratioRow } from './long-chains.js';

/** Does an item of a long list cost the same as an item of a short one? */
export async function maps(runtime: BenchRuntime): Promise<Row> {
  const definition = await runtime.prepare(mapOver(1));
  const perItem = async (items: number, times: number): Promise<number> => {
    const input = { items: Array.from({ length: items }, (_, place) => place) };
    const elapsed = await timeMs(async () => {
      for (let count = 0; count < times; count++) await runtime.run(definition, input);
    });
    return elapsed / times / items;
  };
  await perItem(100, 20);
  const longer: number[] = [];
  const shorter: number[] = [];
  for (let round = 0; round < 7; round++) {
    shorter.push(await perItem(100, 10));
    longer.push(await perItem(1_000, 1));
  }
  return ratioRow('map_1000_to_100_ratio', 'time per item, map of 1,000 vs. 100', longer, shorter);
}

import type { BenchRuntime } from '../bench-runtime.js';
import { time_ms } from '../measure.js';
import type { Row } from '../row.js';
import { map_over } from '../segments.js';
import { ratio_row } from './long-chains.js';

/** Does an item of a long list cost what an item of a short one does? */
export async function maps(runtime: BenchRuntime): Promise<Row> {
  const definition = await runtime.prepare(map_over(1));
  const per_item = async (items: number, times: number): Promise<number> => {
    const input = { items: Array.from({ length: items }, (_, place) => place) };
    const elapsed = await time_ms(async () => {
      for (let count = 0; count < times; count++) await runtime.run(definition, input);
    });
    return elapsed / times / items;
  };
  await per_item(100, 20);
  const longer: number[] = [];
  const shorter: number[] = [];
  for (let round = 0; round < 7; round++) {
    shorter.push(await per_item(100, 10));
    longer.push(await per_item(1_000, 1));
  }
  return ratio_row('map_1000_to_100_ratio', 'time per item, map of 1,000 to 100', longer, shorter);
}

import type { Segment } from '@llmteam/contracts';
import { find_loop_regions, no_loop } from '../graph/loop-regions.js';

/** By step id: how many loops lie around it. */
export function loop_depths({ steps, edges = [] }: Segment): Map<string, number> {
  const places = new Map(steps.map(({ step_id }, place) => [step_id, place]));
  const flow = edges.flatMap(({ from, to, from_port = 'output', to_port = 'input' }) => {
    const ends = { from: places.get(from), to: places.get(to) };
    if (ends.from === undefined || ends.to === undefined) return [];
    return [{ from: ends.from, to: ends.to, from_port, to_port }];
  });
  const is_loop = steps.map(() => false);
  for (const { from, from_port } of flow) if (from_port === 'body') is_loop[from] = true;
  const { region } = find_loop_regions(is_loop, flow);
  return new Map(steps.map(({ step_id }, place) => [step_id, depth_of(place, region)]));
}

function depth_of(place: number, region: readonly number[]): number {
  let depth = 0;
  for (let owner = region[place] ?? no_loop; owner !== no_loop; owner = region[owner] ?? no_loop) depth++;
  return depth;
}

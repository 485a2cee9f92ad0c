import type { Segment } from '@llmteam/contracts';
import { findLoopRegions, noLoop } from '../graph/loop-regions.js';

export interface StepPlace {
  /** Number of enclosing loops. */
  readonly depth: number;
  /** The innermost of these; null if there is none. */
  readonly loop: string | null;
}

/** Where steps are in loops, by step id. */
export function loopPlaces({ steps, edges = [] }: Segment): Map<string, StepPlace> {
  const places = new Map(steps.map(({ step_id }, place) => [step_id, place]));
  const flow = edges.flatMap(({ from, to, from_port = 'output', to_port = 'input' }) => {
    const ends = { from: places.get(from), to: places.get(to) };
    if (ends.from === undefined || ends.to === undefined) return [];
    return [{ from: ends.from, to: ends.to, from_port, to_port }];
  });
  const isLoop = steps.map(() => false);
  for (const { from, from_port } of flow) if (from_port === 'body') isLoop[from] = true;
  const { region } = findLoopRegions(isLoop, flow);
  return new Map(
    steps.map(({ step_id }, place) => {
      const loop = steps[region[place] ?? noLoop]?.step_id ?? null;
      return [step_id, { depth: depthOf(place, region), loop }];
    }),
  );
}

function depthOf(place: number, region: readonly number[]): number {
  let depth = 0;
  for (let owner = region[place] ?? noLoop; owner !== noLoop; owner = region[owner] ?? noLoop) depth++;
  return depth;
}

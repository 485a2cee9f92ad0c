import type { DraftGraph } from './draft-graph.js';

/**
 * A step reached both from a loop's body and from outside, with no path back to the loop, was probably meant to be outside. Returns
 * the edge inside the loop that leads out to it; null if the step does lead back, or if there is no such edge.
 */
export function exitEdge(study: DraftGraph, owner: number, target: number): number | null {
  const returning = stepsThatReturn(study, owner);
  if (returning.has(target)) return null;
  const outside = new Set([target]);
  for (const step of outside) {
    for (const place of study.graph.incoming[step] ?? []) {
      const from = study.graphEdges[place]?.from ?? owner;
      if (returning.has(from)) return place;
      if (study.graph.region[from] === owner) outside.add(from);
    }
  }
  return null;
}

/** The steps of a loop's region from which a path leads back to port `next`. */
function stepsThatReturn({ graph, graphEdges }: DraftGraph, owner: number): ReadonlySet<number> {
  const back = (edge: { readonly to: number }, place: number): boolean =>
    graph.isBack[place] === 1 && edge.to === owner;
  const returning = new Set(graphEdges.filter(back).map((edge) => edge.from));
  for (const step of returning) {
    for (const place of graph.incoming[step] ?? []) {
      const from = graphEdges[place]?.from ?? owner;
      if (graph.region[from] === owner) returning.add(from);
    }
  }
  return returning;
}

import type { Graph, GraphEdge } from './graph.js';

/** The steps whose paths all lead to `join`; they may be cancelled once the join no longer needs them. */
export function exclusiveUpstream(graph: Graph, edges: readonly GraphEdge[], join: number): ReadonlySet<number> {
  const members = new Set<number>();
  for (let index = graph.order.length - 1; index >= 0; index--) {
    const step = graph.order[index] as number;
    if (step === join || graph.region[step] !== graph.region[join]) continue;
    // Edges into a loop's own body come back to the loop, so they do not lead away from it.
    const out = (graph.outgoing[step] ?? []).filter((edge) => graph.region[edges[edge]?.to ?? -1] !== step);
    const leadsOnlyToJoin = out.every((edge) => {
      const to = edges[edge]?.to ?? -1;
      return graph.isBack[edge] === 0 && (to === join || members.has(to));
    });
    if (out.length > 0 && leadsOnlyToJoin) members.add(step);
  }
  return members;
}

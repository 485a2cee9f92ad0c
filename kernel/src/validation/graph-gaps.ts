/**
 * Purpose: drops faults that a gap in the draft (a dangling edge, an unknown entrypoint) may have caused.
 * Invariants: linear in steps and edges.
 */
import { type Graph, type GraphEdge, type GraphFault, rootRegion } from '../engine/graph.js';
import { ClosestName } from './closest-name.js';
import type { Draft, DraftEdge } from './draft.js';

export function withoutGaps(
  faults: readonly GraphFault[],
  draft: Draft,
  graph: Graph,
  edges: readonly GraphEdge[],
): GraphFault[] {
  const gaps = draft.edges.filter((edge) => edge.from_step === null || edge.to_step === null);
  const reachable = stepsThatMayBeReached(draft, gaps, graph, edges);
  const mayReturn = stepsThatMayReturn(gaps, graph, edges);
  return faults.filter((fault) => {
    if (fault.kind === 'body_never_returns') return !mayReturn.has(fault.step);
    if (fault.kind !== 'unreachable') return true;
    const step = draft.steps[fault.step];
    const isAddressable = step !== undefined && draft.byId.get(step.step_id ?? '') === step;
    return isAddressable && reachable !== null && !reachable.has(fault.step);
  });
}

/** Steps reachable from the entrypoint or from the probable targets of misspelled edges; null if there is no valid entrypoint. */
function stepsThatMayBeReached(
  draft: Draft,
  gaps: readonly DraftEdge[],
  graph: Graph,
  edges: readonly GraphEdge[],
): ReadonlySet<number> | null {
  const entrypoint = draft.byId.get(draft.entrypoint ?? '')?.index ?? -1;
  if (entrypoint < 0 || graph.region[entrypoint] !== rootRegion) return null;
  const closest = new ClosestName();
  const reached = new Set([entrypoint]);
  for (const { to, to_step } of gaps) {
    const intended = to_step ?? draft.byId.get(closest.find(to ?? '', draft.byId.keys()) ?? '');
    if (intended !== undefined) reached.add(intended.index);
  }
  for (const step of reached) {
    for (const index of graph.outgoing[step] ?? []) reached.add(edges[index]?.to ?? step);
  }
  return reached;
}

/** Steps from which a path ends in a dangling edge, which may have been meant to lead back to the loop. */
function stepsThatMayReturn(
  gaps: readonly DraftEdge[],
  graph: Graph,
  edges: readonly GraphEdge[],
): ReadonlySet<number> {
  const mayReturn = new Set(
    gaps.flatMap(({ from_step, to_step }) => (to_step === null ? (from_step?.index ?? []) : [])),
  );
  for (const step of mayReturn) {
    for (const index of graph.incoming[step] ?? []) mayReturn.add(edges[index]?.from ?? step);
  }
  return mayReturn;
}

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
  const reachable = mayBeReached(draft, gaps, graph, edges);
  const endless = mayComeBack(gaps, graph, edges);
  return faults.filter((fault) => {
    if (fault.kind === 'body_never_returns') return !endless.has(fault.step);
    if (fault.kind !== 'unreachable') return true;
    const step = draft.steps[fault.step];
    const canBeLedTo = step !== undefined && draft.byId.get(step.step_id ?? '') === step;
    return canBeLedTo && reachable !== null && !reachable.has(fault.step);
  });
}

/** Steps reachable from the entrypoint or from the probable targets of misspelt edges; null if there is no valid entrypoint. */
function mayBeReached(
  draft: Draft,
  gaps: readonly DraftEdge[],
  graph: Graph,
  edges: readonly GraphEdge[],
): ReadonlySet<number> | null {
  const entrypoint = draft.byId.get(draft.entrypoint ?? '')?.place ?? -1;
  if (entrypoint < 0 || graph.region[entrypoint] !== rootRegion) return null;
  const closest = new ClosestName();
  const reached = new Set([entrypoint]);
  for (const { to, to_step } of gaps) {
    const meant = to_step ?? draft.byId.get(closest.find(to ?? '', draft.byId.keys()) ?? '');
    if (meant !== undefined) reached.add(meant.place);
  }
  for (const step of reached) {
    for (const place of graph.outgoing[step] ?? []) reached.add(edges[place]?.to ?? step);
  }
  return reached;
}

/** Steps from which a path ends in a dangling edge, which may have been meant to lead back to the loop. */
function mayComeBack(gaps: readonly DraftEdge[], graph: Graph, edges: readonly GraphEdge[]): ReadonlySet<number> {
  const endless = new Set(gaps.flatMap(({ from_step, to_step }) => (to_step === null ? (from_step?.place ?? []) : [])));
  for (const step of endless) {
    for (const place of graph.incoming[step] ?? []) endless.add(edges[place]?.from ?? step);
  }
  return endless;
}

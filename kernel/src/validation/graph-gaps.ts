/**
 * Purpose: takes away the faults that a gap in the draft may have caused: an edge to nowhere, an entrypoint that is none.
 * Invariants: linear in steps and edges.
 */
import { type Graph, type GraphEdge, type GraphFault, root_region } from '../engine/graph.js';
import { ClosestName } from './closest-name.js';
import type { Draft, DraftEdge } from './draft.js';

export function without_gaps(
  faults: readonly GraphFault[],
  draft: Draft,
  graph: Graph,
  edges: readonly GraphEdge[],
): GraphFault[] {
  const gaps = draft.edges.filter((edge) => edge.from_step === null || edge.to_step === null);
  const reachable = may_be_reached(draft, gaps, graph, edges);
  const endless = may_come_back(gaps, graph, edges);
  return faults.filter((fault) => {
    if (fault.kind === 'body_never_returns') return !endless.has(fault.step);
    if (fault.kind !== 'unreachable') return true;
    const step = draft.steps[fault.step];
    const can_be_led_to = step !== undefined && draft.by_id.get(step.step_id ?? '') === step;
    return can_be_led_to && reachable !== null && !reachable.has(fault.step);
  });
}

/** From the entrypoint, or from where edges with a misspelt end were probably meant to lead; null: there is no entrypoint. */
function may_be_reached(
  draft: Draft,
  gaps: readonly DraftEdge[],
  graph: Graph,
  edges: readonly GraphEdge[],
): ReadonlySet<number> | null {
  const entrypoint = draft.by_id.get(draft.entrypoint ?? '')?.place ?? -1;
  if (entrypoint < 0 || graph.region[entrypoint] !== root_region) return null;
  const closest = new ClosestName();
  const reached = new Set([entrypoint]);
  for (const { to, to_step } of gaps) {
    const meant = to_step ?? draft.by_id.get(closest.find(to ?? '', draft.by_id.keys()) ?? '');
    if (meant !== undefined) reached.add(meant.place);
  }
  for (const step of reached) {
    for (const place of graph.outgoing[step] ?? []) reached.add(edges[place]?.to ?? step);
  }
  return reached;
}

/** Steps from which a path leads to an edge to nowhere: it may have been meant to lead back to the loop. */
function may_come_back(gaps: readonly DraftEdge[], graph: Graph, edges: readonly GraphEdge[]): ReadonlySet<number> {
  const endless = new Set(gaps.flatMap(({ from_step, to_step }) => (to_step === null ? (from_step?.place ?? []) : [])));
  for (const step of endless) {
    for (const place of graph.incoming[step] ?? []) endless.add(edges[place]?.from ?? step);
  }
  return endless;
}

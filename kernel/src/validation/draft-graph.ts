/**
 * Purpose: the graph of a draft, for the rules about edges, loops and what is upstream of what.
 * Owns: what is assumed where the draft has gaps. Does not own: the laws of the graph; those are `engine/graph.ts`.
 * Invariants:
 *   D1 A gap (an edge to nowhere, an unknown type) is no cause of a fault: what it may have broken is not reported.
 *   D2 Edges are numbered as in `edges` here, which leaves out those without two ends; `DraftEdge.place` is the segment's number.
 */
import type { StepCatalog } from '../catalog/step-catalog.js';
import { analyseGraph, type Graph, type GraphEdge, type GraphFault, type GraphInput } from '../engine/graph.js';
import { ClosestName } from './closest-name.js';
import { type Draft, type DraftEdge, type DraftStep, entryOfAnyVersion } from './draft.js';
import { withoutGaps } from './graph-gaps.js';

export interface DraftGraph {
  readonly graph: Graph;
  readonly edges: readonly DraftEdge[];
  /** As the engine numbers them; one for each of `edges`. */
  readonly graphEdges: readonly GraphEdge[];
  /** Edges of faults are numbers in `edges`. */
  readonly faults: readonly GraphFault[];
  hasRegion(step: DraftStep): boolean;
}

type Cycle = Extract<GraphFault, { kind: 'cycle' }>;

/** Of a segment with more cycles, the first ones are told. */
const mostCycles = 8;

export function studyGraph(draft: Draft, catalog: StepCatalog): DraftGraph {
  const loops = findLoops(draft, catalog);
  const edges = draft.edges.filter((edge) => edge.from_step !== null && edge.to_step !== null);
  const { input, graph } = analyse(draft, loops, edges);
  const faults = withoutGaps(findFaults(input, graph), draft, graph, input.edges);
  return { graph, edges, graphEdges: input.edges, faults, hasRegion: (step) => loops.has(step.place) };
}

/**
 * The graph for questions that only make sense where paths are sound, with misspelt ends of edges mended; null: it has a cycle, an
 * edge across the border of a loop, or an edge of which nobody can say what was meant.
 */
export function soundGraph(draft: Draft, study: DraftGraph): DraftGraph | null {
  if (study.graph.faults.some(breaksPaths)) return null;
  const closest = new ClosestName();
  const edges = draft.edges.map((edge) => mended(edge, draft, closest));
  if (edges.length === study.edges.length) return study;
  if (edges.some((edge) => edge.from_step === null || edge.to_step === null)) return null;
  const loops = new Set(draft.steps.filter((step) => study.hasRegion(step)).map((step) => step.place));
  const { input, graph } = analyse(draft, loops, edges);
  return graph.faults.some(breaksPaths) ? null : { ...study, graph, edges, graphEdges: input.edges };
}

function breaksPaths({ kind }: GraphFault): boolean {
  return kind === 'cycle' || kind === 'self_loop' || kind === 'region_escape' || kind === 'nesting_too_deep';
}

function mended(edge: DraftEdge, draft: Draft, closest: ClosestName): DraftEdge {
  const meant = (id: string | null): DraftStep | null =>
    draft.byId.get(closest.find(id ?? '', draft.byId.keys()) ?? '') ?? null;
  if (edge.from_step !== null && edge.to_step !== null) return edge;
  return { ...edge, from_step: edge.from_step ?? meant(edge.from), to_step: edge.to_step ?? meant(edge.to) };
}

function analyse(
  draft: Draft,
  loops: ReadonlySet<number>,
  edges: readonly DraftEdge[],
): { input: GraphInput; graph: Graph } {
  const input: GraphInput = {
    stepCount: draft.steps.length,
    entrypoint: draft.byId.get(draft.entrypoint ?? '')?.place ?? -1,
    hasRegion: (step) => loops.has(step),
    edges: edges.map((edge) => ({
      from: edge.from_step?.place ?? 0,
      from_port: edge.from_port ?? 'output',
      to: edge.to_step?.place ?? 0,
      to_port: edge.to_port ?? 'input',
    })),
  };
  return { input, graph: analyseGraph(input) };
}

/** Steps with a region; a step of unknown type has one if its edges use the ports of one. */
function findLoops(draft: Draft, catalog: StepCatalog): Set<number> {
  const loops = new Set<number>();
  const unknown = new Set<number>();
  for (const step of draft.steps) {
    const entry = entryOfAnyVersion(step, catalog);
    if (entry?.control?.hasRegion === true) loops.add(step.place);
    else if (entry === null) unknown.add(step.place);
  }
  for (const { from_step, from_port, to_step, to_port } of draft.edges) {
    if (from_step !== null && from_port === 'body' && unknown.has(from_step.place)) loops.add(from_step.place);
    if (to_step !== null && to_port === 'next' && unknown.has(to_step.place)) loops.add(to_step.place);
  }
  return loops;
}

/** The graph's faults; each cycle found is cut open, to find the next. */
function findFaults(input: GraphInput, graph: Graph): GraphFault[] {
  const misdirected = misdirectedEdges(input, graph);
  const loops = new Set(misdirected.map((place) => input.edges[place]?.to));
  const lasting = graph.faults.filter(({ kind }) => kind !== 'cycle' && kind !== 'unreachable');
  const loose = new Set(misdirected);
  for (const fault of lasting) if (fault.kind === 'self_loop') loose.add(fault.edge);
  const cycles: Cycle[] = [];
  let latest = loose.size === 0 ? graph : analyseWithout(input, loose);
  for (let cycle = cycleOf(latest); cycle !== undefined && cycles.length < mostCycles; cycle = cycleOf(latest)) {
    cycles.push(cycle);
    for (const place of closingEdges(graph, input.edges, cycle.steps)) loose.add(place);
    latest = analyseWithout(input, loose);
  }
  return [
    ...lasting.filter((fault) => fault.kind !== 'body_never_returns' || !loops.has(fault.step)),
    ...cycles,
    ...latest.faults.filter((fault) => fault.kind === 'unreachable'),
  ];
}

/** Edges that lead from a region back to its loop step on another port than `next`: no cycle and no dead end besides. */
function misdirectedEdges(input: GraphInput, graph: Graph): number[] {
  const escapes = graph.faults.flatMap((fault) => (fault.kind === 'region_escape' ? [fault.edge] : []));
  return escapes.filter((place) => {
    const edge = input.edges[place];
    return edge !== undefined && graph.region[edge.from] === edge.to;
  });
}

function analyseWithout(input: GraphInput, loose: ReadonlySet<number>): Graph {
  return analyseGraph({ ...input, edges: input.edges.filter((_, place) => !loose.has(place)) });
}

function cycleOf(graph: Graph): Cycle | undefined {
  return graph.faults.find((fault) => fault.kind === 'cycle');
}

/** Of the edges along a cycle the one written last, mostly the one that leads back, and those beside it. */
export function closingEdges(graph: Graph, edges: readonly GraphEdge[], cycle: readonly number[]): number[] {
  const next = new Map(cycle.map((step, offset) => [step, cycle[(offset + 1) % cycle.length]]));
  const isAlong = (edge: GraphEdge, place: number): boolean =>
    graph.isBack[place] === 0 && next.get(edge.from) === edge.to;
  const last = edges.findLast(isAlong);
  if (last === undefined) return [];
  return edges.flatMap((edge, place) => (edge.from === last.from && isAlong(edge, place) ? [place] : []));
}

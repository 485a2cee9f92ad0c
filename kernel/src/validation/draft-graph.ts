/**
 * Purpose: the graph of a draft, for the rules about edges, loops and upstream steps.
 * Owns: the assumptions made where the draft has gaps. Does not own: the rules of a valid graph (`engine/graph.ts`).
 * Invariants:
 *   D1 A gap (a dangling edge, an unknown type) never causes further faults: whatever it may have broken is not reported.
 *   D2 Edge numbers are indexes into `edges` here, which omits dangling edges; `DraftEdge.index` is the index in the segment.
 */
import type { StepCatalog } from '../catalog/step-catalog.js';
import { analyseGraph, type Graph, type GraphEdge, type GraphFault, type GraphInput } from '../engine/graph.js';
import type { Work } from '../slices/slices.js';
import { ClosestName } from './closest-name.js';
import { type Draft, type DraftEdge, type DraftStep, entryOfAnyVersion } from './draft.js';
import { withoutGaps } from './graph-gaps.js';

export interface DraftGraph {
  readonly graph: Graph;
  readonly edges: readonly DraftEdge[];
  /** The engine's form of `edges`, with the same indexes. */
  readonly graphEdges: readonly GraphEdge[];
  /** Edge numbers in faults are indexes into `edges`. */
  readonly faults: readonly GraphFault[];
  hasRegion(step: DraftStep): boolean;
}

type Cycle = Extract<GraphFault, { kind: 'cycle' }>;

/** Cycles beyond this number are not reported. */
const maxCycles = 8;

export function* analyseDraftGraph(draft: Draft, catalog: StepCatalog): Work<DraftGraph> {
  const loops = findLoops(draft, catalog);
  yield;
  const edges = draft.edges.filter((edge) => edge.from_step !== null && edge.to_step !== null);
  const { input, graph } = analyse(draft, loops, edges);
  yield;
  const faults = withoutGaps(yield* findFaults(input, graph), draft, graph, input.edges);
  yield;
  return { graph, edges, graphEdges: input.edges, faults, hasRegion: (step) => loops.has(step.index) };
}

/**
 * The graph with misspelled edge ends corrected, for questions that only make sense if its paths are sound. null if it has a cycle, an
 * edge that crosses a loop boundary, or a dangling edge whose intended step cannot be guessed.
 */
export function soundGraph(draft: Draft, analysis: DraftGraph): DraftGraph | null {
  if (analysis.graph.faults.some(breaksPaths)) return null;
  const closest = new ClosestName();
  const edges = draft.edges.map((edge) => repaired(edge, draft, closest));
  if (edges.length === analysis.edges.length) return analysis;
  if (edges.some((edge) => edge.from_step === null || edge.to_step === null)) return null;
  const loops = new Set(draft.steps.filter((step) => analysis.hasRegion(step)).map((step) => step.index));
  const { input, graph } = analyse(draft, loops, edges);
  return graph.faults.some(breaksPaths) ? null : { ...analysis, graph, edges, graphEdges: input.edges };
}

function breaksPaths({ kind }: GraphFault): boolean {
  return kind === 'cycle' || kind === 'self_loop' || kind === 'region_escape' || kind === 'nesting_too_deep';
}

function repaired(edge: DraftEdge, draft: Draft, closest: ClosestName): DraftEdge {
  const intended = (id: string | null): DraftStep | null =>
    draft.byId.get(closest.find(id ?? '', draft.byId.keys()) ?? '') ?? null;
  if (edge.from_step !== null && edge.to_step !== null) return edge;
  return { ...edge, from_step: edge.from_step ?? intended(edge.from), to_step: edge.to_step ?? intended(edge.to) };
}

function analyse(
  draft: Draft,
  loops: ReadonlySet<number>,
  edges: readonly DraftEdge[],
): { input: GraphInput; graph: Graph } {
  const input: GraphInput = {
    stepCount: draft.steps.length,
    entrypoint: draft.byId.get(draft.entrypoint ?? '')?.index ?? -1,
    hasRegion: (step) => loops.has(step),
    edges: edges.map((edge) => ({
      from: edge.from_step?.index ?? 0,
      from_port: edge.from_port ?? 'output',
      to: edge.to_step?.index ?? 0,
      to_port: edge.to_port ?? 'input',
    })),
  };
  return { input, graph: analyseGraph(input) };
}

/** Steps with a region; a step of unknown type counts if its edges use the ports of a loop. */
function findLoops(draft: Draft, catalog: StepCatalog): Set<number> {
  const loops = new Set<number>();
  const unknown = new Set<number>();
  for (const step of draft.steps) {
    const entry = entryOfAnyVersion(step, catalog);
    if (entry?.control?.hasRegion === true) loops.add(step.index);
    else if (entry === null) unknown.add(step.index);
  }
  for (const { from_step, from_port, to_step, to_port } of draft.edges) {
    if (from_step !== null && from_port === 'body' && unknown.has(from_step.index)) loops.add(from_step.index);
    if (to_step !== null && to_port === 'next' && unknown.has(to_step.index)) loops.add(to_step.index);
  }
  return loops;
}

/** The graph's faults; each cycle is cut open once found, to find the next one. */
function* findFaults(input: GraphInput, graph: Graph): Work<GraphFault[]> {
  const misdirected = misdirectedEdges(input, graph);
  const loops = new Set(misdirected.map((index) => input.edges[index]?.to));
  const lasting = graph.faults.filter(({ kind }) => kind !== 'cycle' && kind !== 'unreachable');
  const loose = new Set(misdirected);
  for (const fault of lasting) if (fault.kind === 'self_loop') loose.add(fault.edge);
  const cycles: Cycle[] = [];
  let latest = loose.size === 0 ? graph : analyseWithout(input, loose);
  for (let cycle = cycleOf(latest); cycle !== undefined && cycles.length < maxCycles; cycle = cycleOf(latest)) {
    cycles.push(cycle);
    for (const index of closingEdges(graph, input.edges, cycle.steps)) loose.add(index);
    yield;
    latest = analyseWithout(input, loose);
    yield;
  }
  return [
    ...lasting.filter((fault) => fault.kind !== 'body_never_returns' || !loops.has(fault.step)),
    ...cycles,
    ...latest.faults.filter((fault) => fault.kind === 'unreachable'),
  ];
}

/** Edges from a region back to its loop step on a port other than `next`; they cause no further cycle or dead-end faults. */
function misdirectedEdges(input: GraphInput, graph: Graph): number[] {
  const escapes = graph.faults.flatMap((fault) => (fault.kind === 'region_escape' ? [fault.edge] : []));
  return escapes.filter((index) => {
    const edge = input.edges[index];
    return edge !== undefined && graph.region[edge.from] === edge.to;
  });
}

function analyseWithout(input: GraphInput, loose: ReadonlySet<number>): Graph {
  return analyseGraph({ ...input, edges: input.edges.filter((_, index) => !loose.has(index)) });
}

function cycleOf(graph: Graph): Cycle | undefined {
  return graph.faults.find((fault) => fault.kind === 'cycle');
}

/** The edge of a cycle that is written last, which is usually the one leading back, and its parallel edges. */
export function closingEdges(graph: Graph, edges: readonly GraphEdge[], cycle: readonly number[]): number[] {
  const next = new Map(cycle.map((step, index) => [step, cycle[(index + 1) % cycle.length]]));
  const isAlong = (edge: GraphEdge, index: number): boolean =>
    graph.isBack[index] === 0 && next.get(edge.from) === edge.to;
  const last = edges.findLast(isAlong);
  if (last === undefined) return [];
  return edges.flatMap((edge, index) => (edge.from === last.from && isAlong(edge, index) ? [index] : []));
}

/**
 * Purpose: analyses a segment's graph: forward and back edges, loop regions, topological order.
 * Owns: the definition of a region. Does not own: error messages; faults only carry indices, the validator words them.
 * Invariants:
 *   G1 An edge is forward unless it leads from a region back to port `next` of that region's loop step.
 *   G2 A step belongs to the region of the innermost loop whose `body` reaches it without passing through the loop step.
 *   G3 Everything here is linear in steps and edges, times `caps.loop_nesting`.
 */
import { caps } from '@llmteam/contracts';

export const rootRegion = -1;

/** A segment's graph with each step identified by its index. */
export interface GraphInput {
  readonly stepCount: number;
  readonly entrypoint: number;
  /** Whether the step's type has a region (ports `body` and `next`). */
  readonly hasRegion: (step: number) => boolean;
  readonly edges: readonly GraphEdge[];
}

export interface GraphEdge {
  readonly from: number;
  readonly from_port: string;
  readonly to: number;
  readonly to_port: string;
}

export interface Graph {
  /** Per step: the loop step whose region contains it, or {@link rootRegion}. */
  readonly region: Int32Array;
  /** Per edge: 1 if it leads back to `next` of its own loop. */
  readonly isBack: Uint8Array;
  /** Per step: indices of its incoming forward edges, in edge order. */
  readonly incoming: readonly (readonly number[])[];
  /** Per step: indices of its outgoing edges, including back edges, in edge order. */
  readonly outgoing: readonly (readonly number[])[];
  /** Steps in topological order of forward edges; shorter than the step count if there are cycles. */
  readonly order: readonly number[];
  readonly faults: readonly GraphFault[];
}

export type GraphFault =
  | { readonly kind: 'cycle'; readonly steps: readonly number[] }
  | { readonly kind: 'region_escape'; readonly edge: number }
  | { readonly kind: 'self_loop'; readonly edge: number }
  | { readonly kind: 'body_never_returns'; readonly step: number }
  | { readonly kind: 'entrypoint_in_region'; readonly owner: number }
  | { readonly kind: 'unreachable'; readonly step: number }
  | { readonly kind: 'nesting_too_deep'; readonly step: number };

export function analyseGraph(input: GraphInput): Graph {
  const outgoing = edgeLists(input, (edge) => edge.from);
  const faults: GraphFault[] = [];
  input.edges.forEach((edge, index) => {
    if (edge.from === edge.to) faults.push({ kind: 'self_loop', edge: index });
  });
  const regions = findRegions(input, outgoing, faults);
  const isBack = markBackEdges(input, regions);
  const incoming = edgeLists(input, (edge, index) => (isBack[index] === 1 ? null : edge.to));
  faults.push(...escapes(input, regions.region, isBack));
  const order = topologicalOrder(input, outgoing, incoming, isBack);
  if (order.length < input.stepCount) {
    faults.push({ kind: 'cycle', steps: oneCycle(input, incoming, order) });
  } else {
    faults.push(...unreachableSteps(input, outgoing));
  }
  const owner = regions.region[input.entrypoint];
  if (owner !== undefined && owner !== rootRegion) faults.push({ kind: 'entrypoint_in_region', owner });
  return { region: regions.region, isBack, incoming, outgoing, order, faults };
}

function edgeLists(input: GraphInput, key: (edge: GraphEdge, index: number) => number | null): number[][] {
  const lists: number[][] = Array.from({ length: input.stepCount }, () => []);
  input.edges.forEach((edge, index) => {
    const step = key(edge, index);
    if (step !== null) lists[step]?.push(index);
  });
  return lists;
}

interface Regions {
  readonly region: Int32Array;
  /** Per loop step: the steps reachable from its body. */
  readonly members: ReadonlyMap<number, ReadonlySet<number>>;
}

function findRegions(input: GraphInput, outgoing: number[][], faults: GraphFault[]): Regions {
  const region = new Int32Array(input.stepCount).fill(rootRegion);
  const regionSize = new Int32Array(input.stepCount).fill(input.stepCount + 1);
  const members = new Map<number, ReadonlySet<number>>();
  let budget = (caps.loop_nesting + 1) * (input.stepCount + input.edges.length + 1);
  for (let step = 0; step < input.stepCount; step++) {
    if (!input.hasRegion(step)) continue;
    const reached = bodyOf(input, outgoing, step);
    members.set(step, reached.steps);
    budget -= reached.work;
    if (budget < 0) {
      faults.push({ kind: 'nesting_too_deep', step });
      break;
    }
    if (!reached.returns) faults.push({ kind: 'body_never_returns', step });
    for (const member of reached.steps) {
      if (reached.steps.size < (regionSize[member] ?? 0)) {
        region[member] = step;
        regionSize[member] = reached.steps.size;
      }
    }
  }
  findDeepNesting(input, region, faults);
  return { region, members };
}

function findDeepNesting(input: GraphInput, region: Int32Array, faults: GraphFault[]): void {
  for (let step = 0; step < input.stepCount; step++) {
    if (!input.hasRegion(step)) continue;
    let depth = 1;
    let owner = region[step] ?? rootRegion;
    while (owner !== rootRegion && depth <= caps.loop_nesting) {
      depth++;
      owner = region[owner] ?? rootRegion;
    }
    if (depth > caps.loop_nesting) {
      faults.push({ kind: 'nesting_too_deep', step });
      return;
    }
  }
}

/** The steps reachable from a loop step's body without passing through the loop step. */
function bodyOf(
  input: GraphInput,
  outgoing: number[][],
  loop: number,
): { steps: Set<number>; returns: boolean; work: number } {
  const steps = new Set<number>();
  const stack: number[] = [];
  // An edge into `next` of an enclosing loop leaves the region; it is reported as an escape, not followed.
  const isNextOfOther = (edge: GraphEdge): boolean => edge.to_port === 'next' && input.hasRegion(edge.to);
  let returns = false;
  let work = 0;
  const visit = (index: number): void => {
    work++;
    const edge = input.edges[index];
    if (edge === undefined) return;
    if (edge.to === loop) {
      if (edge.to_port === 'next') returns = true;
    } else if (!isNextOfOther(edge) && !steps.has(edge.to)) {
      steps.add(edge.to);
      stack.push(edge.to);
    }
  };
  for (const index of outgoing[loop] ?? []) {
    if (input.edges[index]?.from_port === 'body') visit(index);
  }
  for (let step = stack.pop(); step !== undefined; step = stack.pop()) {
    for (const index of outgoing[step] ?? []) visit(index);
  }
  return { steps, returns, work };
}

function markBackEdges(input: GraphInput, regions: Regions): Uint8Array {
  const isBack = new Uint8Array(input.edges.length);
  input.edges.forEach((edge, index) => {
    if (edge.to_port !== 'next' || !input.hasRegion(edge.to)) return;
    if (edge.from === edge.to || regions.members.get(edge.to)?.has(edge.from)) isBack[index] = 1;
  });
  return isBack;
}

/** Edges that enter a region other than through `body` or leave it other than through `next`. */
function escapes(input: GraphInput, region: Int32Array, isBack: Uint8Array): GraphFault[] {
  const faults: GraphFault[] = [];
  input.edges.forEach((edge, index) => {
    if (edge.from === edge.to) return;
    const fromBody = edge.from_port === 'body' && input.hasRegion(edge.from);
    const inside = fromBody ? edge.from : region[edge.from];
    const expected = isBack[index] === 1 ? edge.to : region[edge.to];
    const toNext = edge.to_port === 'next' && input.hasRegion(edge.to) && isBack[index] === 0;
    if (inside !== expected || toNext) faults.push({ kind: 'region_escape', edge: index });
  });
  return faults;
}

function topologicalOrder(input: GraphInput, outgoing: number[][], incoming: number[][], isBack: Uint8Array): number[] {
  const waiting = Int32Array.from(incoming, (edges) => edges.length);
  const order: number[] = [];
  for (let step = 0; step < input.stepCount; step++) if (waiting[step] === 0) order.push(step);
  for (let next = 0; next < order.length; next++) {
    for (const index of outgoing[order[next] as number] ?? []) {
      const to = input.edges[index]?.to;
      if (to === undefined || isBack[index] === 1) continue;
      const left = (waiting[to] ?? 0) - 1;
      waiting[to] = left;
      if (left === 0) order.push(to);
    }
  }
  return order;
}

/** Walks backwards through the unordered steps until one repeats. */
function oneCycle(input: GraphInput, incoming: number[][], order: number[]): number[] {
  const ordered = new Set(order);
  const seen = new Map<number, number>();
  const path: number[] = [];
  let step = 0;
  while (ordered.has(step)) step++;
  while (!seen.has(step)) {
    seen.set(step, path.length);
    path.push(step);
    const back = (incoming[step] ?? []).find((index) => !ordered.has(input.edges[index]?.from ?? -1));
    if (back === undefined) break;
    step = input.edges[back]?.from ?? step;
  }
  return path.slice(seen.get(step) ?? 0).reverse();
}

function unreachableSteps(input: GraphInput, outgoing: number[][]): GraphFault[] {
  const reached = new Uint8Array(input.stepCount);
  const stack = [input.entrypoint];
  reached[input.entrypoint] = 1;
  for (let step = stack.pop(); step !== undefined; step = stack.pop()) {
    for (const index of outgoing[step] ?? []) {
      const to = input.edges[index]?.to;
      if (to !== undefined && reached[to] === 0) {
        reached[to] = 1;
        stack.push(to);
      }
    }
  }
  const faults: GraphFault[] = [];
  reached.forEach((flag, step) => {
    if (flag === 0) faults.push({ kind: 'unreachable', step });
  });
  return faults;
}

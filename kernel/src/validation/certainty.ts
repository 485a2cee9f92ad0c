/**
 * Purpose: whether a step has certainly run when another reads it, so that no `has()` is asked for.
 * Owns: what follows from ports beyond the paths: branches of a fork all run, and a join after every branch runs.
 * Invariants:
 *   C1 `true` is said only if it holds whatever a run does, or if finding out would take too long.
 *   C2 A step that fails without an edge from `error` ends the run, so nobody reads what comes after it; except where a join
 *      catches failures, or `on_failure` lets other branches go on.
 */
import { exclusiveUpstream, type Upstream } from '../engine/upstream.js';
import type { Draft, DraftEdge, DraftStep } from './draft.js';
import type { DraftGraph } from './draft-graph.js';
import type { PortBook } from './step-ports.js';

/** Edges looked at in all. */
const work = 2_000_000;
/** Strategies of a `parallel_join` that cancel the branches it no longer needs. */
const cancelling = ['first', 'any'];

export class Certainty {
  private left = work;
  private readonly entrypoint: number;
  private readonly goesOn: boolean;
  private losers: ReadonlySet<number> | null = null;

  constructor(
    private readonly draft: Draft,
    private readonly study: DraftGraph,
    private readonly upstream: Upstream,
    private readonly portsOf: PortBook,
  ) {
    this.entrypoint = draft.byId.get(draft.entrypoint ?? '')?.place ?? -1;
    this.goesOn = draft.params.on_failure === 'finish_branches';
  }

  /** Whether `other`, which is upstream, ran if `reader` starts. */
  hasRun(other: number, reader: number): boolean {
    if (this.upstream.isCertain(other, reader)) return true;
    if (this.goesOn) return false;
    return this.followsFrom(other, (step) => this.upstream.isCertain(step, reader));
  }

  /** Whether `step`, outside all loops, runs in every run that completes. */
  alwaysRuns(step: number): boolean {
    return this.followsFrom(step, (earlier) => this.isUnavoidable(earlier));
  }

  /** Whether `step` runs because a step that `isSure` runs; walks back along edges that are always taken. */
  private followsFrom(step: number, isSure: (step: number) => boolean): boolean {
    const reached = new Set([step]);
    for (const offset of reached) {
      if (this.losersOfJoins().has(offset)) continue;
      if (offset === this.entrypoint || isSure(offset) || this.isExhausted()) return true;
      const edges = this.edgesOf(this.study.graph.incoming[offset]).filter((edge) => this.isAlwaysTaken(edge));
      if (edges.some((edge) => this.leavesBody(edge))) return true;
      for (const { from_step } of edges) reached.add(from_step?.place ?? step);
    }
    return false;
  }

  private edgesOf(places: readonly number[] = []): DraftEdge[] {
    this.left -= places.length + 1;
    return places.flatMap((place) => this.study.edges[place] ?? []);
  }

  private isExhausted(): boolean {
    return this.left < 0;
  }

  /** The region's first steps run in each iteration, which is where they are read. */
  private leavesBody({ from_step, from_port }: DraftEdge): boolean {
    return from_port === 'body' && from_step !== null && this.study.hasRegion(from_step);
  }

  /** Taken whenever the step it comes from has ended well. */
  private isAlwaysTaken(edge: DraftEdge): boolean {
    const { from_step: step, from_port: port } = edge;
    if (step === null || port === 'error' || isConditional(edge, this.draft)) return false;
    return this.leavesBody(edge) || (this.firesAll(step) && !this.hasFailureEdge(step));
  }

  /**
   * Whether a step that ends well fires all ports that an edge leaves from. Tasks do, as far as anybody can tell: ports are the
   * parts of their result. Of control types, which decide by ports, those with one.
   */
  private firesAll(step: DraftStep): boolean {
    const { entry } = step;
    if (entry?.metadata.type_id === 'parallel_split') return true;
    const ports = this.resultPorts(step);
    if (ports !== null) return entry?.control === null || ports.length === 1;
    const used = this.edgesOf(this.study.graph.outgoing[step.place]).map((edge) => edge.from_port);
    return entry?.control === null && new Set(used.filter((port) => port !== 'error')).size === 1;
  }

  /** Of these ports at least one fires when the step ends well; null: not known. */
  private resultPorts(step: DraftStep): string[] | null {
    const ports = this.portsOf(step, 'output');
    if (ports === null) return null;
    const inner = this.study.hasRegion(step) ? 'body' : '';
    return [...ports].filter((port) => port !== 'error' && port !== inner);
  }

  private hasFailureEdge(step: DraftStep): boolean {
    return this.edgesOf(this.study.graph.outgoing[step.place]).some((edge) => edge.from_port === 'error');
  }

  /** No run ends well without it: whatever is taken from the entrypoint on leads there. */
  private isUnavoidable(step: number): boolean {
    if (this.entrypoint < 0) return true;
    const reached = new Set([this.entrypoint]);
    for (const offset of reached) {
      if (offset === step) continue;
      if (this.isExhausted()) return true;
      const edges = this.edgesOf(this.study.graph.outgoing[offset]).filter((edge) => !this.leavesBody(edge));
      if (this.mayStop(offset, edges)) return false;
      for (const { to_step } of edges) reached.add(to_step?.place ?? step);
    }
    return true;
  }

  /** Whether there is a way to end a step from which no edge leads on. */
  private mayStop(place: number, edges: readonly DraftEdge[]): boolean {
    const step = this.draft.steps[place];
    if (step === undefined) return true;
    const ledOn = new Set(edges.filter((edge) => !isConditional(edge, this.draft)).map((edge) => edge.from_port));
    if (edges.some((edge) => edge.from_port === 'error') && !ledOn.delete('error')) return true;
    if (this.firesAll(step)) return ledOn.size === 0;
    const ports = this.resultPorts(step);
    return ports === null || ports.length === 0 || !ports.every((port) => ledOn.has(port));
  }

  /** Steps that a join may cancel, or whose failure it may pass over. */
  private losersOfJoins(): ReadonlySet<number> {
    if (this.losers !== null) return this.losers;
    const losers = new Set<number>();
    for (const step of this.draft.steps) {
      if (!mayDropBranches(step)) continue;
      this.left -= this.draft.steps.length;
      if (this.isExhausted()) break;
      const branch = exclusiveUpstream(this.study.graph, this.study.graphEdges, step.place);
      for (const member of branch) losers.add(member);
    }
    this.losers = losers;
    return losers;
  }
}

function mayDropBranches({ entry, config }: DraftStep): boolean {
  if (entry?.control?.activation !== 'each') return false;
  const strategy = config?.merge_strategy;
  return (
    strategy !== undefined && (typeof strategy !== 'string' || cancelling.includes(strategy) || strategy.includes('${'))
  );
}

/** A condition of the wrong type is one that was meant. */
function isConditional(edge: DraftEdge, draft: Draft): boolean {
  if (edge.condition !== null) return true;
  const edges = draft.value.edges;
  return Array.isArray(edges) && edges[edge.place]?.condition !== undefined;
}

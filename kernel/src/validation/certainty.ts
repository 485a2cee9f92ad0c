/**
 * Purpose: decides whether a step has certainly run when another reads it, so that no `has()` guard is needed.
 * Owns: conclusions drawn from ports rather than paths: all branches of a fork run, and so does a join after every branch.
 * Invariants:
 *   C1 The answer is `true` only if it holds for every run, or if deciding would take too long.
 *   C2 A step that fails without an edge from `error` ends the run, so later steps never read it; unless a join tolerates
 *      failures, or `on_failure` lets other branches continue.
 */
import { exclusiveUpstream } from '../engine/upstream.js';
import type { Work } from '../slices/slices.js';
import type { Draft, DraftEdge, DraftStep } from './draft.js';
import type { DraftGraph } from './draft-graph.js';
import type { PortLookup } from './step-ports.js';
import type { Upstream } from './upstream.js';

/** Maximum number of edges visited in one validation. */
const edgeBudget = 2_000_000;
/** Strategies of a `parallel_join` that cancel the branches it no longer needs. */
const cancelling = ['first', 'any'];

export class Certainty {
  private remaining = edgeBudget;
  private readonly entrypoint: number;
  private readonly finishesBranches: boolean;
  private dropped: ReadonlySet<number> | null = null;

  constructor(
    private readonly draft: Draft,
    private readonly analysis: DraftGraph,
    private readonly upstream: Upstream,
    private readonly portsOf: PortLookup,
  ) {
    this.entrypoint = draft.byId.get(draft.entrypoint ?? '')?.index ?? -1;
    this.finishesBranches = draft.params.on_failure === 'finish_branches';
  }

  /** Whether `other`, which is upstream, has certainly run when `reader` starts. */
  *hasRun(other: number, reader: number): Work<boolean> {
    if (this.upstream.isCertain(other, reader)) return true;
    if (this.finishesBranches) return false;
    return yield* this.followsFrom(other, (step) => this.isCertain(step, reader));
  }

  /** Whether `step`, which is outside all loops, runs in every run that completes. */
  *alwaysRuns(step: number): Work<boolean> {
    return yield* this.followsFrom(step, (earlier) => this.isUnavoidable(earlier));
  }

  /** Whether `step` runs because an earlier step for which `isSure` holds does; walks back along edges that are always taken. */
  private *followsFrom(step: number, isSure: (step: number) => Work<boolean>): Work<boolean> {
    const dropped = yield* this.droppedByJoins();
    const reached = new Set([step]);
    for (const current of reached) {
      if (dropped.has(current)) continue;
      if (current === this.entrypoint || this.isExhausted() || (yield* isSure(current))) return true;
      const edges = this.edgesOf(this.analysis.graph.incoming[current]).filter((edge) => this.isAlwaysTaken(edge));
      if (edges.some((edge) => this.entersRegion(edge))) return true;
      for (const { from_step } of edges) reached.add(from_step?.index ?? step);
    }
    return false;
  }

  private *isCertain(step: number, reader: number): Work<boolean> {
    yield;
    return this.upstream.isCertain(step, reader);
  }

  private edgesOf(indexes: readonly number[] = []): DraftEdge[] {
    this.remaining -= indexes.length + 1;
    return indexes.flatMap((index) => this.analysis.edges[index] ?? []);
  }

  private isExhausted(): boolean {
    return this.remaining < 0;
  }

  /** The first steps of a region run in every iteration, and they are read only there. */
  private entersRegion({ from_step, from_port }: DraftEdge): boolean {
    return from_port === 'body' && from_step !== null && this.analysis.hasRegion(from_step);
  }

  /** Whether the edge is taken whenever its source step succeeds. */
  private isAlwaysTaken(edge: DraftEdge): boolean {
    const { from_step: step, from_port: port } = edge;
    if (step === null || port === 'error' || isConditional(edge, this.draft)) return false;
    return this.entersRegion(edge) || (this.firesAll(step) && !this.hasFailureEdge(step));
  }

  /**
   * Whether a step that succeeds fires every port that has an outgoing edge. Task steps are assumed to, because ports are parts of
   * their result. Control steps choose between ports, so only those with a single port do.
   */
  private firesAll(step: DraftStep): boolean {
    const { entry } = step;
    if (entry?.control?.firesAllPorts === true) return true;
    const ports = this.resultPorts(step);
    if (ports !== null) return entry?.control === null || ports.length === 1;
    const used = this.edgesOf(this.analysis.graph.outgoing[step.index]).map((edge) => edge.from_port);
    return entry?.control === null && new Set(used.filter((port) => port !== 'error')).size === 1;
  }

  /** The ports of which at least one fires when the step succeeds; null if unknown. */
  private resultPorts(step: DraftStep): string[] | null {
    const ports = this.portsOf(step, 'output');
    if (ports === null) return null;
    const inner = this.analysis.hasRegion(step) ? 'body' : '';
    return [...ports].filter((port) => port !== 'error' && port !== inner);
  }

  private hasFailureEdge(step: DraftStep): boolean {
    return this.edgesOf(this.analysis.graph.outgoing[step.index]).some((edge) => edge.from_port === 'error');
  }

  /** Whether every successful run passes through the step: all paths from the entrypoint lead to it. */
  private *isUnavoidable(step: number): Work<boolean> {
    if (this.entrypoint < 0) return true;
    const reached = new Set([this.entrypoint]);
    for (const current of reached) {
      yield;
      if (current === step) continue;
      if (this.isExhausted()) return true;
      const edges = this.edgesOf(this.analysis.graph.outgoing[current]).filter((edge) => !this.entersRegion(edge));
      if (this.mayStop(current, edges)) return false;
      for (const { to_step } of edges) reached.add(to_step?.index ?? step);
    }
    return true;
  }

  /** Whether the step can end in a way that no outgoing edge covers. */
  private mayStop(index: number, edges: readonly DraftEdge[]): boolean {
    const step = this.draft.steps[index];
    if (step === undefined) return true;
    const coveredPorts = new Set(
      edges.filter((edge) => !isConditional(edge, this.draft)).map((edge) => edge.from_port),
    );
    if (edges.some((edge) => edge.from_port === 'error') && !coveredPorts.delete('error')) return true;
    if (this.firesAll(step)) return coveredPorts.size === 0;
    const ports = this.resultPorts(step);
    return ports === null || ports.length === 0 || !ports.every((port) => coveredPorts.has(port));
  }

  /** Steps that a join may cancel or whose failure it may tolerate. */
  private *droppedByJoins(): Work<ReadonlySet<number>> {
    if (this.dropped !== null) return this.dropped;
    const dropped = new Set<number>();
    for (const step of this.draft.steps) {
      if (!mayDropBranches(step)) continue;
      yield;
      this.remaining -= this.draft.steps.length + this.analysis.edges.length;
      if (this.isExhausted()) break;
      const branch = exclusiveUpstream(this.analysis.graph, this.analysis.graphEdges, step.index);
      for (const member of branch) dropped.add(member);
    }
    this.dropped = dropped;
    return dropped;
  }
}

function mayDropBranches({ entry, config }: DraftStep): boolean {
  if (entry?.control?.activation !== 'each') return false;
  const strategy = config?.merge_strategy;
  return (
    strategy !== undefined && (typeof strategy !== 'string' || cancelling.includes(strategy) || strategy.includes('${'))
  );
}

/** A condition of the wrong type still counts: the author meant the edge to be conditional. */
function isConditional(edge: DraftEdge, draft: Draft): boolean {
  if (edge.condition !== null) return true;
  const edges = draft.value.edges;
  return Array.isArray(edges) && edges[edge.index]?.condition !== undefined;
}

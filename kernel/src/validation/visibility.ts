/**
 * Purpose: decides which steps an expression may read, and which of those have certainly run.
 * Owns: what is upstream of a condition and of `output`. Does not own: what is upstream of a step (`upstream.ts`).
 * Invariants: if the graph is broken, every verdict is `not_known`, so that one mistake does not become ten.
 */
import { rootRegion } from '../engine/graph.js';
import type { Work } from '../slices/slices.js';
import { Certainty } from './certainty.js';
import type { Draft, DraftStep } from './draft.js';
import { type DraftGraph, soundGraph } from './draft-graph.js';
import type { Reader } from './expression-places.js';
import type { PortLookup } from './step-ports.js';
import { Upstream } from './upstream.js';

export type Verdict = 'certain' | 'maybe_skipped' | 'not_upstream' | 'not_known';

export interface Visibility {
  of(other: DraftStep, reader: Reader): Work<Verdict>;
  knowsLoop(reader: Reader): boolean;
}

/** Computed on first use: the upstream relation takes 25 MB for 10,000 steps. */
export function visibility(draft: Draft, graph: DraftGraph, portsOf: PortLookup): Visibility {
  const memo: { judge?: Judge | null } = {};
  return {
    *of(other, reader) {
      if (memo.judge === undefined) memo.judge = yield* makeJudge(draft, graph, portsOf);
      return memo.judge === null ? 'not_known' : yield* memo.judge(other, reader);
    },
    knowsLoop: (reader) => knowsLoop(reader, graph),
  };
}

type Judge = (other: DraftStep, reader: Reader) => Work<Verdict>;

function* makeJudge(draft: Draft, analysis: DraftGraph, portsOf: PortLookup): Work<Judge | null> {
  const sound = soundGraph(draft, analysis);
  if (sound === null) return null;
  yield;
  const { region } = sound.graph;
  const upstream = yield* Upstream.of(sound.graph, sound.graphEdges);
  const certainty = new Certainty(draft, sound, upstream, portsOf);

  function* atTheEnd({ index }: DraftStep): Work<Verdict> {
    if (region[index] !== rootRegion) return 'not_upstream';
    return (yield* certainty.alwaysRuns(index)) ? 'certain' : 'maybe_skipped';
  }
  function* before(other: DraftStep, step: DraftStep): Work<Verdict> {
    if (!upstream.isUpstream(other.index, step.index)) return 'not_upstream';
    return (yield* certainty.hasRun(other.index, step.index)) ? 'certain' : 'maybe_skipped';
  }
  return function* (other, reader) {
    if (reader.kind === 'output') return yield* atTheEnd(other);
    if (reader.kind === 'config') return yield* before(other, reader.step);
    const from = reader.edge.from_step;
    if (from === null) return 'not_known';
    return other === from && !isBody(reader, sound) ? 'certain' : yield* before(other, from);
  };
}

/** `loop` is available inside loops and in the config of loop steps, whose expressions are evaluated in every iteration. */
function knowsLoop(reader: Reader, analysis: DraftGraph): boolean {
  if (reader.kind === 'output') return false;
  const step = reader.kind === 'config' ? reader.step : reader.edge.from_step;
  if (step === null || analysis.graph.region[step.index] !== rootRegion) return true;
  return reader.kind === 'config' ? analysis.hasRegion(step) : isBody(reader, analysis);
}

/** Conditions of edges from `body` are evaluated inside the loop, before its step has ended. */
function isBody({ edge }: Extract<Reader, { kind: 'condition' }>, analysis: DraftGraph): boolean {
  return edge.from_port === 'body' && edge.from_step !== null && analysis.hasRegion(edge.from_step);
}

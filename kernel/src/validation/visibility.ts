/**
 * Purpose: decides which steps an expression may read, and which of those have certainly run.
 * Owns: what is upstream of a condition and of `output`. Does not own: what is upstream of a step (`engine/upstream.ts`).
 * Invariants: if the graph is broken, every verdict is `not_known`, so that one mistake does not become ten.
 */
import { rootRegion } from '../engine/graph.js';
import { Upstream } from '../engine/upstream.js';
import { Certainty } from './certainty.js';
import type { Draft, DraftStep } from './draft.js';
import { type DraftGraph, soundGraph } from './draft-graph.js';
import type { Reader } from './expression-places.js';
import type { PortBook } from './step-ports.js';

export type Verdict = 'certain' | 'maybe_skipped' | 'not_upstream' | 'not_known';

export interface Visibility {
  of(other: DraftStep, reader: Reader): Verdict;
  knowsLoop(reader: Reader): boolean;
}

/** Computed on first use: the upstream relation takes 25 MB for 10,000 steps. */
export function visibility(draft: Draft, graph: DraftGraph, portsOf: PortBook): Visibility {
  const memo: { judge?: Judge } = {};
  return {
    of(other, reader) {
      memo.judge ??= makeJudge(draft, graph, portsOf);
      return memo.judge(other, reader);
    },
    knowsLoop: (reader) => knowsLoop(reader, graph),
  };
}

type Judge = (other: DraftStep, reader: Reader) => Verdict;

function makeJudge(draft: Draft, study: DraftGraph, portsOf: PortBook): Judge {
  const sound = soundGraph(draft, study);
  if (sound === null) return () => 'not_known';
  const { region } = sound.graph;
  const upstream = new Upstream(sound.graph, sound.graphEdges);
  const certainty = new Certainty(draft, sound, upstream, portsOf);

  const atTheEnd: Judge = ({ place }) => {
    if (region[place] !== rootRegion) return 'not_upstream';
    return certainty.alwaysRuns(place) ? 'certain' : 'maybe_skipped';
  };
  const before = (other: DraftStep, step: DraftStep): Verdict => {
    if (!upstream.isUpstream(other.place, step.place)) return 'not_upstream';
    return certainty.hasRun(other.place, step.place) ? 'certain' : 'maybe_skipped';
  };
  return (other, reader) => {
    if (reader.kind === 'output') return atTheEnd(other, reader);
    if (reader.kind === 'config') return before(other, reader.step);
    const from = reader.edge.from_step;
    if (from === null) return 'not_known';
    return other === from && !isBody(reader, sound) ? 'certain' : before(other, from);
  };
}

/** `loop` is available inside loops and in the config of loop steps, whose expressions are evaluated in every iteration. */
function knowsLoop(reader: Reader, study: DraftGraph): boolean {
  if (reader.kind === 'output') return false;
  const step = reader.kind === 'config' ? reader.step : reader.edge.from_step;
  if (step === null || study.graph.region[step.place] !== rootRegion) return true;
  return reader.kind === 'config' ? study.hasRegion(step) : isBody(reader, study);
}

/** Conditions of edges from `body` are evaluated inside the loop, before its step has ended. */
function isBody({ edge }: Extract<Reader, { kind: 'condition' }>, study: DraftGraph): boolean {
  return edge.from_port === 'body' && edge.from_step !== null && study.hasRegion(edge.from_step);
}

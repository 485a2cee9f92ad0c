/**
 * Purpose: which steps an expression may read, and which of those have certainly run.
 * Owns: what is upstream of a condition and of `output`. Does not own: what is upstream of a step (`engine/upstream.ts`).
 * Invariants: where the graph is broken nothing is judged; one mistake does not become ten.
 */
import { root_region } from '../engine/graph.js';
import { Upstream } from '../engine/upstream.js';
import { Certainty } from './certainty.js';
import type { Draft, DraftStep } from './draft.js';
import { type DraftGraph, sound_graph } from './draft-graph.js';
import type { Reader } from './expression-places.js';
import type { PortBook } from './step-ports.js';

export type Verdict = 'certain' | 'maybe_skipped' | 'not_upstream' | 'not_known';

export interface Visibility {
  of(other: DraftStep, reader: Reader): Verdict;
  knows_loop(reader: Reader): boolean;
}

/** The graph is judged when somebody first asks: what is upstream of what takes 25 MB for 10,000 steps. */
export function visibility(draft: Draft, graph: DraftGraph, ports_of: PortBook): Visibility {
  const memo: { judge?: Judge } = {};
  return {
    of(other, reader) {
      memo.judge ??= make_judge(draft, graph, ports_of);
      return memo.judge(other, reader);
    },
    knows_loop: (reader) => knows_loop(reader, graph),
  };
}

type Judge = (other: DraftStep, reader: Reader) => Verdict;

function make_judge(draft: Draft, study: DraftGraph, ports_of: PortBook): Judge {
  const sound = sound_graph(draft, study);
  if (sound === null) return () => 'not_known';
  const { region } = sound.graph;
  const upstream = new Upstream(sound.graph, sound.graph_edges);
  const certainty = new Certainty(draft, sound, upstream, ports_of);

  const at_the_end: Judge = ({ place }) => {
    if (region[place] !== root_region) return 'not_upstream';
    return certainty.always_runs(place) ? 'certain' : 'maybe_skipped';
  };
  const before = (other: DraftStep, step: DraftStep): Verdict => {
    if (!upstream.is_upstream(other.place, step.place)) return 'not_upstream';
    return certainty.has_run(other.place, step.place) ? 'certain' : 'maybe_skipped';
  };
  return (other, reader) => {
    if (reader.kind === 'output') return at_the_end(other, reader);
    if (reader.kind === 'config') return before(other, reader.step);
    const from = reader.edge.from_step;
    if (from === null) return 'not_known';
    return other === from && !is_body(reader, sound) ? 'certain' : before(other, from);
  };
}

/** Inside loops, and in the config of loop steps, whose own expressions are asked once per iteration. */
function knows_loop(reader: Reader, study: DraftGraph): boolean {
  if (reader.kind === 'output') return false;
  const step = reader.kind === 'config' ? reader.step : reader.edge.from_step;
  if (step === null || study.graph.region[step.place] !== root_region) return true;
  return reader.kind === 'config' ? study.has_region(step) : is_body(reader, study);
}

/** Conditions of edges from `body` are asked inside the loop, while its step has not ended. */
function is_body({ edge }: Extract<Reader, { kind: 'condition' }>, study: DraftGraph): boolean {
  return edge.from_port === 'body' && edge.from_step !== null && study.has_region(edge.from_step);
}

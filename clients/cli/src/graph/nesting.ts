import type { Diagram } from './diagram.js';
import { no_loop } from './loop-regions.js';

/** Stands for a step at one level of nesting: its own box, or the frame of the loop around it. */
export interface Place {
  readonly step: number;
  readonly is_frame: boolean;
}

export interface LevelEdge {
  readonly edge: number;
  readonly from: Place;
  readonly to: Place;
}

/** What one frame holds side by side: boxes, inner frames, and the edges between them. */
export interface Level {
  /** The loop step whose frame it is, or `no_loop` for the picture itself. A loop's own box is inside its frame. */
  readonly loop: number;
  readonly places: readonly Place[];
  readonly edges: readonly LevelEdge[];
  /** Edges back to the loop's `next`. */
  readonly back_edges: readonly LevelEdge[];
  /** Edges from a step to itself. */
  readonly self_edges: readonly number[];
}

interface OpenLevel extends Level {
  readonly places: Place[];
  readonly edges: LevelEdge[];
  readonly back_edges: LevelEdge[];
  readonly self_edges: number[];
}

/** The levels of a diagram by their loop step. Every step and every edge is in exactly one of them. */
export function nest(diagram: Diagram): ReadonlyMap<number, Level> {
  const levels = new Map<number, OpenLevel>();
  const level_of = (loop: number): OpenLevel => {
    const known = levels.get(loop) ?? { loop, places: [], edges: [], back_edges: [], self_edges: [] };
    levels.set(loop, known);
    return known;
  };
  level_of(no_loop);
  diagram.steps.forEach(({ region, has_body }, step) => {
    if (has_body) level_of(step).places.unshift({ step, is_frame: false });
    level_of(region).places.push({ step, is_frame: has_body });
  });
  diagram.edges.forEach(({ from, to, is_back }, edge) => {
    if (from === to) {
      level_of(frame_of(diagram, from)).self_edges.push(edge);
      return;
    }
    const loop = common_frame(diagram, from, to);
    const placed = { edge, from: place_in(diagram, loop, from), to: place_in(diagram, loop, to) };
    const level = level_of(loop);
    if (is_back) level.back_edges.push(placed);
    else level.edges.push(placed);
  });
  return levels;
}

/** What stands for a step in the outermost level. */
export function outermost_place(diagram: Diagram, step: number): Place {
  return place_in(diagram, no_loop, step);
}

/** The loop step whose frame directly holds the step's box. */
function frame_of(diagram: Diagram, step: number): number {
  const known = diagram.steps[step];
  if (known === undefined) return no_loop;
  return known.has_body ? step : known.region;
}

function frames_around(diagram: Diagram, step: number): number[] {
  const frames: number[] = [];
  for (let frame = frame_of(diagram, step); frame !== no_loop; frame = diagram.steps[frame]?.region ?? no_loop) {
    frames.push(frame);
  }
  return frames;
}

function common_frame(diagram: Diagram, from: number, to: number): number {
  const around = new Set(frames_around(diagram, from));
  return frames_around(diagram, to).find((frame) => around.has(frame)) ?? no_loop;
}

function place_in(diagram: Diagram, loop: number, step: number): Place {
  const frames = frames_around(diagram, step);
  const depth = loop === no_loop ? frames.length : frames.indexOf(loop);
  const inner = frames[depth - 1];
  return inner === undefined ? { step, is_frame: false } : { step: inner, is_frame: true };
}

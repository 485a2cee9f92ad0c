import type { Diagram } from './diagram.js';
import { noLoop } from './loop-regions.js';

/** Represents a step at one nesting level: its own box, or the frame of the loop around it. */
export interface Place {
  readonly step: number;
  readonly isFrame: boolean;
}

export interface LevelEdge {
  readonly edge: number;
  readonly from: Place;
  readonly to: Place;
}

/** The direct contents of one frame: boxes, inner frames and the edges between them. */
export interface Level {
  /** The loop step that owns the frame, or `noLoop` for the whole picture. A loop's own box is inside its frame. */
  readonly loop: number;
  readonly places: readonly Place[];
  readonly edges: readonly LevelEdge[];
  /** Edges back to the loop's `next`. */
  readonly backEdges: readonly LevelEdge[];
  /** Edges from a step to itself. */
  readonly selfEdges: readonly number[];
}

interface OpenLevel extends Level {
  readonly places: Place[];
  readonly edges: LevelEdge[];
  readonly backEdges: LevelEdge[];
  readonly selfEdges: number[];
}

/** The levels of a diagram by their loop step. Every step and every edge is in exactly one of them. */
export function nest(diagram: Diagram): ReadonlyMap<number, Level> {
  const levels = new Map<number, OpenLevel>();
  const levelOf = (loop: number): OpenLevel => {
    const known = levels.get(loop) ?? { loop, places: [], edges: [], backEdges: [], selfEdges: [] };
    levels.set(loop, known);
    return known;
  };
  levelOf(noLoop);
  diagram.steps.forEach(({ region, hasBody }, step) => {
    if (hasBody) levelOf(step).places.unshift({ step, isFrame: false });
    levelOf(region).places.push({ step, isFrame: hasBody });
  });
  diagram.edges.forEach(({ from, to, isBack }, edge) => {
    if (from === to) {
      levelOf(frameOf(diagram, from)).selfEdges.push(edge);
      return;
    }
    const loop = commonFrame(diagram, from, to);
    const placed = { edge, from: placeIn(diagram, loop, from), to: placeIn(diagram, loop, to) };
    const level = levelOf(loop);
    if (isBack) level.backEdges.push(placed);
    else level.edges.push(placed);
  });
  return levels;
}

/** What represents a step in the outermost level. */
export function outermostPlace(diagram: Diagram, step: number): Place {
  return placeIn(diagram, noLoop, step);
}

/** The loop step whose frame directly contains the step's box. */
function frameOf(diagram: Diagram, step: number): number {
  const known = diagram.steps[step];
  if (known === undefined) return noLoop;
  return known.hasBody ? step : known.region;
}

function framesAround(diagram: Diagram, step: number): number[] {
  const frames: number[] = [];
  for (let frame = frameOf(diagram, step); frame !== noLoop; frame = diagram.steps[frame]?.region ?? noLoop) {
    frames.push(frame);
  }
  return frames;
}

function commonFrame(diagram: Diagram, from: number, to: number): number {
  const around = new Set(framesAround(diagram, from));
  return framesAround(diagram, to).find((frame) => around.has(frame)) ?? noLoop;
}

function placeIn(diagram: Diagram, loop: number, step: number): Place {
  const frames = framesAround(diagram, step);
  const depth = loop === noLoop ? frames.length : frames.indexOf(loop);
  const inner = frames[depth - 1];
  return inner === undefined ? { step, isFrame: false } : { step: inner, isFrame: true };
}

import type { Diagram } from './diagram.js';
import { mapStrokes, type Point, type Rect, type Size } from './geometry.js';
import type { Level, Place } from './nesting.js';
import type { Direction, Frame, Measures, Route, StartMark } from './placement.js';

/** Input of the layout of a level. The flow always runs downwards: y along it, x across it. */
export interface Plan {
  readonly diagram: Diagram;
  readonly levels: ReadonlyMap<number, Level>;
  /** Width and height are swapped if the flow runs from left to right. */
  readonly sizes: Measures;
  readonly direction: Direction;
}

/** A laid out level with all its contents, its upper left corner at the origin. */
export interface Piece extends Size {
  readonly boxes: ReadonlyMap<number, Rect>;
  readonly frames: readonly Frame[];
  readonly routes: ReadonlyMap<number, Route>;
  readonly start: StartMark | null;
}

/** A box, or an inner frame with its piece, as a node of its level. */
export interface Item {
  readonly key: string;
  readonly step: number;
  readonly piece: Piece | null;
  /** Including the space it needs around it. */
  readonly size: Size;
}

export interface PlacedItem extends Item {
  readonly rect: Rect;
}

export function keyOf({ step, isFrame }: Place): string {
  return isFrame ? `frame ${step}` : `box ${step}`;
}

/** The contents of all items, in the coordinates of their level. */
export function merge(items: Iterable<PlacedItem>, size: Size): Piece {
  const boxes = new Map<number, Rect>();
  const frames: Frame[] = [];
  const routes = new Map<number, Route>();
  for (const { step, piece, rect } of items) {
    if (piece === null) {
      boxes.set(step, rect);
      continue;
    }
    const moved = move(piece, rect);
    for (const [inner, box] of moved.boxes) boxes.set(inner, box);
    for (const [edge, route] of moved.routes) routes.set(edge, route);
    frames.push(...moved.frames);
  }
  return { width: size.width, height: size.height, boxes, frames, routes, start: null };
}

/** Translates a piece, without the start mark, since only the outermost piece has one. */
export function move(piece: Piece, by: Point): Piece {
  const shift = <T extends Point>(point: T): T => ({ ...point, x: point.x + by.x, y: point.y + by.y });
  const shiftRoute = ({ strokes, label, tip }: Route): Route => ({
    strokes: mapStrokes(strokes, shift),
    label: label === null ? null : shift(label),
    tip: tip === null ? null : { ...tip, at: shift(tip.at) },
  });
  return {
    ...piece,
    boxes: new Map([...piece.boxes].map(([step, box]) => [step, shift(box)])),
    frames: piece.frames.map(shift),
    routes: new Map([...piece.routes].map(([edge, route]) => [edge, shiftRoute(route)])),
  };
}

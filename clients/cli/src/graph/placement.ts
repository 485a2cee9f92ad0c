import type { Point, Rect, Size, Stroke } from './geometry.js';

/** Left to right, or top to bottom. */
export type Direction = 'LR' | 'TB';

export interface Measures {
  /** Size of each step's box. */
  readonly boxes: readonly Size[];
  /** Size of each edge's label, if it has one. */
  readonly labels: readonly (Size | null)[];
}

export interface Tip {
  readonly at: Point;
  /** Unit vector along the edge's end. */
  readonly heading: Point;
}

export interface Route {
  readonly strokes: readonly Stroke[];
  /** Centre of the label. */
  readonly label: Point | null;
  /** The arrowhead; null if the edge joins another one. */
  readonly tip: Tip | null;
}

/** The frame around a loop step and its body. */
export interface Frame extends Rect {
  readonly loop: number;
}

/** The mark of the entrypoint: a dot and the route from there to its box. */
export interface StartMark {
  readonly dot: Point;
  readonly route: Route;
}

export interface Layout extends Size {
  readonly direction: Direction;
  /** By step index. */
  readonly boxes: readonly Rect[];
  /** Outer frames before inner ones. */
  readonly frames: readonly Frame[];
  /** By edge index. */
  readonly routes: readonly Route[];
  readonly start: StartMark | null;
}

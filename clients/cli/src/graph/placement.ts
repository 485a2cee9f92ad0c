import type { Point, Rect, Size, Stroke } from './geometry.js';

/** Left to right, or top to bottom. */
export type Direction = 'LR' | 'TB';

export interface Measures {
  /** Box of each step. */
  readonly boxes: readonly Size[];
  /** Label of each edge, if it has one. */
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
  /** The arrowhead; none where the edge runs into another one. */
  readonly tip: Tip | null;
}

/** The frame around a loop step and its body. */
export interface Frame extends Rect {
  readonly loop: number;
}

/** The mark of the entrypoint: a dot, and the way from there to its box. */
export interface StartMark {
  readonly dot: Point;
  readonly route: Route;
}

export interface Layout extends Size {
  readonly direction: Direction;
  /** By step. */
  readonly boxes: readonly Rect[];
  /** Outer ones before inner ones. */
  readonly frames: readonly Frame[];
  /** By edge. */
  readonly routes: readonly Route[];
  readonly start: StartMark | null;
}

export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface Size {
  readonly width: number;
  readonly height: number;
}

/** `x`, `y` are the upper left corner. */
export interface Rect extends Point, Size {}

/** A piece of a path: a move, a line, a quadratic or a cubic curve; the last point is where it ends. */
export interface Stroke {
  readonly kind: 'M' | 'L' | 'Q' | 'C';
  readonly points: readonly Point[];
}

export function center_of(rect: Rect): Point {
  return { x: rect.x + rect.width / 2, y: rect.y + rect.height / 2 };
}

export function rect_around(center: Point, size: Size): Rect {
  return { x: center.x - size.width / 2, y: center.y - size.height / 2, ...size_of(size) };
}

function size_of({ width, height }: Size): Size {
  return { width, height };
}

/** Changes every point of a path. */
export function map_strokes(strokes: readonly Stroke[], change: (point: Point) => Point): Stroke[] {
  return strokes.map(({ kind, points }) => ({ kind, points: points.map(change) }));
}

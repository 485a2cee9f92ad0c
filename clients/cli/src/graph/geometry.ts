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

export function centerOf(rect: Rect): Point {
  return { x: rect.x + rect.width / 2, y: rect.y + rect.height / 2 };
}

export function rectAround(center: Point, size: Size): Rect {
  return { x: center.x - size.width / 2, y: center.y - size.height / 2, ...sizeOf(size) };
}

function sizeOf({ width, height }: Size): Size {
  return { width, height };
}

/** Changes every point of a path. */
export function mapStrokes(strokes: readonly Stroke[], change: (point: Point) => Point): Stroke[] {
  return strokes.map(({ kind, points }) => ({ kind, points: points.map(change) }));
}

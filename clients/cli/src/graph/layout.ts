import type { Diagram } from './diagram.js';
import { mapStrokes, type Point, type Rect, type Size } from './geometry.js';
import { layOutLevel } from './layout-level.js';
import { longestPaths } from './longest-paths.js';
import { noLoop } from './loop-regions.js';
import { nest } from './nesting.js';
import type { Direction, Layout, Measures, Route } from './placement.js';

/** Graphs up to this size are laid out in both directions to see which fits a page. */
const smallGraph = 60;
const page: Size = { width: 1_400, height: 900 };

/** Lays out the diagram left to right if that fits a page, otherwise in the direction that comes closer. */
export function layOut(diagram: Diagram, measures: Measures): Layout {
  if (diagram.steps.length > smallGraph) return layOutTowards(guessDirection(diagram), diagram, measures);
  const across = layOutTowards('LR', diagram, measures);
  if (excess(across) <= 1) return across;
  const down = layOutTowards('TB', diagram, measures);
  return excess(across) <= excess(down) ? across : down;
}

function excess({ width, height }: Size): number {
  return Math.max(1, width / page.width, height / page.height);
}

/** Compares the longest chain with the widest rank, both in pixels of typical boxes. */
function guessDirection(diagram: Diagram): Direction {
  const ranks = longestPaths(
    diagram.steps.length,
    diagram.edges.filter(({ isBack }) => !isBack),
  );
  const population = new Map<number, number>();
  for (const rank of ranks) population.set(rank, (population.get(rank) ?? 0) + 1);
  const depth = population.size;
  const breadth = Math.max(1, ...population.values());
  return Math.max(depth * 110, breadth * 210) <= Math.max(depth * 260, breadth * 80) ? 'TB' : 'LR';
}

/** The layout always runs downwards; for left to right, x and y are swapped before and after. */
function layOutTowards(direction: Direction, diagram: Diagram, measures: Measures): Layout {
  const turn = direction === 'LR' ? swapAxes : (point: Point): Point => point;
  const turnSize = ({ width, height }: Size): Size =>
    direction === 'LR' ? { width: height, height: width } : { width, height };
  const sizes = {
    boxes: measures.boxes.map(turnSize),
    labels: measures.labels.map((label) => (label === null ? null : turnSize(label))),
  };
  const piece = layOutLevel({ diagram, levels: nest(diagram), sizes, direction }, noLoop);
  const { start } = piece;
  const turnRect = (rect: Rect): Rect => ({ ...turn(rect), ...turnSize(rect) });
  const turnRoute = (route: Route): Route => ({
    strokes: mapStrokes(route.strokes, turn),
    label: route.label === null ? null : turn(route.label),
    tip: route.tip === null ? null : { at: turn(route.tip.at), heading: turn(route.tip.heading) },
  });
  return {
    ...turnSize(piece),
    direction,
    boxes: inOrder(piece.boxes, diagram.steps.length).map(turnRect),
    frames: piece.frames.map((frame) => ({ ...turnRect(frame), loop: frame.loop })),
    routes: inOrder(piece.routes, diagram.edges.length).map(turnRoute),
    start: start === null ? null : { dot: turn(start.dot), route: turnRoute(start.route) },
  };
}

function swapAxes({ x, y }: Point): Point {
  return { x: y, y: x };
}

function inOrder<T>(placed: ReadonlyMap<number, T>, count: number): T[] {
  return Array.from({ length: count }, (_, index) => {
    const found = placed.get(index);
    if (found === undefined) throw new TypeError(`layout has no place for ${index} of ${count}`);
    return found;
  });
}

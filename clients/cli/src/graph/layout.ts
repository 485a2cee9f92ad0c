import type { Diagram } from './diagram.js';
import { map_strokes, type Point, type Rect, type Size } from './geometry.js';
import { lay_out_level } from './layout-level.js';
import { longest_paths } from './longest-paths.js';
import { no_loop } from './loop-regions.js';
import { nest } from './nesting.js';
import type { Direction, Layout, Measures, Route } from './placement.js';

/** Pictures up to this size are laid out both ways to see which fits a page. */
const small_graph = 60;
const page: Size = { width: 1_400, height: 900 };

/** Places everything: left to right if that fits a page, otherwise whichever way is nearer to one. */
export function lay_out(diagram: Diagram, measures: Measures): Layout {
  if (diagram.steps.length > small_graph) return lay_out_towards(guess_direction(diagram), diagram, measures);
  const across = lay_out_towards('LR', diagram, measures);
  if (excess(across) <= 1) return across;
  const down = lay_out_towards('TB', diagram, measures);
  return excess(across) <= excess(down) ? across : down;
}

function excess({ width, height }: Size): number {
  return Math.max(1, width / page.width, height / page.height);
}

/** Compares the longest chain with the widest rank; both in pixels of usual boxes. */
function guess_direction(diagram: Diagram): Direction {
  const ranks = longest_paths(
    diagram.steps.length,
    diagram.edges.filter(({ is_back }) => !is_back),
  );
  const population = new Map<number, number>();
  for (const rank of ranks) population.set(rank, (population.get(rank) ?? 0) + 1);
  const depth = population.size;
  const breadth = Math.max(1, ...population.values());
  return Math.max(depth * 110, breadth * 210) <= Math.max(depth * 260, breadth * 80) ? 'TB' : 'LR';
}

/** Everything is laid out downwards; left to right is the same with x and y exchanged, before and after. */
function lay_out_towards(direction: Direction, diagram: Diagram, measures: Measures): Layout {
  const turn = direction === 'LR' ? exchange : (point: Point): Point => point;
  const turn_size = ({ width, height }: Size): Size =>
    direction === 'LR' ? { width: height, height: width } : { width, height };
  const sizes = {
    boxes: measures.boxes.map(turn_size),
    labels: measures.labels.map((label) => (label === null ? null : turn_size(label))),
  };
  const piece = lay_out_level({ diagram, levels: nest(diagram), sizes, direction }, no_loop);
  const { start } = piece;
  const turn_rect = (rect: Rect): Rect => ({ ...turn(rect), ...turn_size(rect) });
  const turn_route = (route: Route): Route => ({
    strokes: map_strokes(route.strokes, turn),
    label: route.label === null ? null : turn(route.label),
    tip: route.tip === null ? null : { at: turn(route.tip.at), heading: turn(route.tip.heading) },
  });
  return {
    ...turn_size(piece),
    direction,
    boxes: in_order(piece.boxes, diagram.steps.length).map(turn_rect),
    frames: piece.frames.map((frame) => ({ ...turn_rect(frame), loop: frame.loop })),
    routes: in_order(piece.routes, diagram.edges.length).map(turn_route),
    start: start === null ? null : { dot: turn(start.dot), route: turn_route(start.route) },
  };
}

function exchange({ x, y }: Point): Point {
  return { x: y, y: x };
}

function in_order<T>(placed: ReadonlyMap<number, T>, count: number): T[] {
  return Array.from({ length: count }, (_, index) => {
    const found = placed.get(index);
    if (found === undefined) throw new TypeError(`layout has no place for ${index} of ${count}`);
    return found;
  });
}

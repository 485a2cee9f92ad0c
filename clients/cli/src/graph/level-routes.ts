import type { FlatLayout } from './flat-graph.js';
import { center_of, type Point, type Rect, type Stroke } from './geometry.js';
import { self_loop, way_back } from './loop-frame.js';
import { type LevelEdge, outermost_place } from './nesting.js';
import type { Route, StartMark } from './placement.js';
import { type PlacedLevel, Terminals } from './terminals.js';
import { Bands, type Terminal, type Thread, type Woven, weave } from './weave.js';

/** Node of the flat graph where the edges back to `next` meet. */
export const meeting_key = 'meeting';
/** Node and edge of the mark of the entrypoint. */
export const start_key = 'start';
export const dot_radius = 7;

/** Paths of the edges of this level, not of its inner frames, and of the mark of the entrypoint. */
export function level_routes(here: PlacedLevel): { routes: Map<number, Route>; start: StartMark | null } {
  const { level, content, flat } = here;
  const terminals = new Terminals(here);
  const threads = [
    ...level.edges.map((edge) => thread(here, edge, terminals.of(edge.from), terminals.arriving(edge))),
    ...level.back_edges.map((edge) => thread(here, edge, terminals.of(edge.from), terminals.point(meeting_key), false)),
    ...start_threads(here, terminals),
  ];
  const woven = weave(threads, bands_of(here));
  const routes = new Map<number, Route>();
  const listed = [...level.edges, ...level.back_edges];
  listed.forEach((edge, index) => {
    const found = woven[index];
    if (found !== undefined) routes.set(edge.edge, route_of(here, edge, found));
  });
  lead_back(here, routes);
  for (const edge of level.self_edges) {
    const box = content.boxes.get(here.plan.diagram.edges[edge]?.to ?? -1);
    if (box !== undefined) routes.set(edge, { ...self_loop(box), label: null });
  }
  return { routes, start: start_mark(flat, woven[listed.length]) };
}

function thread(here: PlacedLevel, { edge }: LevelEdge, from: Terminal, to: Terminal, has_tip = true): Thread {
  const key = `edge ${edge}`;
  return { key, from, to, waypoints: here.flat.waypoints.get(key) ?? [], has_tip };
}

function start_threads({ flat, plan }: PlacedLevel, terminals: Terminals): Thread[] {
  const waypoints = flat.waypoints.get(start_key);
  const { entrypoint } = plan.diagram;
  if (waypoints === undefined || entrypoint === undefined) return [];
  const to = terminals.of(outermost_place(plan.diagram, entrypoint));
  return [{ key: start_key, from: terminals.point(start_key, dot_radius), to, waypoints, has_tip: true }];
}

function bands_of({ placed, flat, plan, level }: PlacedLevel): Bands {
  const bands = new Bands();
  for (const { rect } of placed.values()) bands.add(center_of(rect).y, rect.height);
  for (const { edge } of [...level.edges, ...level.back_edges]) {
    const center = flat.labels.get(`edge ${edge}`);
    const size = plan.sizes.labels[edge];
    if (center !== undefined && size) bands.add(center.y, size.height);
  }
  return bands;
}

function route_of({ plan, content, flat }: PlacedLevel, { edge, from, to }: LevelEdge, woven: Woven): Route {
  const route: Route = {
    strokes: woven.strokes,
    label: flat.labels.get(`edge ${edge}`) ?? null,
    tip: { at: woven.end, heading: woven.heading },
  };
  const ends = plan.diagram.edges[edge];
  const source = from.is_frame && ends?.from !== from.step ? content.boxes.get(ends?.from ?? -1) : undefined;
  const target = to.is_frame && ends?.to !== to.step ? content.boxes.get(ends?.to ?? -1) : undefined;
  return source === undefined && target === undefined ? route : across_border(route, source, target);
}

/** What no valid segment has: an edge into or out of a loop's body. It is drawn straight over what is in the way. */
function across_border(route: Route, source: Rect | undefined, target: Rect | undefined): Route {
  let { strokes, tip } = route;
  const first = strokes[0]?.points[0];
  if (source !== undefined && first !== undefined) {
    const begin = { kind: 'M', points: [center_of(source)] } as const;
    strokes = [begin, { kind: 'L', points: [first] }, ...strokes.slice(1)];
  }
  if (target !== undefined && tip !== null) {
    const at = { x: center_of(target).x, y: target.y };
    strokes = [...strokes, { kind: 'L', points: [at] }];
    tip = { at, heading: unit(tip.at, at) };
  }
  return { ...route, strokes, tip };
}

function unit(from: Point, to: Point): Point {
  const length = Math.hypot(to.x - from.x, to.y - from.y) || 1;
  return { x: (to.x - from.x) / length, y: (to.y - from.y) / length };
}

/** One of the edges to `next` goes all the way, the others end where they meet it. */
function lead_back({ plan, level, flat, content }: PlacedLevel, routes: Map<number, Route>): void {
  const back = level.back_edges.map(({ edge }) => edge);
  const leader = back.find((edge) => plan.diagram.edges[edge]?.is_error !== true) ?? back[0];
  const header = content.boxes.get(level.loop);
  const meeting = flat.centers.get(meeting_key);
  if (leader === undefined || header === undefined || meeting === undefined) return;
  for (const edge of back) {
    const route = routes.get(edge);
    if (route === undefined) continue;
    const on = way_back(meeting, header, content);
    routes.set(edge, edge === leader ? joined(route, on.strokes, on.tip) : { ...route, tip: null });
  }
}

function joined(route: Route, strokes: readonly Stroke[], tip: Route['tip']): Route {
  return { ...route, strokes: [...route.strokes, ...strokes], tip };
}

function start_mark(flat: FlatLayout, woven: Woven | undefined): StartMark | null {
  const dot = flat.centers.get(start_key);
  if (dot === undefined || woven === undefined) return null;
  return { dot, route: { strokes: woven.strokes, label: null, tip: { at: woven.end, heading: woven.heading } } };
}

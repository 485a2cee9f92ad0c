import type { FlatLayout } from './flat-graph.js';
import { centerOf, type Point, type Rect, type Stroke } from './geometry.js';
import { selfLoop, wayBack } from './loop-frame.js';
import { type LevelEdge, outermostPlace } from './nesting.js';
import type { Route, StartMark } from './placement.js';
import { type PlacedLevel, Terminals } from './terminals.js';
import { Bands, type Terminal, type Thread, type Woven, weave } from './weave.js';

/** Key of the flat graph node where the edges back to `next` meet. */
export const meetingKey = 'meeting';
/** Key of the node and edge that mark the entrypoint. */
export const startKey = 'start';
export const dotRadius = 7;

/** Routes of the edges of this level, excluding inner frames, and of the entrypoint mark. */
export function levelRoutes(here: PlacedLevel): { routes: Map<number, Route>; start: StartMark | null } {
  const { level, content, flat } = here;
  const terminals = new Terminals(here);
  const threads = [
    ...level.edges.map((edge) => thread(here, edge, terminals.of(edge.from), terminals.arriving(edge))),
    ...level.backEdges.map((edge) => thread(here, edge, terminals.of(edge.from), terminals.point(meetingKey), false)),
    ...startThreads(here, terminals),
  ];
  const woven = weave(threads, bandsOf(here));
  const routes = new Map<number, Route>();
  const listed = [...level.edges, ...level.backEdges];
  listed.forEach((edge, index) => {
    const found = woven[index];
    if (found !== undefined) routes.set(edge.edge, routeOf(here, edge, found));
  });
  leadBack(here, routes);
  for (const edge of level.selfEdges) {
    const box = content.boxes.get(here.plan.diagram.edges[edge]?.to ?? -1);
    if (box !== undefined) routes.set(edge, { ...selfLoop(box), label: null });
  }
  return { routes, start: startMark(flat, woven[listed.length]) };
}

function thread(here: PlacedLevel, { edge }: LevelEdge, from: Terminal, to: Terminal, hasTip = true): Thread {
  const key = `edge ${edge}`;
  return { key, from, to, waypoints: here.flat.waypoints.get(key) ?? [], hasTip };
}

function startThreads({ flat, plan }: PlacedLevel, terminals: Terminals): Thread[] {
  const waypoints = flat.waypoints.get(startKey);
  const { entrypoint } = plan.diagram;
  if (waypoints === undefined || entrypoint === undefined) return [];
  const to = terminals.of(outermostPlace(plan.diagram, entrypoint));
  return [{ key: startKey, from: terminals.point(startKey, dotRadius), to, waypoints, hasTip: true }];
}

function bandsOf({ placed, flat, plan, level }: PlacedLevel): Bands {
  const bands = new Bands();
  for (const { rect } of placed.values()) bands.add(centerOf(rect).y, rect.height);
  for (const { edge } of [...level.edges, ...level.backEdges]) {
    const center = flat.labels.get(`edge ${edge}`);
    const size = plan.sizes.labels[edge];
    if (center !== undefined && size) bands.add(center.y, size.height);
  }
  return bands;
}

function routeOf({ plan, content, flat }: PlacedLevel, { edge, from, to }: LevelEdge, woven: Woven): Route {
  const route: Route = {
    strokes: woven.strokes,
    label: flat.labels.get(`edge ${edge}`) ?? null,
    tip: { at: woven.end, heading: woven.heading },
  };
  const ends = plan.diagram.edges[edge];
  const source = from.isFrame && ends?.from !== from.step ? content.boxes.get(ends?.from ?? -1) : undefined;
  const target = to.isFrame && ends?.to !== to.step ? content.boxes.get(ends?.to ?? -1) : undefined;
  return source === undefined && target === undefined ? route : acrossBorder(route, source, target);
}

/** An edge into or out of a loop's body, which no valid segment has, is drawn as a straight line across the border. */
function acrossBorder(route: Route, source: Rect | undefined, target: Rect | undefined): Route {
  let { strokes, tip } = route;
  const first = strokes[0]?.points[0];
  if (source !== undefined && first !== undefined) {
    const begin = { kind: 'M', points: [centerOf(source)] } as const;
    strokes = [begin, { kind: 'L', points: [first] }, ...strokes.slice(1)];
  }
  if (target !== undefined && tip !== null) {
    const at = { x: centerOf(target).x, y: target.y };
    strokes = [...strokes, { kind: 'L', points: [at] }];
    tip = { at, heading: unit(tip.at, at) };
  }
  return { ...route, strokes, tip };
}

function unit(from: Point, to: Point): Point {
  const length = Math.hypot(to.x - from.x, to.y - from.y) || 1;
  return { x: (to.x - from.x) / length, y: (to.y - from.y) / length };
}

/** One of the edges to `next` is drawn to the end, the others join it at the meeting point. */
function leadBack({ plan, level, flat, content }: PlacedLevel, routes: Map<number, Route>): void {
  const back = level.backEdges.map(({ edge }) => edge);
  const leader = back.find((edge) => plan.diagram.edges[edge]?.isError !== true) ?? back[0];
  const header = content.boxes.get(level.loop);
  const meeting = flat.centers.get(meetingKey);
  if (leader === undefined || header === undefined || meeting === undefined) return;
  for (const edge of back) {
    const route = routes.get(edge);
    if (route === undefined) continue;
    const on = wayBack(meeting, header, content);
    routes.set(edge, edge === leader ? joined(route, on.strokes, on.tip) : { ...route, tip: null });
  }
}

function joined(route: Route, strokes: readonly Stroke[], tip: Route['tip']): Route {
  return { ...route, strokes: [...route.strokes, ...strokes], tip };
}

function startMark(flat: FlatLayout, woven: Woven | undefined): StartMark | null {
  const dot = flat.centers.get(startKey);
  if (dot === undefined || woven === undefined) return null;
  return { dot, route: { strokes: woven.strokes, label: null, tip: { at: woven.end, heading: woven.heading } } };
}

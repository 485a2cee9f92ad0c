/**
 * Purpose: places one level of nesting, its inner frames first, and draws a frame around it.
 * Owns: what is a node of the flat graph, and what holds the nodes in order. Does not own: the paths of the edges.
 * Invariants:
 *   L1 A frame holds exactly the loop's box, the steps of its body and their inner frames; frames never overlap.
 *   L2 All edges back to `next` meet below the body and share one line up to the loop's box, on the far side of x.
 */
import type { FlatEdge, FlatLayout, Spacing } from './flat-graph.js';
import { lay_out_flat } from './flat-layout.js';
import { type Rect, rect_around, type Size } from './geometry.js';
import { dot_radius, level_routes, meeting_key, start_key } from './level-routes.js';
import { frame_padding, self_loop_room } from './loop-frame.js';
import { no_loop } from './loop-regions.js';
import { type Level, type LevelEdge, outermost_place, type Place } from './nesting.js';
import { type Item, key_of, merge, move, type Piece, type PlacedItem, type Plan } from './piece.js';
import type { Direction } from './placement.js';

const spacings: Readonly<Record<Direction, Spacing>> = {
  TB: { ranks: 52, nodes: 36, edges: 18 },
  LR: { ranks: 60, nodes: 26, edges: 16 },
};
const dot_size: Size = { width: 2 * dot_radius, height: 2 * dot_radius };
const point_size: Size = { width: 1, height: 1 };

/** Lays out the level of a loop's frame, or of the whole picture (`no_loop`). */
export function lay_out_level(plan: Plan, loop: number): Piece {
  const level = plan.levels.get(loop);
  if (level === undefined) throw new TypeError(`no level of loop step ${loop}`);
  const items = level.places.map((place) => make_item(plan, level, place));
  const nodes = new Map(items.map(({ key, size }) => [key, size]));
  if (level.back_edges.length > 0) nodes.set(meeting_key, point_size);
  const edges = flat_edges(plan, level, items);
  if (edges[0]?.key === start_key) nodes.set(start_key, dot_size);
  const flat = lay_out_flat({ nodes, edges, spacing: spacings[plan.direction] });
  const placed = new Map(items.map((item) => [item.key, place_item(plan, item, flat)]));
  const content = merge(placed.values(), flat);
  const { routes, start } = level_routes({ plan, level, placed, flat, content });
  const whole = { ...content, routes: new Map([...content.routes, ...routes]), start };
  return loop === no_loop ? whole : in_frame(plan, level, whole);
}

function make_item(plan: Plan, level: Level, place: Place): Item {
  const piece = place.is_frame ? lay_out_level(plan, place.step) : null;
  const { width, height } = piece ?? plan.sizes.boxes[place.step] ?? point_size;
  const loops_itself = level.self_edges.some((edge) => plan.diagram.edges[edge]?.to === place.step);
  const room = piece === null && loops_itself ? 2 * self_loop_room : 0;
  return { key: key_of(place), step: place.step, piece, size: { width: width + room, height } };
}

function start_edges({ diagram }: Plan, level: Level): FlatEdge[] {
  if (level.loop !== no_loop || diagram.entrypoint === undefined) return [];
  const to = key_of(outermost_place(diagram, diagram.entrypoint));
  return [{ key: start_key, from: start_key, to, weight: 2, label: null }];
}

function flat_edges(plan: Plan, level: Level, items: readonly Item[]): FlatEdge[] {
  const edges = level.edges.map((edge) => flat_edge(plan, edge, key_of(edge.to)));
  const back = level.back_edges.map((edge) => flat_edge(plan, edge, meeting_key));
  return [
    ...start_edges(plan, level),
    ...edges,
    ...back,
    ...(back.length === 0 ? [] : hold_below(items, [...edges, ...back])),
  ];
}

/** Error edges are lighter, so that the main way is the straight one. */
function flat_edge({ diagram, sizes }: Plan, { edge, from }: LevelEdge, to: string): FlatEdge {
  const weight = diagram.edges[edge]?.is_error === true ? 1 : 2;
  return { key: `edge ${edge}`, from: key_of(from), to, weight, label: sizes.labels[edge] ?? null };
}

/** Invisible edges that keep the meeting point below everything that ends without going there. */
function hold_below(items: readonly Item[], edges: readonly FlatEdge[]): FlatEdge[] {
  const goes_on = new Set(edges.map((edge) => edge.from));
  return items
    .filter(({ key }) => !goes_on.has(key))
    .map(({ key }) => ({ key: `hold ${key}`, from: key, to: meeting_key, weight: 0, label: null }));
}

function place_item(plan: Plan, item: Item, flat: FlatLayout): PlacedItem {
  const center = flat.centers.get(item.key) ?? { x: 0, y: 0 };
  return { ...item, rect: rect_around(center, item.piece ?? plan.sizes.boxes[item.step] ?? item.size) };
}

function in_frame(plan: Plan, level: Level, content: Piece): Piece {
  const header: Rect = content.boxes.get(level.loop) ?? { x: 0, y: 0, ...point_size };
  const padding = frame_padding(plan.direction, content, header, level.back_edges.length > 0);
  const width = padding.near + content.width + padding.far;
  const height = padding.start + content.height + padding.end;
  const moved = move(content, { x: padding.near, y: padding.start });
  return { ...moved, width, height, frames: [{ loop: level.loop, x: 0, y: 0, width, height }, ...moved.frames] };
}

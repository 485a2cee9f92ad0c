/**
 * Purpose: lays out one nesting level, inner frames first, and puts a frame around it.
 * Owns: the nodes of the flat graph and the invisible edges that keep them in order. Does not own: edge routes.
 * Invariants:
 *   L1 A frame contains exactly the loop's box, the steps of its body and their inner frames; frames never overlap.
 *   L2 All edges back to `next` meet below the body and share one line up to the loop's box, on the far side of x.
 */
import type { FlatEdge, FlatLayout, Spacing } from './flat-graph.js';
import { layOutFlat } from './flat-layout.js';
import { type Rect, rectAround, type Size } from './geometry.js';
import { dotRadius, levelRoutes, meetingKey, startKey } from './level-routes.js';
import { framePadding, selfLoopRoom } from './loop-frame.js';
import { noLoop } from './loop-regions.js';
import { type Level, type LevelEdge, outermostPlace, type Place } from './nesting.js';
import { type Item, keyOf, merge, move, type Piece, type PlacedItem, type Plan } from './piece.js';
import type { Direction } from './placement.js';

const spacings: Readonly<Record<Direction, Spacing>> = {
  TB: { ranks: 52, nodes: 36, edges: 18 },
  LR: { ranks: 60, nodes: 26, edges: 16 },
};
const dotSize: Size = { width: 2 * dotRadius, height: 2 * dotRadius };
const pointSize: Size = { width: 1, height: 1 };

/** Lays out the level of a loop's frame, or of the whole picture (`noLoop`). */
export function layOutLevel(plan: Plan, loop: number): Piece {
  const level = plan.levels.get(loop);
  if (level === undefined) throw new TypeError(`no level of loop step ${loop}`);
  const items = level.places.map((place) => makeItem(plan, level, place));
  const nodes = new Map(items.map(({ key, size }) => [key, size]));
  if (level.backEdges.length > 0) nodes.set(meetingKey, pointSize);
  const edges = flatEdges(plan, level, items);
  if (edges[0]?.key === startKey) nodes.set(startKey, dotSize);
  const flat = layOutFlat({ nodes, edges, spacing: spacings[plan.direction] });
  const placed = new Map(items.map((item) => [item.key, placeItem(plan, item, flat)]));
  const content = merge(placed.values(), flat);
  const { routes, start } = levelRoutes({ plan, level, placed, flat, content });
  const whole = { ...content, routes: new Map([...content.routes, ...routes]), start };
  return loop === noLoop ? whole : inFrame(plan, level, whole);
}

function makeItem(plan: Plan, level: Level, place: Place): Item {
  const piece = place.isFrame ? layOutLevel(plan, place.step) : null;
  const { width, height } = piece ?? plan.sizes.boxes[place.step] ?? pointSize;
  const loopsItself = level.selfEdges.some((edge) => plan.diagram.edges[edge]?.to === place.step);
  const room = piece === null && loopsItself ? 2 * selfLoopRoom : 0;
  return { key: keyOf(place), step: place.step, piece, size: { width: width + room, height } };
}

function startEdges({ diagram }: Plan, level: Level): FlatEdge[] {
  if (level.loop !== noLoop || diagram.entrypoint === undefined) return [];
  const to = keyOf(outermostPlace(diagram, diagram.entrypoint));
  return [{ key: startKey, from: startKey, to, weight: 2, label: null }];
}

function flatEdges(plan: Plan, level: Level, items: readonly Item[]): FlatEdge[] {
  const edges = level.edges.map((edge) => flatEdge(plan, edge, keyOf(edge.to)));
  const back = level.backEdges.map((edge) => flatEdge(plan, edge, meetingKey));
  return [
    ...startEdges(plan, level),
    ...edges,
    ...back,
    ...(back.length === 0 ? [] : holdBelow(items, [...edges, ...back])),
  ];
}

/** Error edges have less weight, so that the main path is the straight one. */
function flatEdge({ diagram, sizes }: Plan, { edge, from }: LevelEdge, to: string): FlatEdge {
  const weight = diagram.edges[edge]?.isError === true ? 1 : 2;
  return { key: `edge ${edge}`, from: keyOf(from), to, weight, label: sizes.labels[edge] ?? null };
}

/** Invisible edges that keep the meeting point below all nodes without an edge to it. */
function holdBelow(items: readonly Item[], edges: readonly FlatEdge[]): FlatEdge[] {
  const goesOn = new Set(edges.map((edge) => edge.from));
  return items
    .filter(({ key }) => !goesOn.has(key))
    .map(({ key }) => ({ key: `hold ${key}`, from: key, to: meetingKey, weight: 0, label: null }));
}

function placeItem(plan: Plan, item: Item, flat: FlatLayout): PlacedItem {
  const center = flat.centers.get(item.key) ?? { x: 0, y: 0 };
  return { ...item, rect: rectAround(center, item.piece ?? plan.sizes.boxes[item.step] ?? item.size) };
}

function inFrame(plan: Plan, level: Level, content: Piece): Piece {
  const header: Rect = content.boxes.get(level.loop) ?? { x: 0, y: 0, ...pointSize };
  const padding = framePadding(plan.direction, content, header, level.backEdges.length > 0);
  const width = padding.near + content.width + padding.far;
  const height = padding.start + content.height + padding.end;
  const moved = move(content, { x: padding.near, y: padding.start });
  return { ...moved, width, height, frames: [{ loop: level.loop, x: 0, y: 0, width, height }, ...moved.frames] };
}

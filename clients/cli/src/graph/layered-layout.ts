/**
 * Purpose: layered layout for graphs too large for Dagre: simpler, but without recursion and in nearly linear time.
 * Owns: layers by longest path, order within layers by barycentres, positions by the mean of the neighbours.
 * Invariants:
 *   Y1 An edge has a cell in every layer it passes, so nothing in a layer, labels included, ever overlaps.
 *   Y2 Labels have layers of their own, right below the layer their edge comes from.
 */
import type { FlatEdge, FlatGraph, FlatLayout, Spacing } from './flat-graph.js';
import type { Point, Size } from './geometry.js';
import { longestPaths } from './longest-paths.js';

/** An occupant of a layer: a node, or a passing edge with its label if that is in this layer. */
interface Cell {
  readonly size: Size;
  readonly isNode: boolean;
  readonly above: Cell[];
  readonly below: Cell[];
  /** Index in its layer, from the left. */
  order: number;
  x: number;
  y: number;
}

interface Layers {
  readonly nodes: ReadonlyMap<string, Cell>;
  /** By edge key: its cells from upper to lower end, without the nodes. */
  readonly ways: ReadonlyMap<string, readonly Cell[]>;
  readonly labels: ReadonlyMap<string, Cell>;
  /** Edges that point upwards. */
  readonly reversed: ReadonlySet<string>;
  readonly rows: readonly Cell[][];
}

const noSize: Size = { width: 0, height: 0 };
const sweeps = 6;

export function layOutInLayers(graph: FlatGraph): FlatLayout {
  const layers = fillLayers(graph);
  for (let sweep = 0; sweep < sweeps; sweep++) sortRows(layers.rows, sweep % 2 === 0);
  const height = placeRows(layers.rows, graph.spacing.ranks / 2);
  packRows(layers.rows, graph.spacing);
  for (let sweep = 0; sweep < sweeps; sweep++) pullRows(layers.rows, sweep % 2 === 0, graph.spacing);
  const width = moveToOrigin(layers.rows);
  return {
    width,
    height,
    centers: pointsOf(layers.nodes),
    labels: pointsOf(layers.labels),
    waypoints: waysOf(layers),
  };
}

function fillLayers({ nodes, edges }: FlatGraph): Layers {
  const places = new Map([...nodes.keys()].map((key, place) => [key, place]));
  const links = edges.map(({ from, to }) => ({ from: places.get(from) ?? 0, to: places.get(to) ?? 0 }));
  const ranks = longestPaths(nodes.size, links);
  const rankOf = (key: string): number => ranks[places.get(key) ?? 0] ?? 0;
  const rows: Cell[][] = Array.from({ length: 2 * Math.max(0, ...ranks) + 1 }, () => []);
  const cells = new Map([...nodes].map(([key, size]) => [key, addCell(rows, 2 * rankOf(key), size, true)]));
  const ways = new Map<string, Cell[]>();
  const labels = new Map<string, Cell>();
  const reversed = new Set<string>();
  for (const edge of edges) {
    const goesUp = rankOf(edge.from) > rankOf(edge.to);
    if (goesUp) reversed.add(edge.key);
    const ends = goesUp ? [edge.to, edge.from] : [edge.from, edge.to];
    const [upper = edge.from, lower = edge.to] = ends;
    const way = layWay(rows, edge, 2 * rankOf(upper), 2 * rankOf(lower));
    ways.set(edge.key, way);
    if (edge.label !== null && way[0] !== undefined) labels.set(edge.key, way[0]);
    connect([cells.get(upper), ...way, cells.get(lower)]);
  }
  return { nodes: cells, ways, labels, reversed, rows };
}

function addCell(rows: Cell[][], row: number, size: Size, isNode: boolean): Cell {
  const cells = rows[row] ?? [];
  const cell: Cell = { size, isNode, above: [], below: [], order: cells.length, x: 0, y: 0 };
  cells.push(cell);
  return cell;
}

/** The first layer below the upper end holds the label. */
function layWay(rows: Cell[][], { label }: FlatEdge, upper: number, lower: number): Cell[] {
  const way: Cell[] = [];
  for (let row = upper + 1; row < lower; row++) {
    way.push(addCell(rows, row, row === upper + 1 && label !== null ? label : noSize, false));
  }
  return way;
}

function connect(chain: readonly (Cell | undefined)[]): void {
  chain.forEach((lower, place) => {
    const upper = chain[place - 1];
    if (upper === undefined || lower === undefined) return;
    upper.below.push(lower);
    lower.above.push(upper);
  });
}

/** Sorts each layer by the mean position of the neighbours in the previous layer. */
function sortRows(rows: readonly Cell[][], downwards: boolean): void {
  for (const row of downwards ? rows : [...rows].reverse()) {
    const wanted = new Map(
      row.map((cell) => [cell, mean(downwards ? cell.above : cell.below, (other) => other.order) ?? cell.order]),
    );
    row.sort((a, b) => (wanted.get(a) ?? 0) - (wanted.get(b) ?? 0));
    row.forEach((cell, order) => {
      cell.order = order;
    });
  }
}

function placeRows(rows: readonly Cell[][], gap: number): number {
  let y = 0;
  for (const row of rows) {
    const height = row.reduce((most, { size }) => Math.max(most, size.height), 0);
    for (const cell of row) cell.y = y + height / 2;
    y += height + gap;
  }
  return Math.max(0, y - gap);
}

function packRows(rows: readonly Cell[][], spacing: Spacing): void {
  for (const row of rows) {
    settle(
      row,
      row.map(() => 0),
      spacing,
    );
  }
}

function pullRows(rows: readonly Cell[][], downwards: boolean, spacing: Spacing): void {
  for (const row of downwards ? rows : [...rows].reverse()) {
    settle(
      row,
      row.map((cell) => mean(downwards ? cell.above : cell.below, (other) => other.x) ?? cell.x),
      spacing,
    );
  }
}

/** Places cells as near to the wanted positions as distances allow: pushes them right where too close, then shifts all back by the mean. */
function settle(row: readonly Cell[], wanted: readonly number[], spacing: Spacing): void {
  let pushed = 0;
  row.forEach((cell, place) => {
    const before = row[place - 1];
    const least = before === undefined ? Number.NEGATIVE_INFINITY : before.x + distance(before, cell, spacing);
    cell.x = Math.max(wanted[place] ?? 0, least);
    pushed += cell.x - (wanted[place] ?? 0);
  });
  for (const cell of row) cell.x -= pushed / row.length;
}

function distance(left: Cell, right: Cell, { nodes, edges }: Spacing): number {
  return (left.size.width + right.size.width) / 2 + (left.isNode && right.isNode ? nodes : edges);
}

function moveToOrigin(rows: readonly Cell[][]): number {
  const cells = rows.flat();
  const left = cells.reduce((least, { x, size }) => Math.min(least, x - size.width / 2), Number.POSITIVE_INFINITY);
  const right = cells.reduce((most, { x, size }) => Math.max(most, x + size.width / 2), Number.NEGATIVE_INFINITY);
  for (const cell of cells) cell.x -= left;
  return cells.length === 0 ? 0 : right - left;
}

function mean(cells: readonly Cell[], value: (cell: Cell) => number): number | undefined {
  return cells.length === 0 ? undefined : cells.reduce((sum, cell) => sum + value(cell), 0) / cells.length;
}

function pointsOf(cells: ReadonlyMap<string, Cell>): Map<string, Point> {
  return new Map([...cells].map(([key, { x, y }]) => [key, { x, y }]));
}

function waysOf({ ways, reversed }: Layers): Map<string, Point[]> {
  return new Map(
    [...ways].map(([key, way]) => {
      const points = way.map(({ x, y }) => ({ x, y }));
      return [key, reversed.has(key) ? points.reverse() : points];
    }),
  );
}

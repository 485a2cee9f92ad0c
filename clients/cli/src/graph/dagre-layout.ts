import { Graph, layout } from '@dagrejs/dagre';
import type { FlatGraph, FlatLayout } from './flat-graph.js';
import type { Point, Size } from './geometry.js';

interface Placed extends Size {
  readonly x?: number;
  readonly y?: number;
}
interface Routed {
  readonly points?: readonly Point[];
  readonly x?: number;
  readonly y?: number;
}
/** The part of Dagre's API used here; its own type declarations do not resolve under Node's module resolution. */
interface DagreGraph {
  setGraph(label: Readonly<Record<string, number>>): unknown;
  setNode(key: string, label: Size): unknown;
  setEdge(from: string, to: string, label: object, key: string): unknown;
  node(key: string): Placed;
  edge(from: string, to: string, key: string): Routed;
  graph(): Partial<Size>;
}

/** Lays out with Dagre, whose recursion overflows the stack at about 1,500 nodes. */
export function layOutByDagre({ nodes, edges, spacing }: FlatGraph): FlatLayout {
  const graph: DagreGraph = new Graph({ multigraph: true });
  graph.setGraph({ ranksep: spacing.ranks, nodesep: spacing.nodes, edgesep: spacing.edges });
  for (const [key, size] of nodes) graph.setNode(key, { width: size.width, height: size.height });
  for (const { key, from, to, weight, label } of edges) {
    graph.setEdge(from, to, { weight, labelpos: 'c', width: label?.width ?? 0, height: label?.height ?? 0 }, key);
  }
  layout(graph as Parameters<typeof layout>[0]);
  const centers = new Map([...nodes.keys()].map((key) => [key, point(graph.node(key))]));
  const waypoints = new Map<string, readonly Point[]>();
  const labels = new Map<string, Point>();
  for (const { key, from, to, label } of edges) {
    const routed = graph.edge(from, to, key);
    waypoints.set(key, (routed.points ?? []).slice(1, -1));
    if (label !== null) labels.set(key, point(routed));
  }
  const { width = 0, height = 0 } = graph.graph();
  return { width, height, centers, waypoints, labels };
}

function point({ x = 0, y = 0 }: Partial<Point>): Point {
  return { x, y };
}

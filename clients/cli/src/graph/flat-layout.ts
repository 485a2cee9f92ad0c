import { lay_out_by_dagre } from './dagre-layout.js';
import type { FlatEdge, FlatGraph, FlatLayout } from './flat-graph.js';
import type { Point } from './geometry.js';
import { lay_out_in_layers } from './layered-layout.js';

/** Up to here Dagre is fast and has stack enough; beyond, plainer layers do, which nobody reads at one glance anyway. */
const most_nodes_for_dagre = 500;
const most_edges_for_dagre = 700;

/** A layered layout of a graph without edges from a node to itself. The same graph always gets the same places. */
export function lay_out_flat(graph: FlatGraph): FlatLayout {
  const is_large = graph.nodes.size > most_nodes_for_dagre || graph.edges.length > most_edges_for_dagre;
  return in_reading_order(is_large ? lay_out_in_layers(graph) : lay_out_by_dagre(graph), graph.edges);
}

/** Crossings do not say which side is which: of a layout and its mirror image the one with more branches in order. */
function in_reading_order(flat: FlatLayout, edges: readonly FlatEdge[]): FlatLayout {
  const last_x = new Map<string, number>();
  let forward = 0;
  for (const { key, from, to } of edges) {
    const x = flat.waypoints.get(key)?.[0]?.x ?? flat.centers.get(to)?.x ?? 0;
    forward += Math.sign(x - (last_x.get(from) ?? x));
    last_x.set(from, x);
  }
  if (forward >= 0) return flat;
  const mirror = (at: Point): Point => ({ x: flat.width - at.x, y: at.y });
  return {
    ...flat,
    centers: new Map([...flat.centers].map(([key, at]) => [key, mirror(at)])),
    waypoints: new Map([...flat.waypoints].map(([key, points]) => [key, points.map(mirror)])),
    labels: new Map([...flat.labels].map(([key, at]) => [key, mirror(at)])),
  };
}

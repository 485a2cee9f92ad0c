import { layOutByDagre } from './dagre-layout.js';
import type { FlatEdge, FlatGraph, FlatLayout } from './flat-graph.js';
import type { Point } from './geometry.js';
import { layOutInLayers } from './layered-layout.js';

/** Up to here Dagre is fast and has stack enough; beyond, plainer layers do, which nobody reads at one glance anyway. */
const mostNodesForDagre = 500;
const mostEdgesForDagre = 700;

/** A layered layout of a graph without edges from a node to itself. The same graph always gets the same places. */
export function layOutFlat(graph: FlatGraph): FlatLayout {
  const isLarge = graph.nodes.size > mostNodesForDagre || graph.edges.length > mostEdgesForDagre;
  return inReadingOrder(isLarge ? layOutInLayers(graph) : layOutByDagre(graph), graph.edges);
}

/** Crossings do not say which side is which: of a layout and its mirror image the one with more branches in order. */
function inReadingOrder(flat: FlatLayout, edges: readonly FlatEdge[]): FlatLayout {
  const lastX = new Map<string, number>();
  let forward = 0;
  for (const { key, from, to } of edges) {
    const x = flat.waypoints.get(key)?.[0]?.x ?? flat.centers.get(to)?.x ?? 0;
    forward += Math.sign(x - (lastX.get(from) ?? x));
    lastX.set(from, x);
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

import { layOutByDagre } from './dagre-layout.js';
import type { FlatEdge, FlatGraph, FlatLayout } from './flat-graph.js';
import type { Point } from './geometry.js';
import { layOutInLayers } from './layered-layout.js';

/** Up to these limits Dagre is fast and does not overflow the stack; larger graphs get the simpler layered layout. */
const maxDagreNodes = 500;
const maxDagreEdges = 700;

/** A deterministic layered layout of a graph without self-loops. */
export function layOutFlat(graph: FlatGraph): FlatLayout {
  const isLarge = graph.nodes.size > maxDagreNodes || graph.edges.length > maxDagreEdges;
  return inReadingOrder(isLarge ? layOutInLayers(graph) : layOutByDagre(graph), graph.edges);
}

/** Minimizing crossings does not fix left and right: picks the layout or its mirror image, whichever has more branches in order. */
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

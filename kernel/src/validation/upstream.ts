import { type Graph, type GraphEdge, rootRegion } from '../engine/graph.js';
import type { Work } from '../slices/slices.js';

/**
 * The transitive predecessors of each step along forward edges, as bit sets: 12 MB each for 10,000 steps, so build it
 * only when needed. Requires an acyclic graph.
 */
export class Upstream {
  private readonly words: number;
  private readonly before: Uint32Array;
  private readonly certain: Uint32Array;

  private constructor(
    private readonly graph: Graph,
    private readonly edges: readonly GraphEdge[],
  ) {
    const count = graph.region.length;
    this.words = Math.ceil(count / 32);
    this.before = new Uint32Array(this.words * count);
    this.certain = new Uint32Array(this.words * count);
  }

  static *of(graph: Graph, edges: readonly GraphEdge[]): Work<Upstream> {
    const upstream = new Upstream(graph, edges);
    for (const step of graph.order) {
      upstream.add(step);
      yield;
    }
    return upstream;
  }

  private add(step: number): void {
    const { words, before, certain } = this;
    const row = step * words;
    let first = true;
    for (const index of this.graph.incoming[step] ?? []) {
      const from = this.edges[index]?.from ?? 0;
      const source = from * words;
      const bit = 1 << (from & 31);
      for (let word = 0; word < words; word++) {
        const own = word === from >>> 5 ? bit : 0;
        before[row + word] = (before[row + word] ?? 0) | (before[source + word] ?? 0) | own;
        const always = (certain[source + word] ?? 0) | own;
        certain[row + word] = first ? always : (certain[row + word] ?? 0) & always;
      }
      first = false;
    }
  }

  /** Whether `other` is decided before `step` starts: upstream of it, or of a loop around it. */
  isUpstream(other: number, step: number): boolean {
    return this.holds(this.before, other, step);
  }

  /** Whether `other` is on every path to `step`, and so ran whenever `step` does. */
  isCertain(other: number, step: number): boolean {
    return this.holds(this.certain, other, step);
  }

  private holds(rows: Uint32Array, other: number, step: number): boolean {
    for (let at = step; at !== rootRegion; at = this.graph.region[at] ?? rootRegion) {
      const sameScope = this.graph.region[other] === this.graph.region[at];
      if (sameScope && ((rows[at * this.words + (other >>> 5)] ?? 0) >>> (other & 31)) & 1) return true;
    }
    return false;
  }
}

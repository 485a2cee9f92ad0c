import type { Point, Size } from './geometry.js';

/** A graph to lay out. Ranks go down the y axis. */
export interface FlatGraph {
  readonly nodes: ReadonlyMap<string, Size>;
  readonly edges: readonly FlatEdge[];
  readonly spacing: Spacing;
}

export interface FlatEdge {
  readonly key: string;
  readonly from: string;
  readonly to: string;
  /** Heavier edges are drawn straighter. */
  readonly weight: number;
  readonly label: Size | null;
}

export interface Spacing {
  /** Between two ranks, without labels. */
  readonly ranks: number;
  /** Between two neighbours of a rank. */
  readonly nodes: number;
  /** Between edges that pass through a rank. */
  readonly edges: number;
}

export interface FlatLayout extends Size {
  readonly centers: ReadonlyMap<string, Point>;
  /** By edge key: where it crosses each rank between its ends. */
  readonly waypoints: ReadonlyMap<string, readonly Point[]>;
  /** By edge key: the centre of its label. */
  readonly labels: ReadonlyMap<string, Point>;
}

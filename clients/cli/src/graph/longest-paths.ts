interface Link {
  readonly from: number;
  readonly to: number;
}

interface Ranking {
  readonly ranks: number[];
  /** Number of incoming edges per node that have not been followed yet. */
  readonly waiting: number[];
  readonly isRanked: boolean[];
  readonly outgoing: readonly (readonly number[])[];
}

/** Length in edges of the longest path to each node. Cycles are cut where they are first entered. */
export function longestPaths(nodeCount: number, links: readonly Link[]): number[] {
  const ranking = unranked(nodeCount, links);
  const roots = ranking.ranks.map((_, node) => node).filter((node) => ranking.waiting[node] === 0);
  rankFrom(ranking, roots);
  // The remaining nodes are on or behind cycles.
  for (let node = 0; node < nodeCount; node++) {
    if (ranking.isRanked[node] === false) rankFrom(ranking, [node]);
  }
  return ranking.ranks;
}

function unranked(nodeCount: number, links: readonly Link[]): Ranking {
  const zeros = Array.from({ length: nodeCount }, () => 0);
  const outgoing: number[][] = zeros.map(() => []);
  const waiting = [...zeros];
  for (const { from, to } of links) {
    outgoing[from]?.push(to);
    waiting[to] = (waiting[to] ?? 0) + 1;
  }
  return { ranks: zeros, waiting, isRanked: zeros.map(() => false), outgoing };
}

function rankFrom({ ranks, waiting, isRanked, outgoing }: Ranking, ready: number[]): void {
  for (let node = ready.pop(); node !== undefined; node = ready.pop()) {
    isRanked[node] = true;
    for (const to of outgoing[node] ?? []) {
      if (isRanked[to] === true) continue;
      ranks[to] = Math.max(ranks[to] ?? 0, (ranks[node] ?? 0) + 1);
      waiting[to] = (waiting[to] ?? 0) - 1;
      if (waiting[to] === 0) ready.push(to);
    }
  }
}

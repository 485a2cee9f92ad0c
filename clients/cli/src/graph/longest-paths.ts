interface Link {
  readonly from: number;
  readonly to: number;
}

interface Ranking {
  readonly ranks: number[];
  /** Edges into each node that were not gone along yet. */
  readonly waiting: number[];
  readonly is_ranked: boolean[];
  readonly outgoing: readonly (readonly number[])[];
}

/** Per node how many edges the longest way to it has. A cycle is cut where it is first met. */
export function longest_paths(node_count: number, links: readonly Link[]): number[] {
  const ranking = unranked(node_count, links);
  const roots = ranking.ranks.map((_, node) => node).filter((node) => ranking.waiting[node] === 0);
  rank_from(ranking, roots);
  // What is left waits for itself.
  for (let node = 0; node < node_count; node++) {
    if (ranking.is_ranked[node] === false) rank_from(ranking, [node]);
  }
  return ranking.ranks;
}

function unranked(node_count: number, links: readonly Link[]): Ranking {
  const zeros = Array.from({ length: node_count }, () => 0);
  const outgoing: number[][] = zeros.map(() => []);
  const waiting = [...zeros];
  for (const { from, to } of links) {
    outgoing[from]?.push(to);
    waiting[to] = (waiting[to] ?? 0) + 1;
  }
  return { ranks: zeros, waiting, is_ranked: zeros.map(() => false), outgoing };
}

function rank_from({ ranks, waiting, is_ranked, outgoing }: Ranking, ready: number[]): void {
  for (let node = ready.pop(); node !== undefined; node = ready.pop()) {
    is_ranked[node] = true;
    for (const to of outgoing[node] ?? []) {
      if (is_ranked[to] === true) continue;
      ranks[to] = Math.max(ranks[to] ?? 0, (ranks[node] ?? 0) + 1);
      waiting[to] = (waiting[to] ?? 0) - 1;
      if (waiting[to] === 0) ready.push(to);
    }
  }
}

import type { Cluster } from './cluster.js';

/** Starts runs as a gateway does and keeps `lanes` of them in flight. */
export async function runInLanes(cluster: Cluster, definition: string, runs: number, lanes: number): Promise<void> {
  let left = runs;
  const lane = async (): Promise<void> => {
    while (left-- > 0) await cluster.run(definition);
  };
  await Promise.all(Array.from({ length: lanes }, lane));
}

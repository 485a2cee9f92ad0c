import type { RunKey } from '@llmteam/contracts';

const offsetBasis = 0x811c9dc5;
const prime = 0x01000193;

/** FNV-1a over tenant and run. Must never change: it determines where a run's history is stored. */
export function partitionOf({ tenant_id, run_id }: RunKey, partitions: number): number {
  let hash = offsetBasis;
  for (const byte of Buffer.from(`${tenant_id}/${run_id}`)) hash = Math.imul(hash ^ byte, prime);
  return (hash >>> 0) % partitions;
}

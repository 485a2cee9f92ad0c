import type { RunKey } from '@llmteam/contracts';

const offset_basis = 0x811c9dc5;
const prime = 0x01000193;

/** FNV-1a over tenant and run. The same for ever: it decides where the history of a run lies. */
export function partition_of({ tenant_id, run_id }: RunKey, partitions: number): number {
  let hash = offset_basis;
  for (const byte of Buffer.from(`${tenant_id}/${run_id}`)) hash = Math.imul(hash ^ byte, prime);
  return (hash >>> 0) % partitions;
}

/** The owners of the partitions according to the key-value store: process id of the coordinator by partition. */
import type { Cluster } from './cluster.js';
import type { Member } from './member.js';

export async function partitionOwners({ client }: Cluster): Promise<Map<number, number>> {
  const leases = await client.untilAnswered(() => client.backend.kv.list('leases/'));
  return new Map(leases.map(({ key, value }) => [Number(key.slice('leases/'.length)), pidIn(value)]));
}

/** @throws if none of them is the owner */
export function memberWith({ coordinators }: Cluster, pid: number | undefined): Member {
  const found = coordinators.find((member) => member.runs && member.pid === pid);
  if (found === undefined) throw new Error(`no coordinator has the process id ${pid}`);
  return found;
}

/** Services are named `<host>-<pid>-<some letters>`. */
function pidIn(value: unknown): number {
  const { owner } = value as { readonly owner: string };
  return Number(owner.split('-').at(-2));
}

import type { KvStore } from '@llmteam/contracts';
import { partitionLeases } from '@llmteam/kernel';
import { ownerOf } from './lease.js';
import { memberPrefix } from './partition-ownership.js';

export interface SeenCoordinators {
  /** Ids of the live members. */
  readonly members: readonly string[];
  /** The lease holder of each partition. */
  readonly owners: ReadonlyMap<number, string>;
}

/** The coordinators of an installation, as recorded in the key-value store. */
export async function seenCoordinators(kv: KvStore): Promise<SeenCoordinators> {
  const [members, leases] = await Promise.all([kv.list(memberPrefix), kv.list(partitionLeases)]);
  return {
    members: members.map(({ key }) => key.slice(memberPrefix.length)),
    owners: new Map(leases.map((lease) => [Number(lease.key.slice(partitionLeases.length)), ownerOf(lease)])),
  };
}

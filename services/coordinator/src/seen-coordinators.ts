import type { Registry } from '@llmteam/contracts';
import { lease_prefix, owner_of } from './lease.js';
import { member_prefix } from './partition-ownership.js';

export interface SeenCoordinators {
  /** Ids of those that live. */
  readonly members: readonly string[];
  /** By partition: who holds its lease. */
  readonly owners: ReadonlyMap<number, string>;
}

/** The coordinators of an installation, as the registry has them. */
export async function seen_coordinators(registry: Registry): Promise<SeenCoordinators> {
  const [members, leases] = await Promise.all([registry.list(member_prefix), registry.list(lease_prefix)]);
  return {
    members: members.map(({ key }) => key.slice(member_prefix.length)),
    owners: new Map(leases.map((lease) => [Number(lease.key.slice(lease_prefix.length)), owner_of(lease)])),
  };
}

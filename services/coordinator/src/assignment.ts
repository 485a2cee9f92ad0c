/**
 * Purpose: decides which coordinator owns a partition.
 * A pure function of state that all coordinators see, so that they agree without communicating.
 * Invariants: every partition is assigned as long as any member is alive (P1); loads differ by at most one, unless a member
 * declines partitions (P2); a partition moves only from a member that is gone, declines it, or has more than its share (P3).
 */
import { hash32 } from '@llmteam/kernel';

export interface Member {
  readonly id: string;
  /** Partitions it currently cannot work on. */
  readonly declines: readonly number[];
}

export interface Scene {
  readonly partitions: number;
  /** The live members. */
  readonly members: readonly Member[];
  /** The current owner of each partition. */
  readonly owners: ReadonlyMap<number, string>;
}

/** The owner of each partition; empty without members. Ties are broken by rendezvous hashing, which spreads new load evenly. */
export function assign({ partitions, members, owners }: Scene): ReadonlyMap<number, string> {
  const loads = loadsOf(
    members,
    [...owners].filter(([partition]) => partition < partitions),
  );
  const assigned = new Map<number, string>();
  const room = new Map<string, number>();
  for (const { load, quota } of quotas(partitions, loads)) {
    for (const partition of load.held.slice(0, quota)) assigned.set(partition, load.member.id);
    room.set(load.member.id, quota - Math.min(quota, load.held.length));
  }
  for (let partition = 0; partition < partitions; partition++) {
    if (assigned.has(partition)) continue;
    const chosen = bestFor(partition, members, room);
    if (chosen === undefined) continue;
    assigned.set(partition, chosen.id);
    room.set(chosen.id, (room.get(chosen.id) ?? 0) - 1);
  }
  return assigned;
}

interface Load {
  readonly member: Member;
  /** Partitions it holds and does not decline, highest score first. */
  readonly held: readonly number[];
}

function loadsOf(members: readonly Member[], owners: readonly (readonly [number, string])[]): Load[] {
  return members.map((member) => {
    const held = owners.flatMap(([partition, id]) => (id === member.id ? [partition] : []));
    const kept = held.filter((partition) => !member.declines.includes(partition));
    return { member, held: kept.sort((a, b) => score(member.id, b) - score(member.id, a) || a - b) };
  });
}

/** If partitions cannot be divided evenly, members that already hold more get the extra one, so that it need not move. */
function quotas(partitions: number, loads: readonly Load[]): { load: Load; quota: number }[] {
  const least = Math.floor(partitions / Math.max(1, loads.length));
  const remainder = partitions - least * loads.length;
  const ordered = [...loads].sort((a, b) => b.held.length - a.held.length || byId(a.member, b.member));
  return ordered.map((load, index) => ({ load, quota: index < remainder ? least + 1 : least }));
}

/** Prefers a member with capacity that does not decline, then any that does not decline; if all decline, one must retry. */
function bestFor(partition: number, members: readonly Member[], room: ReadonlyMap<string, number>): Member | undefined {
  const willing = members.filter(({ declines }) => !declines.includes(partition));
  const withRoom = willing.filter(({ id }) => (room.get(id) ?? 0) > 0);
  const [candidates = members] = [withRoom, willing].filter((some) => some.length > 0);
  return [...candidates].sort((a, b) => score(b.id, partition) - score(a.id, partition) || byId(a, b))[0];
}

function score(memberId: string, partition: number): number {
  return hash32(`${memberId}/${partition}`);
}

function byId(a: Member, b: Member): number {
  return a.id < b.id ? -1 : 1;
}

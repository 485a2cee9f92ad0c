/**
 * Purpose: which coordinator a partition belongs to.
 * Owns: nothing; a function of what every coordinator sees alike, so that all of them come to the same answer without asking.
 * Invariants: every partition is assigned as long as anybody lives (P1); the loads differ by one at most, unless somebody declines (P2); a
 * partition moves only from a member that is gone, declines it, or has more than its share (P3).
 */
import { hash32 } from '@llmteam/kernel';

export interface Member {
  readonly id: string;
  /** Partitions it cannot work on at the moment. */
  readonly declines: readonly number[];
}

export interface Scene {
  readonly partitions: number;
  /** Those that live. */
  readonly members: readonly Member[];
  /** By partition: who holds it. */
  readonly owners: ReadonlyMap<number, string>;
}

/** By partition; empty if nobody lives. Among equals the highest score decides (rendezvous hashing), so new work spreads by itself. */
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
  /** What it holds and does not decline, what it scores highest for first. */
  readonly held: readonly number[];
}

function loadsOf(members: readonly Member[], owners: readonly (readonly [number, string])[]): Load[] {
  return members.map((member) => {
    const held = owners.flatMap(([partition, id]) => (id === member.id ? [partition] : []));
    const kept = held.filter((partition) => !member.declines.includes(partition));
    return { member, held: kept.sort((a, b) => score(member.id, b) - score(member.id, a) || a - b) };
  });
}

/** If the partitions cannot be dealt out evenly, one more goes to those that hold more already: it need not move then. */
function quotas(partitions: number, loads: readonly Load[]): { load: Load; quota: number }[] {
  const least = Math.floor(partitions / Math.max(1, loads.length));
  const withMore = partitions - least * loads.length;
  const ordered = [...loads].sort((a, b) => b.held.length - a.held.length || byId(a.member, b.member));
  return ordered.map((load, place) => ({ load, quota: place < withMore ? least + 1 : least }));
}

/** One that has room and does not decline; if there is none, one that does not decline; if all decline, one must try again. */
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

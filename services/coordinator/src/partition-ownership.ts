/**
 * Purpose: this coordinator among the others: which partitions are its own, as members come and go.
 * Owns: membership, renewals, and beginning and ending holds. Does not own: what is done with a partition (`open`).
 * Knows the registry and the clock only. All members compute the same assignment (assignment.ts) from the same keys:
 *   `members/coordinators/<id>` = {declines: number[]}, which ends with its member; `leases/<partition>` = {owner}.
 * Invariants:
 *   O1 a partition is worked on only under a lease, and its lease is confirmed (lease.ts)
 *   O2 a partition that belongs to another live member is given back at once, with a checkpoint
 *   O3 a stop gives everything back, and says so first: nobody waits for a lease to end
 */
import type { Clock, Json, KvEntry, KvStore, Logger, Timer } from '@llmteam/contracts';
import { WatchedKeys } from '@llmteam/kernel';
import { assign, type Member } from './assignment.js';
import { Lease, leasePrefix, ownerOf } from './lease.js';
import { type HoldContext, type HoldEnd, PartitionHold, type PartitionWork } from './partition-hold.js';

export interface OwnershipOptions {
  readonly kv: KvStore;
  /** Monotonic. */
  readonly clock: Clock;
  readonly log: Logger;
  /** Unique to this process, and to this start of it. */
  readonly memberId: string;
  readonly partitions: number;
  readonly leaseMs: number;
  readonly open: (context: HoldContext) => PartitionWork;
}

export const memberPrefix = 'members/coordinators/';
/** A lease is renewed so often within its time. */
const renewals = 3;
/** How long a partition whose work failed here is left to others: a lease, twice as long each time. */
const mostDoublings = 6;
/** A failure this many leases after the last pause is a first one again. */
const forgivenAfter = 10;

interface Failure {
  readonly times: number;
  readonly declinedUntil: number;
}

export class PartitionOwnership {
  private readonly members: WatchedKeys;
  private readonly leases: WatchedKeys;
  private readonly holds = new Map<number, PartitionHold>();
  private readonly running = new Set<Promise<void>>();
  private readonly failures = new Map<number, Failure>();
  private tick: Timer | null = null;
  private isScheduled = false;
  private takenOver = 0;
  private telling: Promise<unknown> = Promise.resolve();
  private joinedUntil = Number.NEGATIVE_INFINITY;
  private state: 'idle' | 'joined' | 'stopping' = 'idle';

  constructor(private readonly options: OwnershipOptions) {
    const { kv, clock, log } = options;
    const changed = (): void => this.schedule();
    this.members = new WatchedKeys({ kv, clock, log, changed, prefix: memberPrefix });
    this.leases = new WatchedKeys({ kv, clock, log, changed, prefix: leasePrefix });
  }

  /** Joins the others; partitions come by and by. @throws LlmteamError of the registry */
  async start(): Promise<void> {
    await this.sayWeLive();
    await Promise.all([this.members.start(), this.leases.start()]);
    this.state = 'joined';
    this.schedule();
    this.setTick();
  }

  /** Gives back every partition at once. Never rejects. */
  async stop(): Promise<void> {
    const { log, kv, memberId } = this.options;
    const wasJoined = this.state === 'joined';
    this.state = 'stopping';
    // What is under way would put the key there again.
    const gone = this.telling.then(() => kv.delete(memberPrefix + memberId));
    const told = gone.catch((err: unknown) => {
      if (wasJoined) log.warn({ err }, 'the other coordinators were not told; they find out when the leases end');
    });
    for (const hold of this.holds.values()) hold.leave('moved');
    await Promise.all([told, ...this.running]);
    this.tick?.cancel();
    await Promise.all([this.members.stop(), this.leases.stop()]);
  }

  /** Partitions that are taken over and worked on, in order. */
  owned(): number[] {
    return [...this.holds].flatMap(([partition, { isLive }]) => (isLive ? [partition] : [])).sort((a, b) => a - b);
  }

  /** How often a partition was taken over so far. */
  get takeovers(): number {
    return this.takenOver;
  }

  /** What keeps this coordinator from having what is its own; empty: nothing. */
  unsettled(): string[] {
    if (this.state !== 'joined') return ['it has not joined the other coordinators'];
    if (this.options.clock.now() > this.joinedUntil)
      return ['the other coordinators have not heard of it for too long'];
    const missing = [...this.assignedHere()].filter((partition) => this.holds.get(partition)?.isLive !== true);
    return missing.length === 0 ? [] : [`not taken over yet: partition ${missing.sort((a, b) => a - b).join(', ')}`];
  }

  /** Many changes come at once; one look at them is enough. */
  private schedule(): void {
    if (this.isScheduled || this.state !== 'joined') return;
    this.isScheduled = true;
    queueMicrotask(() => {
      this.isScheduled = false;
      if (this.state === 'joined') this.reconcile();
    });
  }

  private reconcile(): void {
    const wanted = this.assignedHere();
    for (const [partition, hold] of this.holds) {
      if (!wanted.has(partition)) hold.leave('moved');
    }
    for (const partition of wanted) {
      if (!this.holds.has(partition) && this.mayBegin(partition)) this.begin(partition);
    }
  }

  private assignedHere(): Set<number> {
    const { memberId, partitions } = this.options;
    const owners = new Map([...this.leases.values].map(([partition, value]) => [Number(partition), ownerOf(value)]));
    const assigned = assign({ partitions, members: [...this.members.values].map(asMember), owners });
    return new Set([...assigned].flatMap(([partition, id]) => (id === memberId ? [partition] : [])));
  }

  private mayBegin(partition: number): boolean {
    const { declinedUntil = 0 } = this.failures.get(partition) ?? {};
    if (declinedUntil > this.options.clock.now()) return false;
    const lease = this.leases.values.get(String(partition));
    return lease === undefined || ownerOf(lease) === this.options.memberId;
  }

  private begin(partition: number): void {
    const { kv, clock, log, memberId, leaseMs, open } = this.options;
    const lease = new Lease(partition, memberId, leaseMs, kv, clock);
    const onLive = (): void => {
      log.info({ partition }, 'partition taken over');
      this.takenOver++;
    };
    const hold = new PartitionHold({ lease, clock, log, open, onLive });
    this.holds.set(partition, hold);
    const running = hold.run().then((how) => {
      this.holds.delete(partition);
      this.running.delete(running);
      this.noteEnd(partition, how);
    });
    this.running.add(running);
  }

  /** A partition whose lease another has is looked at again when that lease changes, or with the next tick. */
  private noteEnd(partition: number, how: HoldEnd | null): void {
    if (how === 'failed') this.noteFailure(partition);
    if (how !== null) this.schedule();
  }

  private noteFailure(partition: number): void {
    const { clock, leaseMs, log } = this.options;
    const now = clock.now();
    const last = this.failures.get(partition);
    const times = last === undefined || now > last.declinedUntil + forgivenAfter * leaseMs ? 1 : last.times + 1;
    const pauseMs = leaseMs * 2 ** Math.min(mostDoublings, times - 1);
    this.failures.set(partition, { times, declinedUntil: now + pauseMs });
    this.sayWeLive().catch((err: unknown) => log.warn({ err }, 'the other coordinators were not told'));
  }

  private setTick(): void {
    const { clock, leaseMs } = this.options;
    this.tick = clock.after(leaseMs / renewals, () => {
      this.setTick();
      // Also while they are given back: a checkpoint takes its time.
      for (const hold of this.holds.values()) void hold.renew();
      if (this.state === 'joined') this.keepInTouch();
    });
  }

  private keepInTouch(): void {
    const { log } = this.options;
    this.sayWeLive().catch((err: unknown) => log.warn({ err }, 'the other coordinators were not told that we live'));
    // Watching tells of every change; a look now and then forgives a registry that did not.
    Promise.all([this.members.refresh(), this.leases.refresh()]).catch((err: unknown) =>
      log.warn({ err }, 'the other coordinators cannot be seen now'),
    );
  }

  private async sayWeLive(): Promise<void> {
    const { kv, clock, memberId, leaseMs } = this.options;
    const sentAt = clock.now();
    const declines = [...this.failures].flatMap(([partition, { declinedUntil }]) =>
      declinedUntil > sentAt ? [partition] : [],
    );
    const put = kv.put(memberPrefix + memberId, { declines }, { ttlMs: leaseMs });
    this.telling = put.catch(() => undefined);
    await put;
    this.joinedUntil = sentAt + leaseMs;
  }
}

function asMember([id, { value }]: [string, KvEntry]): Member {
  const { declines } = value as { readonly declines?: Json };
  return { id, declines: Array.isArray(declines) ? declines.map(Number) : [] };
}

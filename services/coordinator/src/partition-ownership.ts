/**
 * Purpose: keeps track of the partitions this coordinator owns as members come and go.
 * Owns: membership, renewals, and beginning and ending holds. Does not own: the work on a partition (`open`).
 * Uses only the key-value store and the clock. All members compute the same assignment (assignment.ts) from the same keys:
 *   `members/coordinators/<id>` = {declines: number[]}, which expires with its member; `leases/<partition>` = {owner}.
 * Invariants:
 *   O1 a partition is worked on only under a confirmed lease (lease.ts)
 *   O2 a partition assigned to another live member is released at once, with a checkpoint
 *   O3 a stop announces itself first and releases everything, so that nobody waits for a lease to expire
 */
import type { Clock, Json, KvEntry, KvStore, Logger, Timer } from '@llmteam/contracts';
import { partitionLeases, WatchedKeys } from '@llmteam/kernel';
import { assign, type Member } from './assignment.js';
import { Lease, ownerOf } from './lease.js';
import { type HoldContext, type HoldEnd, PartitionHold, type PartitionWork } from './partition-hold.js';

export interface OwnershipOptions {
  readonly kv: KvStore;
  /** Monotonic. */
  readonly clock: Clock;
  readonly log: Logger;
  /** Unique to this start of this process. */
  readonly memberId: string;
  readonly partitions: number;
  readonly leaseMs: number;
  readonly open: (context: HoldContext) => PartitionWork;
}

export const memberPrefix = 'members/coordinators/';
/** How many times a lease is renewed within its duration. */
const renewalsPerLease = 3;
/** A partition that failed here is declined for one lease, doubled on each further failure up to this many times. */
const maxDoublings = 6;
/** The backoff is reset if the next failure comes this many leases after the last one ended. */
const resetAfterLeases = 10;

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
  private announcing: Promise<unknown> = Promise.resolve();
  private joinedUntil = Number.NEGATIVE_INFINITY;
  private state: 'idle' | 'joined' | 'stopping' = 'idle';

  constructor(private readonly options: OwnershipOptions) {
    const { kv, clock, log } = options;
    const changed = (): void => this.schedule();
    this.members = new WatchedKeys({ kv, clock, log, changed, prefix: memberPrefix });
    this.leases = new WatchedKeys({ kv, clock, log, changed, prefix: partitionLeases });
  }

  /** Joins the members; partitions are taken over one by one. @throws LlmteamError of the key-value store */
  async start(): Promise<void> {
    await this.announce();
    await Promise.all([this.members.start(), this.leases.start()]);
    this.state = 'joined';
    this.schedule();
    this.setTick();
  }

  /** Releases every partition at once. Never rejects. */
  async stop(): Promise<void> {
    const { log, kv, memberId } = this.options;
    const wasJoined = this.state === 'joined';
    this.state = 'stopping';
    // An announcement in flight would write the key again.
    const left = this.announcing.then(() => kv.delete(memberPrefix + memberId));
    const announced = left.catch((err: unknown) => {
      if (wasJoined)
        log.warn({ err }, 'could not leave the other coordinators; they will notice when the leases expire');
    });
    for (const hold of this.holds.values()) hold.leave('moved');
    await Promise.all([announced, ...this.running]);
    this.tick?.cancel();
    await Promise.all([this.members.stop(), this.leases.stop()]);
  }

  /** Live partitions, in order. */
  owned(): number[] {
    return [...this.holds].flatMap(([partition, { isLive }]) => (isLive ? [partition] : [])).sort((a, b) => a - b);
  }

  /** Number of takeovers so far. */
  get takeovers(): number {
    return this.takenOver;
  }

  /** Reasons why this coordinator does not hold all its partitions yet; empty if it does. */
  unsettled(): string[] {
    if (this.state !== 'joined') return ['it has not joined the other coordinators'];
    if (this.options.clock.now() > this.joinedUntil) return ['its membership has not been renewed for too long'];
    const missing = [...this.assignedHere()].filter((partition) => this.holds.get(partition)?.isLive !== true);
    return missing.length === 0 ? [] : [`not taken over yet: partition ${missing.sort((a, b) => a - b).join(', ')}`];
  }

  /** Coalesces many simultaneous changes into one reconciliation. */
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

  /** If another process holds the lease, the partition is reconsidered when that lease changes or on the next tick. */
  private noteEnd(partition: number, how: HoldEnd | null): void {
    if (how === 'failed') this.noteFailure(partition);
    if (how !== null) this.schedule();
  }

  private noteFailure(partition: number): void {
    const { clock, leaseMs, log } = this.options;
    const now = clock.now();
    const last = this.failures.get(partition);
    const times = last === undefined || now > last.declinedUntil + resetAfterLeases * leaseMs ? 1 : last.times + 1;
    const pauseMs = leaseMs * 2 ** Math.min(maxDoublings, times - 1);
    this.failures.set(partition, { times, declinedUntil: now + pauseMs });
    this.announce().catch((err: unknown) => log.warn({ err }, 'could not announce a declined partition'));
  }

  private setTick(): void {
    const { clock, leaseMs } = this.options;
    this.tick = clock.after(leaseMs / renewalsPerLease, () => {
      this.setTick();
      // Also while they are being released, because a checkpoint takes time.
      for (const hold of this.holds.values()) void hold.renew();
      if (this.state === 'joined') this.refreshMembership();
    });
  }

  private refreshMembership(): void {
    const { log } = this.options;
    this.announce().catch((err: unknown) => log.warn({ err }, 'could not renew the membership of this coordinator'));
    // Watches report every change; the periodic refresh covers missed ones.
    Promise.all([this.members.refresh(), this.leases.refresh()]).catch((err: unknown) =>
      log.warn({ err }, 'the other coordinators cannot be listed now'),
    );
  }

  private async announce(): Promise<void> {
    const { kv, clock, memberId, leaseMs } = this.options;
    const sentAt = clock.now();
    const declines = [...this.failures].flatMap(([partition, { declinedUntil }]) =>
      declinedUntil > sentAt ? [partition] : [],
    );
    const put = kv.put(memberPrefix + memberId, { declines }, { ttlMs: leaseMs });
    this.announcing = put.catch(() => undefined);
    await put;
    this.joinedUntil = sentAt + leaseMs;
  }
}

function asMember([id, { value }]: [string, KvEntry]): Member {
  const { declines } = value as { readonly declines?: Json };
  return { id, declines: Array.isArray(declines) ? declines.map(Number) : [] };
}

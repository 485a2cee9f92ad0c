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
import type { Clock, Json, Logger, Registry, RegistryValue, Timer } from '@llmteam/contracts';
import { WatchedKeys } from '@llmteam/kernel';
import { assign, type Member } from './assignment.js';
import { Lease, lease_prefix, owner_of } from './lease.js';
import { type HoldContext, type HoldEnd, PartitionHold, type PartitionWork } from './partition-hold.js';

export interface OwnershipOptions {
  readonly registry: Registry;
  /** Monotonic. */
  readonly clock: Clock;
  readonly log: Logger;
  /** Unique to this process, and to this start of it. */
  readonly member_id: string;
  readonly partitions: number;
  readonly lease_ms: number;
  readonly open: (context: HoldContext) => PartitionWork;
}

export const member_prefix = 'members/coordinators/';
/** A lease is renewed so often within its time. */
const renewals = 3;
/** How long a partition whose work failed here is left to others: a lease, twice as long each time. */
const most_doublings = 6;
/** A failure this many leases after the last pause is a first one again. */
const forgiven_after = 10;

interface Failure {
  readonly times: number;
  readonly declined_until: number;
}

export class PartitionOwnership {
  private readonly members: WatchedKeys;
  private readonly leases: WatchedKeys;
  private readonly holds = new Map<number, PartitionHold>();
  private readonly running = new Set<Promise<void>>();
  private readonly failures = new Map<number, Failure>();
  private tick: Timer | null = null;
  private is_scheduled = false;
  private taken_over = 0;
  private telling: Promise<unknown> = Promise.resolve();
  private joined_until = Number.NEGATIVE_INFINITY;
  private state: 'idle' | 'joined' | 'stopping' = 'idle';

  constructor(private readonly options: OwnershipOptions) {
    const { registry, clock, log } = options;
    const changed = (): void => this.schedule();
    this.members = new WatchedKeys({ registry, clock, log, changed, prefix: member_prefix });
    this.leases = new WatchedKeys({ registry, clock, log, changed, prefix: lease_prefix });
  }

  /** Joins the others; partitions come by and by. @throws LlmteamError of the registry */
  async start(): Promise<void> {
    await this.say_we_live();
    await Promise.all([this.members.start(), this.leases.start()]);
    this.state = 'joined';
    this.schedule();
    this.set_tick();
  }

  /** Gives back every partition at once. Never rejects. */
  async stop(): Promise<void> {
    const { log, registry, member_id } = this.options;
    const was_joined = this.state === 'joined';
    this.state = 'stopping';
    // What is under way would put the key there again.
    const gone = this.telling.then(() => registry.delete(member_prefix + member_id));
    const told = gone.catch((err: unknown) => {
      if (was_joined) log.warn({ err }, 'the other coordinators were not told; they find out when the leases end');
    });
    for (const hold of this.holds.values()) hold.leave('moved');
    await Promise.all([told, ...this.running]);
    this.tick?.cancel();
    await Promise.all([this.members.stop(), this.leases.stop()]);
  }

  /** Partitions that are taken over and worked on, in order. */
  owned(): number[] {
    return [...this.holds].flatMap(([partition, { is_live }]) => (is_live ? [partition] : [])).sort((a, b) => a - b);
  }

  /** How often a partition was taken over so far. */
  get takeovers(): number {
    return this.taken_over;
  }

  /** What keeps this coordinator from having what is its own; empty: nothing. */
  unsettled(): string[] {
    if (this.state !== 'joined') return ['it has not joined the other coordinators'];
    if (this.options.clock.now() > this.joined_until)
      return ['the other coordinators have not heard of it for too long'];
    const missing = [...this.assigned_here()].filter((partition) => this.holds.get(partition)?.is_live !== true);
    return missing.length === 0 ? [] : [`not taken over yet: partition ${missing.sort((a, b) => a - b).join(', ')}`];
  }

  /** Many changes come at once; one look at them is enough. */
  private schedule(): void {
    if (this.is_scheduled || this.state !== 'joined') return;
    this.is_scheduled = true;
    queueMicrotask(() => {
      this.is_scheduled = false;
      if (this.state === 'joined') this.reconcile();
    });
  }

  private reconcile(): void {
    const wanted = this.assigned_here();
    for (const [partition, hold] of this.holds) {
      if (!wanted.has(partition)) hold.leave('moved');
    }
    for (const partition of wanted) {
      if (!this.holds.has(partition) && this.may_begin(partition)) this.begin(partition);
    }
  }

  private assigned_here(): Set<number> {
    const { member_id, partitions } = this.options;
    const owners = new Map([...this.leases.values].map(([partition, value]) => [Number(partition), owner_of(value)]));
    const assigned = assign({ partitions, members: [...this.members.values].map(as_member), owners });
    return new Set([...assigned].flatMap(([partition, id]) => (id === member_id ? [partition] : [])));
  }

  private may_begin(partition: number): boolean {
    const { declined_until = 0 } = this.failures.get(partition) ?? {};
    if (declined_until > this.options.clock.now()) return false;
    const lease = this.leases.values.get(String(partition));
    return lease === undefined || owner_of(lease) === this.options.member_id;
  }

  private begin(partition: number): void {
    const { registry, clock, log, member_id, lease_ms, open } = this.options;
    const lease = new Lease(partition, member_id, lease_ms, registry, clock);
    const on_live = (): void => {
      log.info({ partition }, 'partition taken over');
      this.taken_over++;
    };
    const hold = new PartitionHold({ lease, clock, log, open, on_live });
    this.holds.set(partition, hold);
    const running = hold.run().then((how) => {
      this.holds.delete(partition);
      this.running.delete(running);
      this.note_end(partition, how);
    });
    this.running.add(running);
  }

  /** A partition whose lease another has is looked at again when that lease changes, or with the next tick. */
  private note_end(partition: number, how: HoldEnd | null): void {
    if (how === 'failed') this.note_failure(partition);
    if (how !== null) this.schedule();
  }

  private note_failure(partition: number): void {
    const { clock, lease_ms, log } = this.options;
    const now = clock.now();
    const last = this.failures.get(partition);
    const times = last === undefined || now > last.declined_until + forgiven_after * lease_ms ? 1 : last.times + 1;
    const pause_ms = lease_ms * 2 ** Math.min(most_doublings, times - 1);
    this.failures.set(partition, { times, declined_until: now + pause_ms });
    this.say_we_live().catch((err: unknown) => log.warn({ err }, 'the other coordinators were not told'));
  }

  private set_tick(): void {
    const { clock, lease_ms } = this.options;
    this.tick = clock.after(lease_ms / renewals, () => {
      this.set_tick();
      // Also while they are given back: a checkpoint takes its time.
      for (const hold of this.holds.values()) void hold.renew();
      if (this.state === 'joined') this.keep_in_touch();
    });
  }

  private keep_in_touch(): void {
    const { log } = this.options;
    this.say_we_live().catch((err: unknown) => log.warn({ err }, 'the other coordinators were not told that we live'));
    // Watching tells of every change; a look now and then forgives a registry that did not.
    Promise.all([this.members.refresh(), this.leases.refresh()]).catch((err: unknown) =>
      log.warn({ err }, 'the other coordinators cannot be seen now'),
    );
  }

  private async say_we_live(): Promise<void> {
    const { registry, clock, member_id, lease_ms } = this.options;
    const sent_at = clock.now();
    const declines = [...this.failures].flatMap(([partition, { declined_until }]) =>
      declined_until > sent_at ? [partition] : [],
    );
    const put = registry.put(member_prefix + member_id, { declines }, { ttl_ms: lease_ms });
    this.telling = put.catch(() => undefined);
    await put;
    this.joined_until = sent_at + lease_ms;
  }
}

function as_member([id, { value }]: [string, RegistryValue]): Member {
  const { declines } = value as { readonly declines?: Json };
  return { id, declines: Array.isArray(declines) ? declines.map(Number) : [] };
}

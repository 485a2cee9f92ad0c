/**
 * Purpose: one partition while this process holds it: from the lease to its end.
 * Owns: the order "lease, then takeover" and "loop stopped, then lease given back". Does not own: when to begin and to end.
 * Invariant: nothing is done in the partition's name while the lease is not held.
 */
import type { Clock, Logger, Timer } from '@llmteam/contracts';
import type { Lease } from './lease.js';

/** What works on a partition, e.g. the kernel's loop. */
export interface PartitionWork {
  /** Resolves once it has caught up and works. */
  take_over(): Promise<void>;
  stop(options: { readonly checkpoint: boolean }): Promise<void>;
}

/** Why a hold ends. lost: somebody else may have the partition by now; failed: the work cannot go on. */
export type HoldEnd = 'moved' | 'lost' | 'failed';

export interface HoldContext {
  readonly partition: number;
  readonly is_held: () => boolean;
  /** The work cannot go on. */
  readonly on_failure: (error: unknown) => void;
}

export interface HoldOptions {
  readonly lease: Lease;
  readonly clock: Clock;
  readonly log: Logger;
  readonly open: (context: HoldContext) => PartitionWork;
  /** Called when it has taken over. */
  readonly on_live: () => void;
}

export class PartitionHold {
  /** It has caught up and works. */
  is_live = false;
  private is_leased = false;
  private is_ending = false;
  private watchdog: Timer | null = null;
  private end: (how: HoldEnd) => void = () => undefined;
  private readonly ended = new Promise<HoldEnd>((resolve) => {
    this.end = resolve;
  });

  constructor(private readonly options: HoldOptions) {}

  /** Resolves when it is over; null: the lease was not to be had. Never rejects. */
  async run(): Promise<HoldEnd | null> {
    const { lease, log } = this.options;
    const { partition } = lease;
    this.is_leased = await lease.acquire().catch((err: unknown) => {
      log.warn({ err, partition }, 'the lease of a partition cannot be taken now');
      return false;
    });
    if (!this.is_leased) return null;
    this.watch_lease();
    const work = this.is_ending ? null : this.begin();
    const how = await this.ended;
    if (work !== null) await this.stop_work(work, how);
    this.is_leased = false;
    this.watchdog?.cancel();
    if (how === 'lost') log.warn({ partition }, 'a partition is lost: its lease was not confirmed in time');
    else await this.give_back();
    return how;
  }

  /** It ends soon; the promise of `run` tells when. Only the first call counts. */
  leave(how: HoldEnd): void {
    this.is_ending = true;
    this.end(how);
  }

  /** Also while it ends: a checkpoint takes its time. */
  async renew(): Promise<void> {
    const { lease, log } = this.options;
    if (!this.is_leased) return;
    try {
      if (await lease.renew()) this.watch_lease();
      else this.leave('lost');
    } catch (err) {
      log.warn({ err, partition: lease.partition }, 'the lease of a partition cannot be renewed now');
    }
  }

  private begin(): PartitionWork {
    const { lease, open, on_live } = this.options;
    const work = open({
      partition: lease.partition,
      is_held: () => lease.is_held,
      on_failure: (error) => this.fail(error),
    });
    const live = (): void => {
      if (this.is_ending) return;
      this.is_live = true;
      on_live();
    };
    work.take_over().then(live, (error: unknown) => this.fail(error));
    return work;
  }

  private fail(err: unknown): void {
    if (this.is_ending) return;
    if (!this.options.lease.is_held) {
      this.leave('lost');
      return;
    }
    this.options.log.error({ err, partition: this.options.lease.partition }, 'the work on a partition failed');
    this.leave('failed');
  }

  /** Ends the hold when the lease has not been confirmed for too long. */
  private watch_lease(): void {
    const { clock, lease } = this.options;
    this.watchdog?.cancel();
    if (!this.is_leased) return;
    const left = Math.max(0, lease.trusted_until - clock.now());
    this.watchdog = clock.after(left, () => {
      if (lease.is_held) this.watch_lease();
      else this.leave('lost');
    });
  }

  private async stop_work(work: PartitionWork, how: HoldEnd): Promise<void> {
    const { lease, log } = this.options;
    try {
      await work.stop({ checkpoint: how === 'moved' && this.is_live && lease.is_held });
    } catch (err) {
      log.warn({ err, partition: lease.partition }, 'the work on a partition did not stop well');
    }
    this.is_live = false;
  }

  private async give_back(): Promise<void> {
    const { lease, log } = this.options;
    await lease.release().catch((err: unknown) => {
      log.warn({ err, partition: lease.partition }, 'the lease of a partition was not given back; it ends by itself');
    });
  }
}

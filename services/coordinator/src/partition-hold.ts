/**
 * Purpose: one partition while this process holds it, from acquiring the lease to releasing it.
 * Owns: the order "lease acquired, then takeover" and "loop stopped, then lease released". Does not own: when to begin and end.
 * Invariant: nothing is written for the partition while the lease is not held.
 */
import type { Clock, Logger, Timer } from '@llmteam/contracts';
import type { Lease } from './lease.js';

/** The work on a partition, e.g. the kernel's loop. */
export interface PartitionWork {
  /** Resolves once it has caught up and is live. */
  takeOver(): Promise<void>;
  stop(options: { readonly checkpoint: boolean }): Promise<void>;
}

/** Why a hold ends. `lost`: another process may own the partition by now; `failed`: the work cannot continue. */
export type HoldEnd = 'moved' | 'lost' | 'failed';

export interface HoldContext {
  readonly partition: number;
  readonly isHeld: () => boolean;
  /** Called when the work cannot continue. */
  readonly onFailure: (error: unknown) => void;
}

export interface HoldOptions {
  readonly lease: Lease;
  readonly clock: Clock;
  readonly log: Logger;
  readonly open: (context: HoldContext) => PartitionWork;
  /** Called once the takeover is complete. */
  readonly onLive: () => void;
}

export class PartitionHold {
  /** Whether it has caught up and is working. */
  isLive = false;
  private isLeased = false;
  private isEnding = false;
  private watchdog: Timer | null = null;
  private end: (how: HoldEnd) => void = () => undefined;
  private readonly ended = new Promise<HoldEnd>((resolve) => {
    this.end = resolve;
  });

  constructor(private readonly options: HoldOptions) {}

  /** Resolves when the hold has ended, with null if the lease could not be acquired. Never rejects. */
  async run(): Promise<HoldEnd | null> {
    const { lease, log } = this.options;
    const { partition } = lease;
    this.isLeased = await lease.acquire().catch((err: unknown) => {
      log.warn({ err, partition }, 'the lease of a partition cannot be acquired now');
      return false;
    });
    if (!this.isLeased) return null;
    this.watchLease();
    const work = this.isEnding ? null : this.begin();
    const how = await this.ended;
    if (work !== null) await this.stopWork(work, how);
    this.isLeased = false;
    this.watchdog?.cancel();
    if (how === 'lost') log.warn({ partition }, 'a partition is lost: its lease was not confirmed in time');
    else await this.releaseLease();
    return how;
  }

  /** Begins to end the hold; `run` resolves when it has ended. Only the first call has an effect. */
  leave(how: HoldEnd): void {
    this.isEnding = true;
    // A process that slept through its lease may see the new owner before its own watchdog fires.
    const hasLapsed = how === 'moved' && this.isLeased && !this.options.lease.isHeld;
    this.end(hasLapsed ? 'lost' : how);
  }

  /** Also needed while the hold ends, because a checkpoint takes time. */
  async renew(): Promise<void> {
    const { lease, log } = this.options;
    if (!this.isLeased) return;
    try {
      if (await lease.renew()) this.watchLease();
      else this.leave('lost');
    } catch (err) {
      log.warn({ err, partition: lease.partition }, 'the lease of a partition cannot be renewed now');
    }
  }

  private begin(): PartitionWork {
    const { lease, open, onLive } = this.options;
    const work = open({
      partition: lease.partition,
      isHeld: () => lease.isHeld,
      onFailure: (error) => this.fail(error),
    });
    const live = (): void => {
      if (this.isEnding) return;
      this.isLive = true;
      onLive();
    };
    work.takeOver().then(live, (error: unknown) => this.fail(error));
    return work;
  }

  private fail(err: unknown): void {
    if (this.isEnding) return;
    if (!this.options.lease.isHeld) {
      this.leave('lost');
      return;
    }
    this.options.log.error({ err, partition: this.options.lease.partition }, 'the work on a partition failed');
    this.leave('failed');
  }

  /** Ends the hold when the lease has not been confirmed for too long. */
  private watchLease(): void {
    const { clock, lease } = this.options;
    this.watchdog?.cancel();
    if (!this.isLeased) return;
    const left = Math.max(0, lease.trustedUntil - clock.now());
    this.watchdog = clock.after(left, () => {
      if (lease.isHeld) this.watchLease();
      else this.leave('lost');
    });
  }

  private async stopWork(work: PartitionWork, how: HoldEnd): Promise<void> {
    const { lease, log } = this.options;
    try {
      await work.stop({ checkpoint: how === 'moved' && this.isLive && lease.isHeld });
    } catch (err) {
      log.warn({ err, partition: lease.partition }, 'the work on a partition did not stop cleanly');
    }
    this.isLive = false;
  }

  private async releaseLease(): Promise<void> {
    const { lease, log } = this.options;
    await lease.release().catch((err: unknown) => {
      log.warn({ err, partition: lease.partition }, 'the lease of a partition was not released; it will expire');
    });
  }
}

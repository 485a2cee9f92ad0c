/**
 * Purpose: removes runs that ended long ago from the partitions held here.
 * Owns: when and how often. Does not own: which runs may be removed (the backend).
 */
import { randomUUID } from 'node:crypto';
import type { Clock, KvStore, Logger, Retention, RetentionPolicy, RunKey, Timer } from '@llmteam/contracts';
import { announceRemoval } from '@llmteam/kernel';
import type { ServiceConfig } from '@llmteam/service-host';

export interface RetentionOptions {
  /** Null only if nothing is limited. */
  readonly sweeper: Retention | null;
  /** Removed runs are announced here to processes that list runs. */
  readonly kv: KvStore;
  readonly retention: ServiceConfig['file']['retention'];
  readonly partitions: number;
  readonly owned: () => readonly number[];
  readonly clock: Clock;
  readonly log: Logger;
}

const hourMs = 3_600_000;
const longestPauseMs = 60_000;
const shortestPauseMs = 1_000;

export class RetentionSweeps {
  private readonly stopping = new AbortController();
  private timer: Timer | null = null;
  private sweeping: Promise<void> = Promise.resolve();
  private removedRuns = 0;

  constructor(private readonly options: RetentionOptions) {}

  /** No-op if no limit is configured. */
  start(): void {
    const { max_age_hours, max_runs } = this.options.retention;
    if (max_age_hours !== undefined || max_runs !== undefined) this.setTimer(shortestPauseMs);
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    this.timer?.cancel();
    await this.sweeping;
  }

  /** Number of runs removed so far. */
  get removed(): number {
    return this.removedRuns;
  }

  private setTimer(pauseMs: number): void {
    this.timer = this.options.clock.after(pauseMs, () => {
      this.sweeping = this.sweepAll().then(() => {
        if (!this.stopping.signal.aborted) this.setTimer(this.pauseMs);
      });
    });
  }

  /** Never rejects: what could not be removed now is removed next time. */
  private async sweepAll(): Promise<void> {
    const { sweeper, kv, owned, log } = this.options;
    if (sweeper === null) return;
    for (const partition of owned()) {
      if (this.stopping.signal.aborted) return;
      try {
        const announce = (runs: readonly RunKey[]): Promise<void> => announceRemoval(kv, partition, randomUUID(), runs);
        this.removedRuns += await sweeper.sweep(partition, this.policy, this.stopping.signal, announce);
      } catch (err) {
        if (!this.stopping.signal.aborted) log.warn({ err, partition }, 'old runs were not removed; retrying later');
      }
    }
  }

  private get policy(): RetentionPolicy {
    const { retention, partitions } = this.options;
    const { max_age_hours, max_runs } = retention;
    return {
      maxAgeMs: max_age_hours === undefined ? null : max_age_hours * hourMs,
      maxRuns: max_runs === undefined ? null : Math.ceil(max_runs / partitions),
    };
  }

  /** Sweeps more often if runs are kept for only a short time. */
  private get pauseMs(): number {
    const ageMs = this.policy.maxAgeMs ?? Number.POSITIVE_INFINITY;
    return Math.min(longestPauseMs, Math.max(shortestPauseMs, ageMs / 10));
  }
}

/**
 * Purpose: taking away runs that ended long ago, from the partitions that are held here.
 * Owns: when, and how often. Does not own: which runs may go (the backend).
 */
import { randomUUID } from 'node:crypto';
import type { Clock, Logger, Registry, RunKey, Timer } from '@llmteam/contracts';
import { announce_removal } from '@llmteam/kernel';
import type { ServiceConfig } from '@llmteam/service-host';

/** As a backend offers it. */
export interface Sweeper {
  sweep(
    partition: number,
    policy: { readonly max_age_ms: number | null; readonly max_runs: number | null },
    signal: AbortSignal,
    before_removal: (runs: readonly RunKey[]) => Promise<void>,
  ): Promise<number>;
}

export interface RetentionOptions {
  readonly sweeper: Sweeper;
  /** Where those who list runs hear what went. */
  readonly registry: Registry;
  readonly retention: ServiceConfig['file']['retention'];
  readonly partitions: number;
  readonly owned: () => readonly number[];
  readonly clock: Clock;
  readonly log: Logger;
}

const hour_ms = 3_600_000;
const longest_pause_ms = 60_000;
const shortest_pause_ms = 1_000;

export class RetentionSweeps {
  private readonly stopping = new AbortController();
  private timer: Timer | null = null;
  private sweeping: Promise<void> = Promise.resolve();
  private removed_runs = 0;

  constructor(private readonly options: RetentionOptions) {}

  /** Nothing happens if no limit is configured. */
  start(): void {
    const { max_age_hours, max_runs } = this.options.retention;
    if (max_age_hours !== undefined || max_runs !== undefined) this.set_timer(shortest_pause_ms);
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    this.timer?.cancel();
    await this.sweeping;
  }

  /** Runs that were taken away so far. */
  get removed(): number {
    return this.removed_runs;
  }

  private set_timer(pause_ms: number): void {
    this.timer = this.options.clock.after(pause_ms, () => {
      this.sweeping = this.sweep_all().then(() => {
        if (!this.stopping.signal.aborted) this.set_timer(this.pause_ms);
      });
    });
  }

  /** Never rejects: what could not be taken away now is next time. */
  private async sweep_all(): Promise<void> {
    const { sweeper, registry, owned, log } = this.options;
    for (const partition of owned()) {
      if (this.stopping.signal.aborted) return;
      try {
        const announce = (runs: readonly RunKey[]): Promise<void> =>
          announce_removal(registry, partition, randomUUID(), runs);
        this.removed_runs += await sweeper.sweep(partition, this.policy, this.stopping.signal, announce);
      } catch (err) {
        if (!this.stopping.signal.aborted)
          log.warn({ err, partition }, 'old runs were not removed; trying again later');
      }
    }
  }

  private get policy(): { max_age_ms: number | null; max_runs: number | null } {
    const { retention, partitions } = this.options;
    const { max_age_hours, max_runs } = retention;
    return {
      max_age_ms: max_age_hours === undefined ? null : max_age_hours * hour_ms,
      max_runs: max_runs === undefined ? null : Math.ceil(max_runs / partitions),
    };
  }

  /** Runs that are kept for seconds only are looked after more often. */
  private get pause_ms(): number {
    const age_ms = this.policy.max_age_ms ?? Number.POSITIVE_INFINITY;
    return Math.min(longest_pause_ms, Math.max(shortest_pause_ms, age_ms / 10));
  }
}

/**
 * Purpose: republishes jobs that a queue lost: those in flight for long without a report.
 * Owns: since when a job is known to be in flight. Looks only at runs with jobs in flight, never while an entry is applied.
 * Harmless if the job is not lost: the queue knows its id (law Q2), and of two reports the first counts.
 */
import type { Clock, Job, Timer } from '@llmteam/contracts';
import { jobsInFlight } from '../engine/outstanding.js';
import { type Traced, tracedJob } from '../tracing/run-tracer.js';
import type { EffectsPerformer } from './effects-performer.js';
import type { LiveRuns } from './live-runs.js';
import type { LoopState } from './loop-state.js';

export interface RedispatchDeps {
  readonly loop: Pick<LoopState, 'isStopped'>;
  readonly clock: Clock;
  readonly runs: LiveRuns;
  readonly performer: EffectsPerformer;
}

const jobsPerPublish = 500;

export class Redispatch {
  /** By job id, when it was first seen in flight or last republished. */
  private seen = new Map<string, number>();
  private timer: Timer | null = null;
  private count = 0;
  /** Jobs that were published again. */
  get published(): number {
    return this.count;
  }

  constructor(
    private readonly deps: RedispatchDeps,
    /** undefined: only on demand. */
    private readonly afterMs: number | undefined,
  ) {}

  /** Looks twice in `afterMs`, so a job is out for at most one and a half of it. */
  start(): void {
    if (this.afterMs === undefined || this.deps.loop.isStopped) return;
    this.timer = this.deps.clock.after(this.afterMs / 2, () => {
      void this.look(this.afterMs ?? 0).finally(() => this.start());
    });
  }

  /** Publishes every job in flight again. */
  all(): Promise<void> {
    return this.look(0);
  }

  stop(): void {
    this.timer?.cancel();
  }

  private async look(afterMs: number): Promise<void> {
    const now = this.deps.clock.now();
    const before = this.seen;
    this.seen = new Map();
    let jobs: Job[] = [];
    for (const live of [...this.deps.runs.inFlight()]) {
      this.collect(live, before, now, afterMs, jobs);
      if (jobs.length < jobsPerPublish) continue;
      await this.publish(jobs);
      jobs = [];
    }
    await this.publish(jobs);
  }

  private collect(live: Traced, before: ReadonlyMap<string, number>, now: number, afterMs: number, jobs: Job[]): void {
    if (live.run === null) return;
    for (const { job_id, build } of jobsInFlight(live.run)) {
      const since = before.get(job_id) ?? now;
      const isDue = now - since >= afterMs;
      this.seen.set(job_id, isDue ? now : since);
      if (isDue) jobs.push(tracedJob(live, build()));
    }
  }

  private async publish(jobs: readonly Job[]): Promise<void> {
    if (jobs.length === 0) return;
    this.count += jobs.length;
    await this.deps.performer.publish(jobs);
  }
}

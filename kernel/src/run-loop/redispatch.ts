/**
 * Purpose: jobs that a queue lost come back: what has been in flight for long without a report is published again.
 * Owns: since when a job is known to be in flight. Looks only at runs with jobs in flight, and not at all on the way of an entry.
 * Harmless if the job is not lost: the queue knows its id (law Q2), and of two reports the first counts.
 */
import type { Clock, Job, Timer } from '@llmteam/contracts';
import { jobs_in_flight } from '../engine/outstanding.js';
import type { Run } from '../engine/state.js';
import type { LiveRun } from './live-run.js';

export interface RedispatchPorts {
  readonly clock: Clock;
  readonly in_flight: () => Iterable<LiveRun>;
  readonly publish: (jobs: readonly Job[]) => Promise<void>;
}

const jobs_per_publish = 500;

export class Redispatch {
  /** When a job was first seen in flight, or last published again, by job id. */
  private seen = new Map<string, number>();
  private timer: Timer | null = null;
  private is_stopped = false;

  constructor(
    private readonly ports: RedispatchPorts,
    /** undefined: only when asked to. */
    private readonly after_ms: number | undefined,
  ) {}

  /** Looks twice in `after_ms`, so a job is out for at most one and a half of it. */
  start(): void {
    if (this.after_ms === undefined || this.is_stopped) return;
    this.timer = this.ports.clock.after(this.after_ms / 2, () => {
      void this.look(this.after_ms ?? 0).finally(() => this.start());
    });
  }

  /** Publishes every job in flight again. */
  all(): Promise<void> {
    return this.look(0);
  }

  stop(): void {
    this.is_stopped = true;
    this.timer?.cancel();
  }

  private async look(after_ms: number): Promise<void> {
    const now = this.ports.clock.now();
    const before = this.seen;
    this.seen = new Map();
    let jobs: Job[] = [];
    for (const { run } of [...this.ports.in_flight()]) {
      if (run !== null) this.collect(run, before, now, after_ms, jobs);
      if (jobs.length < jobs_per_publish) continue;
      await this.publish(jobs);
      jobs = [];
    }
    await this.publish(jobs);
  }

  private collect(run: Run, before: ReadonlyMap<string, number>, now: number, after_ms: number, jobs: Job[]): void {
    for (const { job_id, build } of jobs_in_flight(run)) {
      const since = before.get(job_id) ?? now;
      const is_due = now - since >= after_ms;
      this.seen.set(job_id, is_due ? now : since);
      if (is_due) jobs.push(build());
    }
  }

  private async publish(jobs: readonly Job[]): Promise<void> {
    if (jobs.length > 0) await this.ports.publish(jobs);
  }
}

/**
 * Purpose: which attempts run in this process now, and which of them ends it, should that become known.
 * Owns: the list. Does not own: finding the culprit (whoever sees a stray error knows in whose code it arose), what happens then.
 */
import type { Job } from '@llmteam/contracts';

export interface RunningAttempt {
  readonly job: Job;
  /** The plugin that provides the handler. */
  readonly plugin: string;
}

export class RunningAttempts {
  private readonly running = new Set<RunningAttempt>();
  private readonly listeners = new Set<() => void>();
  private blamed: RunningAttempt | null = null;

  /** Its handler is about to be called in this process. */
  begin(job: Job, plugin: string): RunningAttempt {
    const attempt = { job, plugin };
    this.running.add(attempt);
    for (const listener of this.listeners) listener();
    return attempt;
  }

  end(attempt: RunningAttempt): void {
    this.running.delete(attempt);
    for (const listener of this.listeners) listener();
  }

  list(): readonly RunningAttempt[] {
    return [...this.running];
  }

  /**
   * Names the attempt that ends this process, which may be over by now: the process crashes because of it, so the crash does not count
   * against the others. The first to be named stays.
   */
  culprit(attempt: RunningAttempt): void {
    this.blamed ??= attempt;
  }

  /** Null if it is not known. */
  get blame(): RunningAttempt | null {
    return this.blamed;
  }

  /** Calls `listener`, which must be cheap, after every change. Returns a function that ends that. */
  onChange(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }
}

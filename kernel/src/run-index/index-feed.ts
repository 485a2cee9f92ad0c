/**
 * Purpose: keeps the run index of a process that drives no runs: run rows from run-level facts, human tasks and what runs wait for from the
 * key-value store.
 * Owns: following these sources, with retries; knowing when the index has caught up. Does not own: the index itself.
 * Invariants:
 *   I1 Following resumes at the index's position: entries it has already applied are not read again.
 *   I2 Removals are followed only after the rows have caught up, and remembered, so nothing that comes late brings back a row that was
 *      removed.
 */
import type { Clock, Journal, KvStore, Logger, RunIndex } from '@llmteam/contracts';
import { type FollowContext, followWithRetry } from './follow-with-retry.js';
import { followRemovedRuns, GoneRuns } from './removed-runs.js';
import { followRunRows } from './run-rows.js';
import { followTaskRows } from './task-rows.js';
import { followWaitRows } from './wait-rows.js';

export interface IndexFeedOptions {
  /** Large values need not be loaded. */
  readonly journal: Journal;
  readonly kv: KvStore;
  readonly index: Pick<RunIndex, 'apply' | 'remove' | 'position' | 'run' | 'noteWaits' | 'live'>;
  readonly clock: Clock;
  readonly log: Logger;
  /** Called with the error if a source can no longer be followed. */
  readonly onFailure: (error: unknown) => void;
}

export class IndexFeed {
  private readonly stopping = new AbortController();
  private readonly following: Promise<void>[] = [];
  private readonly gone = new GoneRuns();
  private readonly redacted = new GoneRuns();
  private behind = 0;

  constructor(private readonly options: IndexFeedOptions) {}

  /** Resolves once the index has caught up, or the feed is stopped. @throws LlmteamError that ended the following of a source */
  async start(): Promise<void> {
    const { journal } = this.options;
    const partitions = Array.from({ length: journal.partitions }, (_, partition) => partition);
    await Promise.all([
      ...partitions.map((partition) =>
        this.begin(`partition ${partition} of the journal`, (signal, caughtUp) =>
          followRunRows({ ...this.options, gone: this.gone, redacted: this.redacted }, partition, signal, caughtUp),
        ),
      ),
      this.begin('the list of human tasks', (signal, caughtUp) =>
        followTaskRows({ ...this.options, gone: [this.gone, this.redacted] }, signal, caughtUp),
      ),
      this.begin('the list of what runs wait for', (signal, caughtUp) =>
        followWaitRows(this.options, signal, caughtUp),
      ),
    ]);
    await this.begin('the list of removed runs', (signal, caughtUp) => {
      caughtUp();
      return followRemovedRuns(this.options, this.gone, signal);
    });
  }

  /** Everything that existed when the feed started is in the index. */
  get hasCaughtUp(): boolean {
    return this.following.length > 0 && this.behind === 0;
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await Promise.all(this.following);
  }

  private begin(what: string, follow: (signal: AbortSignal, caughtUp: () => void) => Promise<void>): Promise<void> {
    const { clock, log, onFailure } = this.options;
    const { signal } = this.stopping;
    const context: FollowContext = { clock, log, signal };
    this.behind++;
    return new Promise((resolve, reject) => {
      const caughtUp = once(() => {
        this.behind--;
        resolve();
      });
      const ended = followWithRetry(what, context, () => follow(signal, caughtUp)).then(resolve, (error: unknown) => {
        reject(error);
        onFailure(error);
      });
      this.following.push(ended);
    });
  }
}

function once(action: () => void): () => void {
  let isDone = false;
  return () => {
    if (!isDone) action();
    isDone = true;
  };
}

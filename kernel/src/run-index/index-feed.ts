/**
 * Purpose: the lists of a process that drives no runs: rows of runs from run-level facts, human tasks from the registry.
 * Owns: following all of it, again whenever following breaks; knowing when the lists have caught up. Does not own: the index.
 * Invariants:
 *   I1 The lists go on where the index stands: what it has seen is not read again.
 *   I2 Removals are followed only once the rows have caught up: a row that comes of an old entry cannot come after its removal.
 */
import type { Clock, Journal, KvStore, Logger, RunIndex } from '@llmteam/contracts';
import { type Following, followPatiently } from './follow-patiently.js';
import { followRemovedRuns } from './removed-runs.js';
import { followRunRows } from './run-rows.js';
import { followTaskRows } from './task-rows.js';

export interface IndexFeedOptions {
  /** Large values may be left out. */
  readonly journal: Journal;
  readonly kv: KvStore;
  readonly index: Pick<RunIndex, 'apply' | 'remove' | 'position' | 'run'>;
  readonly clock: Clock;
  readonly log: Logger;
  /** Told once if the lists cannot be kept any more. */
  readonly onFailure: (error: unknown) => void;
}

export class IndexFeed {
  private readonly stopping = new AbortController();
  private readonly following: Promise<void>[] = [];
  private behind = 0;

  constructor(private readonly options: IndexFeedOptions) {}

  /** Resolves once the lists have all there was when it was called, or the feed was stopped. @throws LlmteamError why that cannot be */
  async start(): Promise<void> {
    const { journal } = this.options;
    const partitions = Array.from({ length: journal.partitions }, (_, partition) => partition);
    await Promise.all([
      ...partitions.map((partition) =>
        this.begin(`partition ${partition} of the journal`, (signal, caughtUp) =>
          followRunRows(this.options, partition, signal, caughtUp),
        ),
      ),
      this.begin('the list of human tasks', (signal, caughtUp) => followTaskRows(this.options, signal, caughtUp)),
    ]);
    await this.begin('the list of removed runs', (signal, caughtUp) => {
      caughtUp();
      return followRemovedRuns(this.options, signal);
    });
  }

  /** All that there was when it began is in the lists. */
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
    const how: Following = { clock, log, signal };
    this.behind++;
    return new Promise((resolve, reject) => {
      const caughtUp = once(() => {
        this.behind--;
        resolve();
      });
      const ended = followPatiently(what, how, () => follow(signal, caughtUp)).then(resolve, (error: unknown) => {
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

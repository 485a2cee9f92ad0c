/**
 * Purpose: what the loop does about messages that cannot be read (law J10 of `Journal`): their runs are given up, the message is kept
 * aside and told, and the partition goes on.
 * Owns: counting them, telling each once. Does not own: giving up a run (applier.ts), where they are kept (unreadable-messages.ts).
 */
import { type Clock, type KvStore, LlmteamError, type Logger, type UnreadableMessage } from '@llmteam/contracts';
import { keepUnreadable } from '../unreadable/unreadable-messages.js';
import type { Applier } from './applier.js';
import type { Checkpoints } from './checkpoints.js';
import type { LoopProgress } from './loop-progress.js';
import type { LoopState } from './loop-state.js';

export interface UnreadableFeedDeps {
  readonly partition: number;
  readonly kv: KvStore;
  readonly clock: Clock;
  readonly log: Logger;
  readonly loop: LoopState;
  readonly progress: LoopProgress;
  readonly checkpoints: Checkpoints;
  readonly applier: Applier;
}

/** Beyond it, messages are counted and no longer kept: somebody floods the partition. */
const maxWaiting = 100;

export class UnreadableFeed {
  private count = 0;
  private waiting = 0;
  private isFull = false;
  private keeping: Promise<void> = Promise.resolve();

  constructor(private readonly deps: UnreadableFeedDeps) {}

  /** Messages that this loop has passed over. */
  get size(): number {
    return this.count;
  }

  /** Everything before the message is applied, and nothing after it. */
  readonly note = (message: UnreadableMessage): void => {
    const { loop, progress, checkpoints, applier } = this.deps;
    if (loop.isStopped) return;
    this.count++;
    const error = new LlmteamError('STORE_CORRUPT', `the run is given up: ${message.reason}`);
    for (const run of message.runs) applier.giveUp(run, error);
    progress.skip(message.position);
    if (loop.isLive && loop.drivesPartition) checkpoints.noteEntries(1);
    if (this.isFull || this.waiting >= maxWaiting) return;
    this.waiting++;
    this.keeping = this.keeping.then(() => this.keep(message));
  };

  private async keep(message: UnreadableMessage): Promise<void> {
    const { partition, kv, clock, log, loop } = this.deps;
    const { position, runs, reason } = message;
    const about = { partition, position, runs: runs.slice(0, 5), reason };
    try {
      const kept = loop.isFenced ? 'known' : await keepUnreadable(kv, partition, message, clock.now());
      if (kept !== 'known') log.error(about, 'a message of the journal cannot be read; its runs are given up');
      this.isFull = kept === 'full';
      if (this.isFull) log.error({ partition }, 'too many messages cannot be read: further ones are only counted');
    } catch (err) {
      log.error({ ...about, err }, 'a message of the journal cannot be read, nor kept aside; its runs are given up');
    } finally {
      this.waiting--;
    }
  }
}

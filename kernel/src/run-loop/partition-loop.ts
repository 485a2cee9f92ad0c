/**
 * Purpose: the shell of one partition: follows the journal, evolves its runs, performs the effects, writes checkpoints.
 * Owns: taking over, adopting and stopping. Does not own: following (follower.ts), applying (applier.ts), residency (residency.ts).
 * Invariants:
 *   L1 No effect is performed before the loop has caught up with the end of the journal as it was when it began.
 *   L2 Then every outstanding effect of every live run is performed once more. (For a run that only waits these are its timers: that
 *      its tasks are listed is part of the checkpoint, K3.)
 *   L3 A run that cannot be evaluated, or has a message that cannot be read, is quarantined alone.
 *   L4 Once `stop` was called no effect is begun, whatever was in flight.
 */
import { type Clock, type Journal, LlmteamError, type Logger, type Position, type RunKey } from '@llmteam/contracts';
import type { Retry } from '../retry/retry.js';
import type { RunLog } from '../run-log/run-log.js';
import type { SpanOutbox } from '../tracing/span-outbox.js';
import { adoptRuns } from './adoption.js';
import type { Checkpoints } from './checkpoints.js';
import type { EffectsPerformer } from './effects-performer.js';
import type { Follower } from './follower.js';
import type { LiveRuns } from './live-runs.js';
import type { LoopProgress } from './loop-progress.js';
import type { LoopState } from './loop-state.js';
import type { Projection } from './projection.js';
import type { Redispatch } from './redispatch.js';
import type { Residency } from './residency.js';
import type { Takeover } from './takeover.js';
import type { TimerHeap } from './timer-heap.js';
import type { UnreadableFeed } from './unreadable-feed.js';
import type { WaitBook, WaitCounts } from './wait-book.js';
import type { RunWatcher, Watchers } from './watchers.js';

/** How a loop stands, for metrics. */
export interface LoopStatus {
  /** It has caught up once and performs effects. */
  readonly isLive: boolean;
  /** The last entry applied. */
  readonly position: Position;
  readonly liveRuns: number;
  /** Live runs whose states are in memory. */
  readonly residentRuns: number;
  /** Timers armed; of an evicted run only the next one is. */
  readonly timers: number;
  readonly entriesApplied: number;
  /** Of these, the ones that meant nothing: repeats, and facts of runs that are over. */
  readonly entriesIgnored: number;
  /** Messages passed over because they cannot be read. */
  readonly unreadableMessages: number;
  /** Jobs that were published again. */
  readonly redispatchedJobs: number;
}

export interface PartitionLoopDeps {
  readonly partition: number;
  readonly journal: Journal;
  readonly loop: LoopState;
  readonly progress: LoopProgress;
  readonly runs: LiveRuns;
  readonly residency: Residency;
  readonly timers: TimerHeap;
  readonly performer: EffectsPerformer;
  readonly projection: Projection;
  readonly redispatch: Redispatch;
  readonly checkpoints: Checkpoints;
  readonly watchers: Watchers;
  readonly retry: Retry;
  readonly takeover: Takeover;
  readonly follower: Follower;
  readonly unreadable: UnreadableFeed;
  readonly waits: WaitBook;
  readonly outbox: SpanOutbox | null;
  readonly runLog: RunLog;
  readonly clock: Clock;
  readonly log: Logger;
  readonly onFailure: (error: unknown) => void;
}

export class PartitionLoop {
  private finished: Promise<void> = Promise.resolve();

  constructor(private readonly deps: PartitionLoopDeps) {}

  /**
   * Takes over every run of the partition; resolves once the loop has caught up and is live.
   * @throws LlmteamError `STORE_CORRUPT` if the journal is shorter than it was, `CLOSED` if the loop was stopped meanwhile
   */
  async takeOver(): Promise<void> {
    const { loop, takeover, progress, outbox, runLog, clock } = this.deps;
    loop.drivePartition();
    await outbox?.begin();
    const reached = await takeover.load();
    runLog.begin(clock.now(), reached.position > 0);
    progress.startAt(reached);
    await this.begin();
  }

  /**
   * Takes over the runs named, with their children, and any that are requested from now on. What else lives in the partition is left
   * for another time. @throws LlmteamError if a run's definition cannot be loaded
   */
  async adopt(runs: readonly RunKey[]): Promise<void> {
    const { journal, partition, progress, outbox } = this.deps;
    await outbox?.begin();
    progress.startAt({ position: await journal.end(partition), at: 0 });
    await adoptRuns(this.deps, runs);
    await this.begin();
  }

  /**
   * From the call on no effect is begun. With `checkpoint` (default) what was applied is checkpointed, so that a takeover begins here;
   * without, for a loop that no longer owns the partition, nothing more is written at all.
   */
  async stop({ checkpoint = true }: { readonly checkpoint?: boolean } = {}): Promise<void> {
    const { loop, performer, retry, timers, redispatch, checkpoints, projection, outbox, waits } = this.deps;
    loop.stop({ fence: !checkpoint });
    performer.discard();
    retry.stop();
    timers.stop();
    redispatch.stop();
    waits.stop();
    checkpoints.stop();
    await this.finished;
    if (!loop.isFenced && loop.isLive) {
      await projection.flush();
      await waits.finish();
      await (loop.drivesPartition ? checkpoints.finish() : outbox?.flush());
    }
    outbox?.stop();
  }

  /** Publishes every job in flight again: for when a queue is known to have lost what it held. */
  async redispatch(): Promise<void> {
    const { loop, redispatch } = this.deps;
    if (loop.isLive) await loop.unlessStopped(redispatch.all());
  }

  /** Returns a function that removes the watcher. */
  watch(runId: string, watcher: RunWatcher): () => void {
    return this.deps.watchers.add(runId, watcher);
  }

  liveRuns(): number {
    return this.deps.runs.size;
  }

  status(): LoopStatus {
    const { loop, progress, runs, timers, unreadable, redispatch } = this.deps;
    return {
      isLive: loop.isLive,
      position: progress.position,
      liveRuns: runs.size,
      residentRuns: runs.resident,
      timers: timers.size,
      entriesApplied: progress.applied,
      entriesIgnored: progress.ignored,
      unreadableMessages: unreadable.size,
      redispatchedJobs: redispatch.published,
    };
  }

  /** What the live runs wait for. */
  waiting(): WaitCounts {
    return this.deps.waits.counts();
  }

  /** How many positions the loop is behind the end of the journal now. */
  async lag(): Promise<{ readonly behind: number }> {
    const { journal, partition, progress } = this.deps;
    return { behind: Math.max(0, (await journal.end(partition)) - progress.position) };
  }

  private async begin(): Promise<void> {
    const { follower, loop, onFailure } = this.deps;
    await new Promise<void>((resolve, reject) => {
      const stopped = (): void =>
        reject(new LlmteamError('CLOSED', 'the run loop was stopped before it had caught up'));
      this.finished = follower.follow(resolve).then(stopped, (error: unknown) => {
        reject(error);
        if (!loop.isStopped) onFailure(error);
      });
    });
  }
}

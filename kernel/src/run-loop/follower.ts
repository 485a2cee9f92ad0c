/**
 * Purpose: follows the journal of one partition: batches in, to the applier and on to index, queue and checkpoints.
 * Owns: the one place where the loop suspends between entries (`next batch`, and loading a state), and going live.
 * Does not own: what an entry means (applier.ts).
 */
import type { Entry, Journal, Logger, Position } from '@llmteam/contracts';
import type { Definitions } from '../definitions/definitions.js';
import type { RunLog } from '../run-log/run-log.js';
import type { Applier } from './applier.js';
import type { Checkpoints } from './checkpoints.js';
import type { EffectsPerformer } from './effects-performer.js';
import { forEachConcurrently } from './for-each-concurrently.js';
import type { LiveRun } from './live-run.js';
import type { LiveRuns } from './live-runs.js';
import type { LoopProgress } from './loop-progress.js';
import type { LoopState } from './loop-state.js';
import type { Orphans } from './orphans.js';
import { projectRun } from './project-run.js';
import type { Projection } from './projection.js';
import type { Redispatch } from './redispatch.js';
import type { Residency } from './residency.js';
import type { RunSnapshots } from './run-snapshots.js';
import type { TimerHeap } from './timer-heap.js';
import type { UnclaimedSnapshots } from './unclaimed-snapshots.js';
import type { UnreadableFeed } from './unreadable-feed.js';
import type { WaitBook } from './wait-book.js';

export interface FollowerDeps {
  readonly partition: number;
  readonly journal: Journal;
  readonly definitions: Definitions;
  readonly log: Logger;
  readonly loop: LoopState;
  readonly progress: LoopProgress;
  readonly runs: LiveRuns;
  readonly residency: Residency;
  readonly snapshots: RunSnapshots;
  readonly unclaimed: UnclaimedSnapshots;
  readonly orphans: Orphans;
  readonly timers: TimerHeap;
  readonly performer: EffectsPerformer;
  readonly projection: Projection;
  readonly redispatch: Redispatch;
  readonly checkpoints: Checkpoints;
  readonly applier: Applier;
  readonly unreadable: UnreadableFeed;
  readonly runLog: RunLog;
  readonly waits: WaitBook;
}

const concurrentLoads = 32;

export class Follower {
  constructor(private readonly deps: FollowerDeps) {}

  /** Follows until the loop stops. `caughtUp` is called once, when it has gone live. */
  async follow(caughtUp: () => void): Promise<void> {
    const { journal, partition, loop, progress, unreadable } = this.deps;
    const options = { unreadable: unreadable.note };
    for await (const batch of journal.follow(partition, progress.position, loop.signal, options)) {
      if (batch.length > 0) await this.applyBatch(batch);
      else if (!loop.isLive && !loop.isStopped) {
        await this.goLive();
        caughtUp();
      }
    }
  }

  private async applyBatch(batch: readonly Entry[]): Promise<void> {
    const { loop, progress, runs, applier, orphans, projection, performer, checkpoints } = this.deps;
    if (runs.resident < runs.size) await this.loadTogether(batch);
    for (const entry of batch) {
      if (!loop.isStopped && !applier.apply(entry)) await applier.applyAfterLoading(entry);
      if (loop.isStopped) return;
      progress.advance(entry);
    }
    if (orphans.size > 0) await this.projectOrphans();
    projection.tell(progress.position);
    if (projection.isBehind) await loop.unlessStopped(projection.flush());
    if (loop.isLive) {
      await loop.unlessStopped(performer.flushJobs());
      if (loop.drivesPartition) checkpoints.noteEntries(batch.length);
    }
    await this.makeRoom();
  }

  /** Evicts beside the loop; only if that lags far behind does the loop wait. */
  private async makeRoom(): Promise<void> {
    const { loop, residency } = this.deps;
    const made = residency.makeRoom();
    if (residency.isCrowded) await loop.unlessStopped(made);
  }

  /** Loads the states a batch needs concurrently: a thousand timers may come due at once. */
  private async loadTogether(batch: readonly Entry[]): Promise<void> {
    const { loop, runs, applier } = this.deps;
    const wanted = new Map<LiveRun, Position>();
    for (const { run_id, position } of batch) {
      const live = runs.find(run_id);
      if (live?.stage === 'evicted' && position > live.position && !wanted.has(live)) wanted.set(live, position - 1);
    }
    if (wanted.size < 2) return;
    const loading = forEachConcurrently(concurrentLoads, wanted, ([live, upto]) =>
      applier.load(live, upto).catch(() => undefined),
    );
    await loop.unlessStopped(loading);
  }

  private async projectOrphans(): Promise<void> {
    const { orphans, projection, log } = this.deps;
    for (const key of orphans.take()) {
      const { row, tasks, fault } = await projectRun(this.deps, key);
      if (fault !== undefined) log.warn({ err: fault, ...key }, 'the steps of a run cannot be evaluated here');
      if (row !== null) projection.noteRow(row);
      for (const task of tasks) projection.noteTask(task);
    }
  }

  private async goLive(): Promise<void> {
    const { loop, progress, runs, snapshots, unclaimed, timers, performer, projection } = this.deps;
    const { applier, checkpoints, redispatch, runLog, waits } = this.deps;
    loop.goLive();
    runLog.goLive();
    for (const live of unclaimed.take()) snapshots.scheduleDelete(live);
    const asleep = [...runs.values()].filter(({ isDormant, stage }) => !isDormant && stage !== 'quarantined');
    const waking = forEachConcurrently(concurrentLoads, asleep, async (live) => {
      await applier.wake(live, progress.position);
      await this.makeRoom();
    });
    await loop.unlessStopped(waking);
    if (loop.isStopped) return;
    timers.start();
    projection.release();
    await loop.unlessStopped(performer.flushJobs());
    if (loop.drivesPartition) checkpoints.begin();
    redispatch.start();
    waits.start();
    await this.makeRoom();
  }
}

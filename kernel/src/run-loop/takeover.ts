/**
 * Purpose: the runs of a partition as its last checkpoint has them, before the entries that followed it are read.
 * Owns: what a key is worth. Does not own: going live.
 */
import { type Journal, LlmteamError, type Position } from '@llmteam/contracts';
import type { Checkpoint, Checkpoints } from './checkpoints.js';
import { keptUnknown, type LiveRun, liveRun } from './live-run.js';
import type { LiveRuns } from './live-runs.js';
import type { RunDriver } from './run-driver.js';
import type { KeptRun, RunSnapshots } from './run-snapshots.js';
import type { TimerHeap } from './timer-heap.js';

export interface TakeoverDeps {
  readonly journal: Journal;
  readonly partition: number;
  readonly runs: LiveRuns;
  readonly snapshots: RunSnapshots;
  readonly checkpoints: Checkpoints;
  readonly timers: TimerHeap;
  readonly driver: RunDriver;
}

export class Takeover {
  /** Whose keys there are. */
  readonly generations = new Set<number>();

  constructor(private readonly deps: TakeoverDeps) {}

  /** Answers where to follow the journal from. @throws LlmteamError `STORE_CORRUPT` if the journal ends before that */
  async load(): Promise<{ readonly position: Position; readonly at: number }> {
    const { checkpoints, snapshots, journal, partition } = this.deps;
    let checkpoint = await checkpoints.claim();
    const end = await journal.end(partition);
    if (checkpoint.position > end) {
      const lost = `ends at ${end}, before its checkpoint at ${checkpoint.position}`;
      throw new LlmteamError('STORE_CORRUPT', `the journal of partition ${partition} ${lost}: entries are missing`);
    }
    for await (const { run_id, kept } of snapshots.all()) {
      if (kept === null) checkpoint = this.beginAnew(run_id);
      else await this.takeIn(run_id, kept, checkpoint);
    }
    return checkpoint;
  }

  /** A key that cannot be read may be that of a run that no other key tells of: all are replayed. */
  private beginAnew(runId: string): Checkpoint {
    const { runs, checkpoints, timers } = this.deps;
    this.claimLater(liveRun({ tenant_id: '', run_id: runId }, 0));
    for (const live of [...runs.values()]) {
      timers.disarmAll(live);
      runs.remove(live);
      this.claimLater(liveRun(live, live.began));
    }
    return checkpoints.forget();
  }

  private claimLater(live: LiveRun): void {
    live.kept = keptUnknown;
    this.deps.driver.unclaimed.set(live.run_id, live);
  }

  private async takeIn(runId: string, kept: KeptRun, checkpoint: Checkpoint): Promise<void> {
    const { runs, checkpoints } = this.deps;
    this.generations.add(kept.generation);
    const key = { tenant_id: runs.shared(kept.tenant_id), run_id: runId };
    if (kept.began > checkpoint.position) return this.claimLater(liveRun(key, kept.began));
    const isTrusted = checkpoints.isTrusted(kept);
    const live = liveRun(key, kept.began, isTrusted ? kept.position : 0);
    live.kept = keptUnknown;
    runs.add(live, null);
    if (isTrusted && kept.state !== null) await this.thaw(live, kept.state);
  }

  private async thaw(live: LiveRun, state: NonNullable<KeptRun['state']>): Promise<void> {
    const { runs, driver } = this.deps;
    try {
      const run = await runs.thaw(state);
      if (run === null) return;
      live.kept = live.position;
      driver.rest(live, run);
      if (!live.isReady && runs.hasRoom) runs.bringIn(live, run);
    } catch (error) {
      driver.giveUp(live, error);
    }
  }
}

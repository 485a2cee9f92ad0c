/**
 * Purpose: the runs of a partition as of its last checkpoint, before the entries after it are followed.
 * Owns: whether a snapshot is trusted. Does not own: going live.
 */
import { type Journal, type KvStore, LlmteamError } from '@llmteam/contracts';
import type { RunTracer } from '../tracing/run-tracer.js';
import { listUnreadable } from '../unreadable/unreadable-messages.js';
import type { Applier } from './applier.js';
import type { Checkpoints } from './checkpoints.js';
import type { GivenUpRuns } from './given-up-runs.js';
import { LiveRun } from './live-run.js';
import type { LiveRuns } from './live-runs.js';
import type { Reached } from './loop-progress.js';
import type { Residency } from './residency.js';
import type { RunSnapshots, StoredSnapshot } from './run-snapshots.js';
import type { TimerHeap } from './timer-heap.js';
import type { UnclaimedSnapshots } from './unclaimed-snapshots.js';
import type { WaitBook } from './wait-book.js';

export interface TakeoverDeps {
  readonly partition: number;
  readonly kv: KvStore;
  readonly givenUp: GivenUpRuns;
  readonly journal: Journal;
  readonly runs: LiveRuns;
  readonly residency: Residency;
  readonly snapshots: RunSnapshots;
  readonly unclaimed: UnclaimedSnapshots;
  readonly checkpoints: Checkpoints;
  readonly timers: TimerHeap;
  readonly applier: Applier;
  readonly tracer: RunTracer;
  readonly waits: WaitBook;
}

export class Takeover {
  constructor(private readonly deps: TakeoverDeps) {}

  /** Returns where to follow the journal from. @throws LlmteamError `STORE_CORRUPT` if the journal ends before that */
  async load(): Promise<Reached> {
    const { checkpoints, snapshots, journal, partition, kv, givenUp } = this.deps;
    let checkpoint: Reached = await checkpoints.claim();
    const end = await journal.end(partition);
    if (checkpoint.position > end) {
      const lost = `ends at ${end}, before its checkpoint at ${checkpoint.position}`;
      throw new LlmteamError('STORE_CORRUPT', `the journal of partition ${partition} ${lost}: entries are missing`);
    }
    for (const { runs } of await listUnreadable(kv, partition)) for (const run of runs) givenUp.add(run);
    for await (const { run_id, stored } of snapshots.all()) {
      if (stored === null) checkpoint = this.startOver(run_id);
      else await this.admit(run_id, stored, checkpoint);
    }
    return checkpoint;
  }

  /** An unreadable snapshot may be the only trace of a run, so the whole partition is replayed. */
  private startOver(runId: string): Reached {
    const { runs, checkpoints, timers, unclaimed, waits } = this.deps;
    unclaimed.add(new LiveRun({ tenant_id: '', run_id: runId }, 0));
    for (const live of [...runs.values()]) {
      timers.disarmAll(live);
      waits.forget(live);
      runs.remove(live);
      unclaimed.add(new LiveRun(live, live.began));
    }
    return checkpoints.forget();
  }

  private async admit(runId: string, stored: StoredSnapshot, checkpoint: Reached): Promise<void> {
    const { runs, checkpoints, unclaimed } = this.deps;
    checkpoints.noteGeneration(stored.generation);
    const key = { tenant_id: runs.intern(stored.tenant_id), run_id: runId };
    if (stored.began > checkpoint.position) {
      unclaimed.add(new LiveRun(key, stored.began));
      return;
    }
    const isTrusted = checkpoints.isTrusted(stored);
    const live = new LiveRun(key, stored.began, isTrusted ? stored.position : 0);
    live.snapshotStale();
    runs.add(live, null);
    if (isTrusted && stored.state !== null) await this.restore(live, stored.state, stored.spans);
  }

  private async restore(
    live: LiveRun,
    snapshot: NonNullable<StoredSnapshot['state']>,
    spans: StoredSnapshot['spans'],
  ): Promise<void> {
    const { residency, applier, tracer, waits } = this.deps;
    try {
      const run = await residency.restore(snapshot);
      // What the snapshot does not tell, the history does.
      if (run === null || !tracer.goOn(live, run.state.request, spans)) return;
      live.snapshotWritten(live.position);
      residency.armNextTimer(live, run);
      waits.restored(live, run);
      if (!live.isDormant && residency.hasRoom) residency.rehydrate(live, run);
    } catch (error) {
      applier.quarantine(live, error);
    }
  }
}

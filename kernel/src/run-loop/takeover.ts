/**
 * Purpose: the runs of a partition as its last checkpoint has them, before the entries that followed it are read.
 * Owns: what a key is worth. Does not own: going live.
 */
import { type Journal, LlmteamError, type Position } from '@llmteam/contracts';
import type { Checkpoint, Checkpoints } from './checkpoints.js';
import { kept_unknown, type LiveRun, live_run } from './live-run.js';
import type { LiveRuns } from './live-runs.js';
import type { RunDriver } from './run-driver.js';
import type { KeptRun, RunSnapshots } from './run-snapshots.js';
import type { TimerHeap } from './timer-heap.js';

export interface TakeoverPorts {
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

  constructor(private readonly ports: TakeoverPorts) {}

  /** Answers where to follow the journal from. @throws LlmteamError `STORE_CORRUPT` if the journal ends before that */
  async load(): Promise<{ readonly position: Position; readonly at: number }> {
    const { checkpoints, snapshots, journal, partition } = this.ports;
    let checkpoint = await checkpoints.claim();
    const end = await journal.end(partition);
    if (checkpoint.position > end) {
      const lost = `ends at ${end}, before its checkpoint at ${checkpoint.position}`;
      throw new LlmteamError('STORE_CORRUPT', `the journal of partition ${partition} ${lost}: entries are missing`);
    }
    for await (const { run_id, kept } of snapshots.all()) {
      if (kept === null) checkpoint = this.begin_anew(run_id);
      else await this.take_in(run_id, kept, checkpoint);
    }
    return checkpoint;
  }

  /** A key that cannot be read may be that of a run that no other key tells of: all are replayed. */
  private begin_anew(run_id: string): Checkpoint {
    const { runs, checkpoints, timers } = this.ports;
    this.claim_later(live_run({ tenant_id: '', run_id }, 0));
    for (const live of [...runs.values()]) {
      timers.disarm_all(live);
      runs.remove(live);
      this.claim_later(live_run(live, live.began));
    }
    return checkpoints.forget();
  }

  private claim_later(live: LiveRun): void {
    live.kept = kept_unknown;
    this.ports.driver.unclaimed.set(live.run_id, live);
  }

  private async take_in(run_id: string, kept: KeptRun, checkpoint: Checkpoint): Promise<void> {
    const { runs, checkpoints } = this.ports;
    this.generations.add(kept.generation);
    const key = { tenant_id: runs.shared(kept.tenant_id), run_id };
    if (kept.began > checkpoint.position) return this.claim_later(live_run(key, kept.began));
    const is_trusted = checkpoints.is_trusted(kept);
    const live = live_run(key, kept.began, is_trusted ? kept.position : 0);
    live.kept = kept_unknown;
    runs.add(live, null);
    if (is_trusted && kept.state !== null) await this.thaw(live, kept.state);
  }

  private async thaw(live: LiveRun, state: NonNullable<KeptRun['state']>): Promise<void> {
    const { runs, driver } = this.ports;
    try {
      const run = await runs.thaw(state);
      if (run === null) return;
      live.kept = live.position;
      driver.rest(live, run);
      if (!live.is_ready && runs.has_room) runs.bring_in(live, run);
    } catch (error) {
      driver.give_up(live, error);
    }
  }
}

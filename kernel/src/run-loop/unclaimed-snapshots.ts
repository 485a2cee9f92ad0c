import type { LiveRun } from './live-run.js';

/** Runs with a snapshot in the store whose first entry is still to come, if they live at all. */
export class UnclaimedSnapshots {
  private readonly runs = new Map<string, LiveRun>();

  add(live: LiveRun): void {
    live.snapshotStale();
    this.runs.set(live.run_id, live);
  }

  /** True if the run that begins now has one. */
  claim(runId: string): boolean {
    return this.runs.delete(runId);
  }

  /** Returns what nobody claimed: the snapshots of runs that are over. */
  take(): LiveRun[] {
    const taken = [...this.runs.values()];
    this.runs.clear();
    return taken;
  }
}

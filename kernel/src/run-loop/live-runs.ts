/**
 * Purpose: the runs of a partition that have not ended, by stage.
 * Owns: membership and stages. Does not own: evicting and rehydrating states (residency.ts), what happens in a run (applier.ts).
 */
import type { Position } from '@llmteam/contracts';
import { isIdle, type Run } from '../engine/state.js';
import type { LiveRun } from './live-run.js';

export class LiveRuns {
  private readonly runs = new Map<string, LiveRun>();
  private readonly busy = new Set<LiveRun>();
  /** Longest idle first. */
  private readonly idle = new Set<LiveRun>();
  private readonly quarantined = new Set<LiveRun>();
  private readonly tenants = new Map<string, string>();

  get size(): number {
    return this.runs.size;
  }

  /** Runs whose states are in memory. */
  get resident(): number {
    return this.busy.size + this.idle.size;
  }

  get idleCount(): number {
    return this.idle.size;
  }

  get quarantinedCount(): number {
    return this.quarantined.size;
  }

  /** Interns a tenant id: one copy of the string for all its runs. */
  intern(tenantId: string): string {
    const known = this.tenants.get(tenantId);
    if (known === undefined) this.tenants.set(tenantId, tenantId);
    return known ?? tenantId;
  }

  values(): IterableIterator<LiveRun> {
    return this.runs.values();
  }

  /** Those with jobs in flight. */
  inFlight(): Iterable<LiveRun> {
    return this.busy;
  }

  find(runId: string): LiveRun | undefined {
    return this.runs.get(runId);
  }

  /** null: its state is not in memory. */
  add(live: LiveRun, run: Run | null): void {
    this.runs.set(live.run_id, live);
    if (run !== null) this.hold(live, run);
  }

  /** The run's state is in memory from now on. */
  hold(live: LiveRun, run: Run): void {
    live.attach(run);
    this.settle(live, run);
  }

  /** Busy or idle: the run may have begun or ceased to have jobs in flight. */
  settle(live: LiveRun, run: Run): void {
    const stage = isIdle(run.state) ? 'idle' : 'busy';
    if (stage === live.stage) return;
    this.leaveStage(live);
    live.enter(stage);
    this[stage].add(live);
  }

  /** The run's state is in memory no longer. */
  evict(live: LiveRun): void {
    this.leaveStage(live);
    live.enter('evicted');
  }

  remove(live: LiveRun): void {
    this.leaveStage(live);
    live.enter('over');
    this.runs.delete(live.run_id);
  }

  /** The run stays live, for a process that can evaluate it. */
  quarantine(live: LiveRun): void {
    this.leaveStage(live);
    live.enter('quarantined');
    this.quarantined.add(live);
  }

  longestIdle(): LiveRun | undefined {
    for (const live of this.idle) if (live.stage === 'idle') return live;
    return undefined;
  }

  /** Live runs requested at or before a position whose snapshots are not current. */
  withoutSnapshot(beganBy: Position): LiveRun[] {
    const isWanted = (live: LiveRun): boolean => live.began <= beganBy && !live.isSnapshotCurrent;
    return [...this.busy, ...this.idle, ...this.quarantined].filter(isWanted);
  }

  private leaveStage(live: LiveRun): void {
    this.busy.delete(live);
    this.idle.delete(live);
    this.quarantined.delete(live);
  }
}

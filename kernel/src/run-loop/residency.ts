/**
 * Purpose: which states of live runs are in memory: evicting idle ones, rehydrating those that are needed again.
 * Owns: the limit, the order, and the timers an evicted run keeps armed. Does not own: what happens in a run.
 * Invariants:
 *   M1 `position` is the last entry a state has seen; an entry at or below it is not applied again.
 *   M2 The state of a run with jobs in flight is in memory.
 *   M3 Where snapshots are written, a state is evicted only once its snapshot at its position is written.
 */
import type { Journal, Position } from '@llmteam/contracts';
import type { Definitions } from '../definitions/definitions.js';
import { foldHistory } from '../definitions/fold-history.js';
import { outstandingEffects } from '../engine/outstanding.js';
import { isSnapshot, restoreRun } from '../engine/snapshot.js';
import type { RunSnapshot } from '../engine/snapshot-shape.js';
import type { Run } from '../engine/state.js';
import type { RunTracer } from '../tracing/run-tracer.js';
import { forEachConcurrently } from './for-each-concurrently.js';
import type { LiveRun, Stage } from './live-run.js';
import type { LiveRuns } from './live-runs.js';
import type { LoopState } from './loop-state.js';
import type { RunSnapshots } from './run-snapshots.js';
import type { TimerHeap } from './timer-heap.js';
import type { WaitBook } from './wait-book.js';

const concurrentEvictions = 64;
/** States kept in memory by default: few where a snapshot brings one back, many where the whole history must be replayed. */
const fewResident = 500;
const manyResident = 20_000;

export interface ResidencyDeps {
  readonly journal: Journal;
  readonly definitions: Definitions;
  readonly loop: LoopState;
  readonly runs: LiveRuns;
  readonly snapshots: RunSnapshots;
  readonly timers: TimerHeap;
  readonly tracer: RunTracer;
  readonly waits: WaitBook;
  /** States to keep in memory at most, as far as idle runs allow. */
  readonly maxResident: number | undefined;
}

export class Residency {
  private evicting: Promise<void> | null = null;

  constructor(private readonly deps: ResidencyDeps) {}

  get hasRoom(): boolean {
    return this.deps.runs.resident < this.maxResident;
  }

  /** Far too many states are in memory: the loop had better wait for `makeRoom` before it rehydrates more. */
  get isCrowded(): boolean {
    const { runs } = this.deps;
    return runs.idleCount > 0 && runs.resident > 2 * this.maxResident + 100;
  }

  /**
   * The state of a live run after its entries up to `upto`, rehydrated if need be; null if it has none.
   * @throws LlmteamError if the definition of the run cannot be loaded
   */
  async load(live: LiveRun, upto: Position): Promise<Run | null> {
    if (live.run !== null) return live.run;
    const run = (await this.fromSnapshot(live)) ?? (await this.fromHistory(live, upto));
    if (run !== null && live.stage === 'evicted') this.rehydrate(live, run);
    return live.run;
  }

  rehydrate(live: LiveRun, run: Run): void {
    this.deps.runs.hold(live, run);
    if (!this.deps.loop.isLive) return;
    for (const [timer, { due_at }] of run.state.timers) this.deps.timers.arm(live, timer, due_at);
  }

  /** Returns null for a snapshot of another engine version. @throws LlmteamError if the definition cannot be loaded */
  async restore(snapshot: RunSnapshot): Promise<Run | null> {
    if (!isSnapshot(snapshot)) return null;
    return restoreRun(await this.deps.definitions.plan(snapshot.state.request.definition), snapshot);
  }

  /**
   * Leaves only the run's next timer armed: the only thing that may move an evicted run by itself. Before the loop is live this is for
   * runs that only wait; they need not be rehydrated to go live.
   */
  armNextTimer(live: LiveRun, run: Run): void {
    const { loop, timers } = this.deps;
    if (!loop.isLive) live.markDormant(onlyWaits(run));
    if (!loop.isLive && !live.isDormant) return;
    const next = nextTimer(run);
    timers.disarmAll(live, next?.timer);
    if (next !== null) timers.arm(live, next.timer, next.due_at);
  }

  /** An entry before the loop is live: the run does not only wait after all. */
  endDormancy(live: LiveRun): void {
    if (!live.isDormant) return;
    live.markDormant(false);
    this.deps.timers.disarmAll(live);
  }

  /** Evicts the longest idle states until few enough are left. Resolves once that is done, or cannot be. */
  makeRoom(): Promise<void> {
    if (this.evicting === null && !this.isTooFull()) return done;
    this.evicting ??= this.evictIdle();
    return this.evicting;
  }

  private get maxResident(): number {
    return this.deps.maxResident ?? (this.deps.loop.writesCheckpoints ? fewResident : manyResident);
  }

  private async fromSnapshot(live: LiveRun): Promise<Run | null> {
    if (!live.isSnapshotCurrent) return null;
    const snapshot = await this.deps.snapshots.read(live);
    return snapshot === null ? null : this.restore(snapshot);
  }

  private async fromHistory(live: LiveRun, upto: Position): Promise<Run | null> {
    const replay = this.deps.tracer.replay(live);
    const options = { upto, events: replay !== null };
    let state: Run | null = null;
    let position: Position = 0;
    for await (const { entry, run, outcome } of foldHistory(this.deps, live.key, options)) {
      state = run;
      position = entry.position;
      if (run !== null) replay?.take(entry, run, outcome?.events ?? []);
    }
    replay?.done();
    live.reach(position);
    return state;
  }

  private isTooFull(): boolean {
    const { runs } = this.deps;
    return runs.resident > this.maxResident && runs.idleCount > 0;
  }

  private async evictIdle(): Promise<void> {
    const progress = { inFlight: 0, isStuck: false };
    while (this.isTooFull() && !progress.isStuck) {
      await forEachConcurrently(concurrentEvictions, this.candidates(progress), async (live) => {
        progress.inFlight++;
        if (!(await this.evict(live))) progress.isStuck = true;
        progress.inFlight--;
      });
    }
    this.deps.snapshots.logRefused();
    this.evicting = null;
  }

  private *candidates(progress: { readonly inFlight: number; readonly isStuck: boolean }): Iterable<LiveRun> {
    const { runs } = this.deps;
    while (!progress.isStuck && runs.resident - progress.inFlight > this.maxResident) {
      const next = runs.longestIdle();
      if (next === undefined) return;
      yield next;
    }
  }

  /** Returns false if its snapshot cannot be written now. */
  private async evict(live: LiveRun): Promise<boolean> {
    const { loop, runs, snapshots, waits } = this.deps;
    live.enter('evicting');
    const isSafe = !loop.writesCheckpoints || (await snapshots.write(live));
    // An entry of the run may have been applied meanwhile.
    if ((live.stage as Stage) !== 'evicting' || live.run === null) return true;
    if (!isSafe) {
      runs.settle(live, live.run);
      return false;
    }
    this.armNextTimer(live, live.run);
    waits.leaving(live, live.run);
    runs.evict(live);
    return true;
  }
}

const done = Promise.resolve();

/** It waits for time, signals and people only: nothing has to be done that may not have been done. */
function onlyWaits(run: Run): boolean {
  return outstandingEffects(run).every(({ kind }) => kind === 'arm_timer' || kind === 'show_task');
}

function nextTimer(run: Run): { readonly timer: string; readonly due_at: number } | null {
  let next: { readonly timer: string; readonly due_at: number } | null = null;
  for (const [timer, { due_at }] of run.state.timers)
    if (next === null || due_at < next.due_at) next = { timer, due_at };
  return next;
}

/**
 * Purpose: the runs of a partition that have not ended: which they are, and which of their states are in memory.
 * Owns: bringing a state back, and letting one go. Does not own: what happens in a run.
 * Invariants:
 *   M1 `position` is the last entry a state has seen; an entry at or below it is not applied again.
 *   M2 The state of a run with jobs in flight is in memory.
 *   M3 Where snapshots are kept, a state leaves memory only once its snapshot at its position is kept.
 */
import type { Journal, Position } from '@llmteam/contracts';
import type { Definitions } from '../definitions/definitions.js';
import { evolve, startRun } from '../engine/evolve.js';
import { isSnapshot, restoreRun } from '../engine/snapshot.js';
import type { RunSnapshot } from '../engine/snapshot-shape.js';
import { isIdle, type Run } from '../engine/state.js';
import { keyOf, type LiveRun, type Stage } from './live-run.js';
import type { RunSnapshots } from './run-snapshots.js';
import { someAtATime } from './some-at-a-time.js';

const leavingAtATime = 64;
const few = 500;
const many = 20_000;

export interface LiveRunsDeps {
  readonly journal: Journal;
  readonly definitions: Definitions;
  readonly snapshots: RunSnapshots;
  /** How many states to keep at most, as far as idle runs allow. Default: few if they come back quickly, else many. */
  readonly maxResident: number | undefined;
  /** Told of a state that is about to leave memory, and of one that was brought in. */
  readonly onLeave: (live: LiveRun, run: Run) => void;
  readonly onReturn: (live: LiveRun, run: Run) => void;
}

export class LiveRuns {
  /** If not, idle runs leave at once, and come back from their histories. */
  keepsSnapshots = false;
  private readonly runs = new Map<string, LiveRun>();
  private readonly busy = new Set<LiveRun>();
  /** Those that are idle longest first. */
  private readonly idle = new Set<LiveRun>();
  private readonly givenUp = new Set<LiveRun>();
  private readonly tenants = new Map<string, string>();
  private leaving: Promise<void> | null = null;

  constructor(private readonly deps: LiveRunsDeps) {}

  get size(): number {
    return this.runs.size;
  }

  get resident(): number {
    return this.busy.size + this.idle.size;
  }

  private get maxResident(): number {
    return this.deps.maxResident ?? (this.keepsSnapshots ? few : many);
  }

  get hasRoom(): boolean {
    return this.resident < this.maxResident;
  }

  /** The one copy of a tenant's name. */
  shared(tenantId: string): string {
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

  add(live: LiveRun, run: Run | null): void {
    this.runs.set(live.run_id, live);
    if (run === null) return;
    live.run = run;
    this.settle(live, run);
  }

  /** The run has begun or ended to have jobs in flight, it may be. */
  settle(live: LiveRun, run: Run): void {
    const stage = isIdle(run.state) ? 'idle' : 'busy';
    if (stage === live.stage) return;
    this.leaveSets(live);
    live.stage = stage;
    this[stage].add(live);
  }

  remove(live: LiveRun): void {
    this.leaveSets(live);
    live.stage = 'over';
    live.run = null;
    this.runs.delete(live.run_id);
  }

  /** The run stays live, for a process that can evaluate it. */
  giveUp(live: LiveRun): void {
    this.leaveSets(live);
    live.stage = 'given_up';
    live.run = null;
    this.givenUp.add(live);
  }

  /** Live runs that began at or before a position, and are not kept as they stand. */
  unkept(beganBy: Position): LiveRun[] {
    const isWanted = (live: LiveRun): boolean => live.began <= beganBy && live.kept !== live.position;
    return [...this.busy, ...this.idle, ...this.givenUp].filter(isWanted);
  }

  /** The state of a live run after its entries up to `upto`, brought back if need be; null if there are none. */
  async load(live: LiveRun, upto: Position): Promise<Run | null> {
    if (live.run !== null) return live.run;
    const run = (await this.fromSnapshot(live)) ?? (await this.fromHistory(live, upto));
    if (run !== null && live.stage === 'away') this.bringIn(live, run);
    return live.run;
  }

  bringIn(live: LiveRun, run: Run): void {
    live.run = run;
    this.settle(live, run);
    this.deps.onReturn(live, run);
  }

  private async fromSnapshot(live: LiveRun): Promise<Run | null> {
    if (live.kept !== live.position) return null;
    const snapshot = await this.deps.snapshots.read(live);
    return snapshot === null ? null : this.thaw(snapshot);
  }

  /** @throws LlmteamError if the definition of the run cannot be loaded */
  async thaw(snapshot: RunSnapshot): Promise<Run | null> {
    if (!isSnapshot(snapshot)) return null;
    return restoreRun(await this.deps.definitions.plan(snapshot.state.request.definition), snapshot);
  }

  private async fromHistory(live: LiveRun, upto: Position): Promise<Run | null> {
    const { journal, definitions } = this.deps;
    let run: Run | null = null;
    let position: Position = 0;
    for await (const entry of journal.read(live)) {
      if (entry.position > upto) break;
      if (run !== null) evolve(run, entry.fact);
      else if (entry.fact.type === 'run.requested') {
        run = startRun(await definitions.plan(entry.fact.definition), keyOf(live), entry.fact).run;
      }
      position = entry.position;
    }
    live.position = position;
    return run;
  }

  /** Many more states are in memory than should be: whoever brings in more had better wait for `makeRoom`. */
  get isCrowded(): boolean {
    return this.idle.size > 0 && this.resident > 2 * this.maxResident + 100;
  }

  /** Lets the states go that have been idle longest, until few enough are left; resolves once that is done, or cannot be. */
  makeRoom(): Promise<void> {
    if (this.leaving === null && !this.isTooFull()) return done;
    this.leaving ??= this.letIdleGo();
    return this.leaving;
  }

  private isTooFull(): boolean {
    return this.resident > this.maxResident && this.idle.size > 0;
  }

  private async letIdleGo(): Promise<void> {
    const progress = { underWay: 0, isStuck: false };
    while (this.isTooFull() && !progress.isStuck) {
      await someAtATime(leavingAtATime, this.thoseToLeave(progress), async (live) => {
        progress.underWay++;
        if (!(await this.letGo(live))) progress.isStuck = true;
        progress.underWay--;
      });
    }
    this.deps.snapshots.tellRefused();
    this.leaving = null;
  }

  private *thoseToLeave(progress: { readonly underWay: number; isStuck: boolean }): Iterable<LiveRun> {
    while (!progress.isStuck && this.resident - progress.underWay > this.maxResident) {
      const next = this.longestIdle();
      if (next === undefined) return;
      yield next;
    }
  }

  private longestIdle(): LiveRun | undefined {
    for (const live of this.idle) if (live.stage === 'idle') return live;
    return undefined;
  }

  /** False: its snapshot cannot be kept now. */
  private async letGo(live: LiveRun): Promise<boolean> {
    live.stage = 'leaving';
    const isKept = !this.keepsSnapshots || (await this.deps.snapshots.keep(live));
    // It may have gone on meanwhile.
    if ((live.stage as Stage) !== 'leaving' || live.run === null) return true;
    if (!isKept) {
      this.settle(live, live.run);
      return false;
    }
    this.deps.onLeave(live, live.run);
    this.leaveSets(live);
    live.stage = 'away';
    live.run = null;
    return true;
  }

  private leaveSets(live: LiveRun): void {
    this.busy.delete(live);
    this.idle.delete(live);
    this.givenUp.delete(live);
  }
}

const done = Promise.resolve();

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
import { evolve, start_run } from '../engine/evolve.js';
import { is_snapshot, thaw_run } from '../engine/snapshot.js';
import type { RunSnapshot } from '../engine/snapshot-shape.js';
import { is_idle, type Run } from '../engine/state.js';
import { key_of, type LiveRun, type Stage } from './live-run.js';
import type { RunSnapshots } from './run-snapshots.js';
import { some_at_a_time } from './some-at-a-time.js';

const leaving_at_a_time = 64;
const few = 500;
const many = 20_000;

export interface LiveRunsPorts {
  readonly journal: Journal;
  readonly definitions: Definitions;
  readonly snapshots: RunSnapshots;
  /** How many states to keep at most, as far as idle runs allow. Default: few if they come back quickly, else many. */
  readonly max_resident: number | undefined;
  /** Told of a state that is about to leave memory, and of one that was brought in. */
  readonly on_leave: (live: LiveRun, run: Run) => void;
  readonly on_return: (live: LiveRun, run: Run) => void;
}

export class LiveRuns {
  /** If not, idle runs leave at once, and come back from their histories. */
  keeps_snapshots = false;
  private readonly runs = new Map<string, LiveRun>();
  private readonly busy = new Set<LiveRun>();
  /** Those that are idle longest first. */
  private readonly idle = new Set<LiveRun>();
  private readonly given_up = new Set<LiveRun>();
  private readonly tenants = new Map<string, string>();
  private leaving: Promise<void> | null = null;

  constructor(private readonly ports: LiveRunsPorts) {}

  get size(): number {
    return this.runs.size;
  }

  get resident(): number {
    return this.busy.size + this.idle.size;
  }

  private get max_resident(): number {
    return this.ports.max_resident ?? (this.keeps_snapshots ? few : many);
  }

  get has_room(): boolean {
    return this.resident < this.max_resident;
  }

  /** The one copy of a tenant's name. */
  shared(tenant_id: string): string {
    const known = this.tenants.get(tenant_id);
    if (known === undefined) this.tenants.set(tenant_id, tenant_id);
    return known ?? tenant_id;
  }

  values(): IterableIterator<LiveRun> {
    return this.runs.values();
  }

  /** Those with jobs in flight. */
  in_flight(): Iterable<LiveRun> {
    return this.busy;
  }

  find(run_id: string): LiveRun | undefined {
    return this.runs.get(run_id);
  }

  add(live: LiveRun, run: Run | null): void {
    this.runs.set(live.run_id, live);
    if (run === null) return;
    live.run = run;
    this.settle(live, run);
  }

  /** The run has begun or ended to have jobs in flight, it may be. */
  settle(live: LiveRun, run: Run): void {
    const stage = is_idle(run.state) ? 'idle' : 'busy';
    if (stage === live.stage) return;
    this.leave_sets(live);
    live.stage = stage;
    this[stage].add(live);
  }

  remove(live: LiveRun): void {
    this.leave_sets(live);
    live.stage = 'over';
    live.run = null;
    this.runs.delete(live.run_id);
  }

  /** The run stays live, for a process that can evaluate it. */
  give_up(live: LiveRun): void {
    this.leave_sets(live);
    live.stage = 'given_up';
    live.run = null;
    this.given_up.add(live);
  }

  /** Live runs that began at or before a position, and are not kept as they stand. */
  unkept(began_by: Position): LiveRun[] {
    const is_wanted = (live: LiveRun): boolean => live.began <= began_by && live.kept !== live.position;
    return [...this.busy, ...this.idle, ...this.given_up].filter(is_wanted);
  }

  /** The state of a live run after its entries up to `upto`, brought back if need be; null if there are none. */
  async load(live: LiveRun, upto: Position): Promise<Run | null> {
    if (live.run !== null) return live.run;
    const run = (await this.from_snapshot(live)) ?? (await this.from_history(live, upto));
    if (run !== null && live.stage === 'away') this.bring_in(live, run);
    return live.run;
  }

  bring_in(live: LiveRun, run: Run): void {
    live.run = run;
    this.settle(live, run);
    this.ports.on_return(live, run);
  }

  private async from_snapshot(live: LiveRun): Promise<Run | null> {
    if (live.kept !== live.position) return null;
    const snapshot = await this.ports.snapshots.read(live);
    return snapshot === null ? null : this.thaw(snapshot);
  }

  /** @throws LlmteamError if the definition of the run cannot be loaded */
  async thaw(snapshot: RunSnapshot): Promise<Run | null> {
    if (!is_snapshot(snapshot)) return null;
    return thaw_run(await this.ports.definitions.plan(snapshot.state.request.definition), snapshot);
  }

  private async from_history(live: LiveRun, upto: Position): Promise<Run | null> {
    const { journal, definitions } = this.ports;
    let run: Run | null = null;
    let position: Position = 0;
    for await (const entry of journal.read(live)) {
      if (entry.position > upto) break;
      if (run !== null) evolve(run, entry.fact);
      else if (entry.fact.type === 'run.requested') {
        run = start_run(await definitions.plan(entry.fact.definition), key_of(live), entry.fact).run;
      }
      position = entry.position;
    }
    live.position = position;
    return run;
  }

  /** Many more states are in memory than should be: whoever brings in more had better wait for `make_room`. */
  get is_crowded(): boolean {
    return this.idle.size > 0 && this.resident > 2 * this.max_resident + 100;
  }

  /** Lets the states go that have been idle longest, until few enough are left; resolves once that is done, or cannot be. */
  make_room(): Promise<void> {
    if (this.leaving === null && !this.is_too_full()) return done;
    this.leaving ??= this.let_idle_go();
    return this.leaving;
  }

  private is_too_full(): boolean {
    return this.resident > this.max_resident && this.idle.size > 0;
  }

  private async let_idle_go(): Promise<void> {
    const progress = { under_way: 0, is_stuck: false };
    while (this.is_too_full() && !progress.is_stuck) {
      await some_at_a_time(leaving_at_a_time, this.those_to_leave(progress), async (live) => {
        progress.under_way++;
        if (!(await this.let_go(live))) progress.is_stuck = true;
        progress.under_way--;
      });
    }
    this.ports.snapshots.tell_refused();
    this.leaving = null;
  }

  private *those_to_leave(progress: { readonly under_way: number; is_stuck: boolean }): Iterable<LiveRun> {
    while (!progress.is_stuck && this.resident - progress.under_way > this.max_resident) {
      const next = this.longest_idle();
      if (next === undefined) return;
      yield next;
    }
  }

  private longest_idle(): LiveRun | undefined {
    for (const live of this.idle) if (live.stage === 'idle') return live;
    return undefined;
  }

  /** False: its snapshot cannot be kept now. */
  private async let_go(live: LiveRun): Promise<boolean> {
    live.stage = 'leaving';
    const is_kept = !this.keeps_snapshots || (await this.ports.snapshots.keep(live));
    // It may have gone on meanwhile.
    if ((live.stage as Stage) !== 'leaving' || live.run === null) return true;
    if (!is_kept) {
      this.settle(live, live.run);
      return false;
    }
    this.ports.on_leave(live, live.run);
    this.leave_sets(live);
    live.stage = 'away';
    live.run = null;
    return true;
  }

  private leave_sets(live: LiveRun): void {
    this.busy.delete(live);
    this.idle.delete(live);
    this.given_up.delete(live);
  }
}

const done = Promise.resolve();

/**
 * Purpose: the shell of one partition: follow the journal, evolve its runs, perform the effects, keep a checkpoint.
 * Owns: takeover and checkpoints; the one place where it suspends between entries is `next batch` (and loading an evicted run).
 * Does not own: any decision about a run.
 * Invariants:
 *   L1 No effect is performed before the loop has caught up with the end of the journal as it was when it began.
 *   L2 Then every outstanding effect of every live run is performed once more.
 *   L3 A run that cannot be evaluated is given up alone.
 *   L4 A checkpoint names every run that is live at its position; what it forgets was recorded as ended.
 */
import type {
  Clock,
  Entry,
  IndexChange,
  JobQueue,
  Journal,
  JsonObject,
  Logger,
  Position,
  Registry,
  RunEvent,
  RunIndex,
  RunKey,
  RunResult,
  RunRow,
  Signals,
} from '@llmteam/contracts';
import type { Definitions } from '../definitions/definitions.js';
import type { SegmentStore } from '../definitions/segment-store.js';
import type { Effect } from '../engine/effects.js';
import { type EvolveOptions, evolve, type Outcome, start_run } from '../engine/evolve.js';
import { outstanding_effects } from '../engine/outstanding.js';
import { is_ended, type Run } from '../engine/state.js';
import { result_of } from '../engine/view.js';
import { EffectsPerformer } from './effects-performer.js';
import { type LiveRun, LiveRuns } from './live-runs.js';
import { project_run } from './project-run.js';
import { Retry } from './retry.js';
import { row_of } from './run-row.js';
import { TimerHeap } from './timer-heap.js';

export interface PartitionLoopOptions {
  readonly partition: number;
  readonly journal: Journal;
  readonly queue: JobQueue;
  readonly signals: Signals;
  readonly registry: Registry;
  readonly index: RunIndex;
  readonly definitions: Definitions;
  readonly segments: SegmentStore;
  readonly clock: Clock;
  readonly log: Logger;
  /** States kept in memory, as far as idle runs allow. Default 20,000. */
  readonly max_resident_runs?: number;
  /** How long the store may refuse an append before the loop gives up. Default: for ever. */
  readonly store_patience_ms?: number;
  /** Entries between two checkpoints. Default 10,000. */
  readonly checkpoint_every?: number;
  /** Told once when the loop cannot go on. */
  readonly on_failure: (error: unknown) => void;
}

export interface RunWatcher {
  /** Events as they are derived; none are made for runs nobody watches. */
  events?(events: readonly RunEvent[], run: Run): void;
  ended?(result: RunResult): void;
  /** This process cannot go on with the run: its definition cannot be loaded, or the engine failed on it. The run is not lost. */
  failed?(error: unknown): void;
}

export class PartitionLoop {
  private readonly runs: LiveRuns;
  private readonly timers: TimerHeap;
  private readonly performer: EffectsPerformer;
  private readonly retry: Retry;
  private readonly watchers = new Map<string, Set<RunWatcher>>();
  private readonly strays = new Map<string, RunKey>();
  private readonly stopping = new AbortController();
  private is_live = false;
  private keeps_checkpoints = false;
  private position: Position = 0;
  private since_checkpoint = 0;
  private finished: Promise<void> = Promise.resolve();

  constructor(private readonly options: PartitionLoopOptions) {
    const { clock, log, journal, definitions } = options;
    this.runs = new LiveRuns(journal, definitions, options.max_resident_runs ?? 20_000);
    this.timers = new TimerHeap(clock, (run, timer) => this.fire(run, timer));
    this.retry = new Retry(clock, log, options.store_patience_ms ?? Number.POSITIVE_INFINITY, options.on_failure);
    this.performer = new EffectsPerformer({ ...options, timers: this.timers, retry: this.retry });
  }

  /** Takes over every run of the partition; resolves once the loop is caught up and live. */
  async take_over(): Promise<void> {
    this.keeps_checkpoints = true;
    await this.load_checkpoint();
    await this.begin();
  }

  /**
   * Takes over the runs named, with their children, and any that are requested from now on. What else lives in the partition is left
   * for another time. @throws LlmteamError if a run's definition cannot be loaded
   */
  async adopt(runs: readonly RunKey[]): Promise<void> {
    this.position = await this.options.journal.end(this.options.partition);
    const wanted = [...runs];
    for (let key = wanted.pop(); key !== undefined; key = wanted.pop()) {
      const live = this.runs.add(key, null, 0);
      const run = await this.runs.load(live, this.position);
      if (run === null) this.runs.remove(key.run_id);
      const children = run === null ? [] : [...run.state.children.values(), ...run.state.cancelled_children];
      for (const run_id of children) wanted.push({ tenant_id: key.tenant_id, run_id });
    }
    await this.begin();
  }

  private async begin(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.finished = this.follow(resolve).catch((error: unknown) => {
        reject(error);
        if (!this.stopping.signal.aborted) this.options.on_failure(error);
      });
    });
  }

  /** Ends following, then writes a checkpoint. */
  async stop(): Promise<void> {
    this.stopping.abort();
    this.retry.stop();
    this.timers.stop();
    await this.finished;
    if (this.is_live) await this.write_checkpoint();
  }

  /** The function takes the watcher away again. */
  watch(run_id: string, watcher: RunWatcher): () => void {
    const watchers = this.watchers.get(run_id) ?? new Set();
    watchers.add(watcher);
    this.watchers.set(run_id, watchers);
    return () => {
      watchers.delete(watcher);
      if (watchers.size === 0) this.watchers.delete(run_id);
    };
  }

  live_runs(): number {
    return this.runs.size;
  }

  private async follow(caught_up: () => void): Promise<void> {
    const { journal, partition } = this.options;
    for await (const batch of journal.follow(partition, this.position, this.stopping.signal)) {
      if (batch.length > 0) await this.apply_batch(batch);
      else if (!this.is_live) {
        await this.go_live();
        caught_up();
      }
    }
  }

  private async apply_batch(batch: readonly Entry[]): Promise<void> {
    const rows = new Map<string, RunRow>();
    for (const entry of batch) {
      try {
        if (!this.apply_at_once(entry, rows)) await this.apply_after_loading(entry, rows);
      } catch (error) {
        this.give_up(entry.run_id, error);
      }
      this.position = entry.position;
    }
    await this.project_strays(rows);
    this.project(rows);
    if (!this.is_live) return;
    await this.performer.flush_jobs();
    this.runs.evict();
    this.since_checkpoint += batch.length;
    if (this.since_checkpoint >= (this.options.checkpoint_every ?? 10_000)) await this.write_checkpoint();
  }

  /** False if the run's state or plan must be read first. */
  private apply_at_once(entry: Entry, rows: Map<string, RunRow>): boolean {
    const live = this.runs.find(entry.run_id);
    if (live !== undefined) return this.apply_to(live, entry, rows);
    if (entry.fact.type !== 'run.requested') {
      this.note_stray(entry);
      return true;
    }
    const plan = this.options.definitions.cached_plan(entry.fact.definition);
    if (plan === undefined) return false;
    const key = { tenant_id: entry.tenant_id, run_id: entry.run_id };
    const { run, outcome } = start_run(plan, key, entry.fact, this.wishes(entry.run_id));
    const live_run = this.runs.add(key, run, entry.position);
    live_run.copied_left = (entry.fact.forked_from?.entries ?? 1) - 1;
    rows.set(entry.run_id, row_of(run));
    this.advance(run, outcome, live_run.copied_left > 0 ? [] : outcome.effects);
    if (is_ended(run.state)) this.note_end(run, rows);
    return true;
  }

  private apply_to(live: LiveRun, entry: Entry, rows: Map<string, RunRow>): boolean {
    const { run } = live;
    if (entry.position <= live.position) return true;
    if (run === null) return false;
    live.position = entry.position;
    const had_ended = is_ended(run.state);
    const outcome = evolve(run, entry.fact, this.wishes(entry.run_id));
    this.advance(run, outcome, live.copied_left > 0 ? effects_of_copy(live, run) : outcome.effects);
    if (entry.fact.type === 'run.controlled') rows.set(entry.run_id, row_of(run));
    if (entry.fact.type === 'run.ended') this.runs.remove(entry.run_id);
    else if (!had_ended && is_ended(run.state)) this.note_end(run, rows);
    return true;
  }

  /** Brings an evicted run back as it was before the entry, so that the entry's effects are performed. */
  private async apply_after_loading(entry: Entry, rows: Map<string, RunRow>): Promise<void> {
    const live = this.runs.find(entry.run_id);
    if (live !== undefined) await this.runs.load(live, entry.position - 1);
    else if (entry.fact.type === 'run.requested') await this.options.definitions.plan(entry.fact.definition);
    this.apply_at_once(entry, rows);
  }

  /** One run that cannot be evaluated must not stop the others. Its history stays; a later version or takeover may know better. */
  private give_up(run_id: string, error: unknown): void {
    this.options.log.error({ err: error, run_id }, 'the run cannot go on in this process');
    this.runs.remove(run_id);
    for (const watcher of [...(this.watchers.get(run_id) ?? [])]) watcher.failed?.(error);
  }

  private wishes(run_id: string): EvolveOptions {
    if (this.watchers.size === 0) return counted_only;
    for (const watcher of this.watchers.get(run_id) ?? []) if (watcher.events !== undefined) return with_events;
    return counted_only;
  }

  private advance(run: Run, outcome: Outcome, effects: readonly Effect[]): void {
    const { key } = run.state;
    if (outcome.events.length > 0) {
      for (const watcher of this.watchers.get(key.run_id) ?? []) watcher.events?.(outcome.events, run);
    }
    if (this.is_live) this.performer.perform(key, effects, () => this.recorded(key));
  }

  /** The entry that decided the end is kept, so the end is. */
  private note_end(run: Run, rows: Map<string, RunRow>): void {
    const { key } = run.state;
    rows.set(key.run_id, row_of(run));
    this.timers.disarm_all(key);
    for (const watcher of [...(this.watchers.get(key.run_id) ?? [])]) watcher.ended?.(result_of(run));
  }

  /** A fact of a run that this loop left alone, such as a cancel, changes the lists all the same. */
  private note_stray({ tenant_id, run_id, fact }: Entry): void {
    if (this.keeps_checkpoints || fact.type === 'run.ended') return;
    this.strays.set(run_id, { tenant_id, run_id });
  }

  private async project_strays(rows: Map<string, RunRow>): Promise<void> {
    const strays = [...this.strays.values()];
    this.strays.clear();
    for (const key of strays) {
      const { row, tasks } = await project_run(this.options, key);
      if (row !== null) rows.set(key.run_id, row);
      this.performer.show_tasks(tasks);
    }
  }

  private recorded(key: RunKey): void {
    this.runs.remove(key.run_id);
  }

  private project(rows: ReadonlyMap<string, RunRow>): void {
    const tasks = this.performer.take_tasks();
    if (rows.size === 0 && tasks.length === 0) return;
    const change: IndexChange = {
      partition: this.options.partition,
      position: this.position,
      runs: [...rows.values()],
      tasks,
    };
    this.options.index.apply([change]).catch((err: unknown) => {
      if (!this.stopping.signal.aborted) this.options.log.warn({ err }, 'the run index was not updated');
    });
  }

  private async go_live(): Promise<void> {
    this.is_live = true;
    const rows = new Map<string, RunRow>();
    for (const live of [...this.runs.values()]) {
      try {
        await this.wake(live, rows);
      } catch (error) {
        this.give_up(live.key.run_id, error);
      }
    }
    this.project(rows);
    await this.performer.flush_jobs();
    this.runs.evict();
  }

  /** Does again what a live run still needs done. */
  private async wake(live: LiveRun, rows: Map<string, RunRow>): Promise<void> {
    const run = await this.runs.load(live, this.position);
    if (run === null || run.state.is_recorded) {
      this.runs.remove(live.key.run_id);
      return;
    }
    this.performer.perform(live.key, outstanding_effects(run), () => this.recorded(live.key));
    if (is_ended(run.state)) this.note_end(run, rows);
  }

  private fire(run: RunKey, timer: string): void {
    const fact = { type: 'timer.fired', at: this.options.clock.now(), timer } as const;
    const entry = { message_id: `timer:${timer}`, fact };
    void this.retry.until_kept(() => this.options.journal.append(run, [entry]));
  }

  private get checkpoint_key(): string {
    return `checkpoints/${this.options.partition}`;
  }

  private async load_checkpoint(): Promise<void> {
    const kept = await this.options.registry.get(this.checkpoint_key);
    if (kept === null) return;
    const { position, live } = kept.value as unknown as Checkpoint;
    this.position = position;
    for (const [tenant_id, run_id] of live) {
      this.runs.add({ tenant_id, run_id }, null, 0);
    }
  }

  private async write_checkpoint(): Promise<void> {
    this.since_checkpoint = 0;
    if (!this.keeps_checkpoints) return;
    const live = [...this.runs.values()].map(({ key }): [string, string] => [key.tenant_id, key.run_id]);
    const checkpoint: Checkpoint = { position: this.position, live };
    await this.options.registry
      .put(this.checkpoint_key, checkpoint as unknown as JsonObject)
      .catch((err: unknown) =>
        this.options.log.warn({ err }, 'no checkpoint was written; a takeover will take longer'),
      );
  }
}

const counted_only: EvolveOptions = { events: false };
const with_events: EvolveOptions = { events: true };

/** What a copied entry set off was done by the run it was copied from; what is left at the last one is for the fork to do. */
function effects_of_copy(live: LiveRun, run: Run): readonly Effect[] {
  live.copied_left--;
  return live.copied_left === 0 ? outstanding_effects(run) : [];
}

interface Checkpoint {
  readonly position: Position;
  readonly live: readonly [tenant_id: string, run_id: string][];
}

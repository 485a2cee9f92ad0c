/**
 * Purpose: applies entries to their runs: the state evolves, watchers and index are told, effects are performed.
 * Owns: which run an entry belongs to, quarantining a run that cannot be evaluated, what a run needs done when the loop goes live.
 * Does not own: reading the journal (follower.ts), what is in memory (residency.ts), any decision about a run (engine/).
 */
import {
  type Entry,
  type Fact,
  type Journal,
  LlmteamError,
  type Logger,
  type Position,
  type RunKey,
  type RunRequested,
} from '@llmteam/contracts';
import type { Definitions } from '../definitions/definitions.js';
import type { Effect } from '../engine/effects.js';
import { type EvolveOptions, evolve, type Outcome, startRun } from '../engine/evolve.js';
import { outstandingEffects } from '../engine/outstanding.js';
import type { Plan } from '../engine/plan.js';
import { isEnded, type Run } from '../engine/state.js';
import { resultOf } from '../engine/view.js';
import type { Retry } from '../retry/retry.js';
import type { RunLog } from '../run-log/run-log.js';
import type { RunTracer } from '../tracing/run-tracer.js';
import type { EffectsPerformer } from './effects-performer.js';
import type { GivenUpRuns } from './given-up-runs.js';
import { LiveRun } from './live-run.js';
import type { LiveRuns } from './live-runs.js';
import type { LoopProgress } from './loop-progress.js';
import type { LoopState } from './loop-state.js';
import type { Orphans } from './orphans.js';
import type { Projection } from './projection.js';
import type { Residency } from './residency.js';
import type { RunSnapshots } from './run-snapshots.js';
import type { TimerHeap } from './timer-heap.js';
import type { UnclaimedSnapshots } from './unclaimed-snapshots.js';
import type { WaitBook } from './wait-book.js';
import type { Watchers } from './watchers.js';

export interface ApplierDeps {
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
  readonly givenUp: GivenUpRuns;
  readonly timers: TimerHeap;
  readonly performer: EffectsPerformer;
  readonly projection: Projection;
  readonly watchers: Watchers;
  readonly tracer: RunTracer;
  readonly runLog: RunLog;
  readonly waits: WaitBook;
  readonly retry: Retry;
}

/** The entry that events are of. */
interface Applied {
  readonly at: number;
  readonly isCopy: boolean;
}

/** A request this much older than the entries before it may be a repeat that the journal no longer recognizes as one. */
const lateRequestMs = 20_000;

export class Applier {
  constructor(private readonly deps: ApplierDeps) {}

  /** Applies an entry; returns false if something must be loaded first, with `applyAfterLoading`. */
  apply(entry: Entry): boolean {
    try {
      return this.applyNow(entry);
    } catch (error) {
      this.quarantineAt(entry, error);
      return true;
    }
  }

  async applyAfterLoading(entry: Entry): Promise<void> {
    const { loop } = this.deps;
    try {
      await loop.unlessStopped(this.loadAndApply(entry));
    } catch (error) {
      if (!loop.isStopped) this.quarantineAt(entry, error);
    }
  }

  load(live: LiveRun, upto: Position): Promise<Run | null> {
    const { residency, retry } = this.deps;
    return retry.pastOutages(() => residency.load(live, upto));
  }

  /** Performs once more what a live run still needs done. */
  wake(live: LiveRun, upto: Position): Promise<void> {
    return this.deps.loop.isStopped ? Promise.resolve() : this.wakeNow(live, upto);
  }

  /** One run that cannot be evaluated must not stop the others. Its history stays: a later version or takeover may evaluate it. */
  quarantine(live: LiveRun, error: unknown): void {
    const { log, loop, timers, runs, watchers, waits } = this.deps;
    log.error({ err: error, ...live.key }, 'the run cannot go on in this process');
    timers.disarmAll(live);
    waits.forget(live);
    // Its snapshot is of a state that lacks what it is quarantined for.
    if (live.mayHaveSnapshot) live.snapshotStale();
    if (loop.drivesPartition) runs.quarantine(live);
    else runs.remove(live);
    for (const watcher of watchers.of(live.run_id)) watcher.failed?.(error);
  }

  /** A message of the run cannot be read, so nobody can evaluate it from here on. */
  giveUp(key: RunKey, error: unknown): void {
    const { runs, givenUp } = this.deps;
    const live = runs.find(key.run_id);
    if (live === undefined || live.tenant_id !== key.tenant_id) givenUp.add(key);
    else if (live.stage !== 'quarantined') this.quarantine(live, error);
  }

  private applyNow(entry: Entry): boolean {
    const { runs, definitions, givenUp } = this.deps;
    const live = runs.find(entry.run_id);
    if (live !== undefined) return this.applyTo(live, entry);
    if (entry.fact.type !== 'run.requested') return this.noteOrphan(entry);
    if (givenUp.has(entry)) {
      throw new LlmteamError('STORE_CORRUPT', 'the run is given up: a message before its request cannot be read');
    }
    const plan = definitions.cachedPlan(entry.fact.definition);
    if (plan === undefined || this.isLate(entry.fact)) return false;
    this.start(entry, entry.fact, plan);
    return true;
  }

  private start(entry: Entry, fact: RunRequested, plan: Plan): void {
    const { runs, projection, tracer, waits } = this.deps;
    const live = this.newLiveRun(entry);
    tracer.begin(live, fact);
    const { run, outcome } = startRun(plan, live.key, fact, this.evolveOptions(live, fact.at));
    projection.reached(entry.position);
    runs.add(live, run);
    waits.touch(live);
    live.expectCopies((fact.forked_from?.entries ?? 1) - 1);
    projection.noteRun(run);
    const isCopy = live.isCopying;
    this.advance(live, run, isCopy ? { ...outcome, effects: [] } : outcome, { at: fact.at, isCopy });
    if (isEnded(run.state)) this.noteEnd(live, run);
  }

  private newLiveRun({ tenant_id, run_id, position }: Entry): LiveRun {
    const { runs, unclaimed } = this.deps;
    const live = new LiveRun({ tenant_id: runs.intern(tenant_id), run_id }, position);
    if (unclaimed.claim(run_id)) live.snapshotStale();
    return live;
  }

  private applyTo(live: LiveRun, entry: Entry): boolean {
    const { loop, progress, residency, waits } = this.deps;
    const { run, tenant_id, stage } = live;
    if (entry.position <= live.position || tenant_id !== entry.tenant_id || stage === 'quarantined') {
      progress.ignore();
      if (stage === 'quarantined' && entry.fact.type === 'run.ended') this.forget(live);
      return true;
    }
    if (run === null) return false;
    if (!loop.isLive) residency.endDormancy(live);
    live.reach(entry.position);
    waits.touch(live);
    this.evolve(live, run, entry.fact);
    return true;
  }

  private evolve(live: LiveRun, run: Run, fact: Fact): void {
    const { runs, progress, projection, timers } = this.deps;
    projection.reached(live.position);
    const { seq } = run.state;
    const hadEnded = isEnded(run.state);
    const outcome = evolve(run, fact, this.evolveOptions(live, fact.at));
    const isCopy = live.isCopying;
    this.advance(live, run, isCopy ? { ...outcome, effects: effectsOfCopy(live, run) } : outcome, {
      at: fact.at,
      isCopy,
    });
    if (fact.type === 'timer.fired') timers.disarm(live, fact.timer);
    if (fact.type === 'step.reported' && run.state.seq === seq) progress.ignore();
    if (fact.type === 'run.controlled') projection.noteRun(run);
    if (fact.type === 'run.ended') {
      this.forget(live);
      return;
    }
    if (!hadEnded && isEnded(run.state)) this.noteEnd(live, run);
    runs.settle(live, run);
  }

  /** A fact of a run that is not driven here. Cancelling one that was not adopted, or redacting it, changes the index all the same. */
  private noteOrphan(entry: Entry): boolean {
    const { loop, progress, orphans } = this.deps;
    progress.ignore();
    const isRedacted = entry.fact.type === 'run.redacted';
    if (isRedacted || (!loop.drivesPartition && entry.fact.type !== 'run.ended')) orphans.note(entry);
    return true;
  }

  /** Rehydrates a run as it was before the entry, so that the entry's effects are performed. */
  private async loadAndApply(entry: Entry): Promise<void> {
    const { runs, definitions, progress, retry, loop } = this.deps;
    const live = runs.find(entry.run_id);
    const { fact } = entry;
    if (live !== undefined) {
      await this.load(live, entry.position - 1);
      if (!loop.isStopped) this.applyTo(live, entry);
    } else if (fact.type === 'run.requested') {
      const plan = await retry.pastOutages(() => definitions.plan(fact.definition));
      const isNew = !this.isLate(fact) || (await retry.pastOutages(() => this.isFirst(entry)));
      if (loop.isStopped) return;
      if (isNew) this.start(entry, fact, plan);
      else progress.ignore();
    }
  }

  private isLate(fact: RunRequested): boolean {
    return fact.at < this.deps.progress.at - lateRequestMs;
  }

  private async isFirst({ tenant_id, run_id, position }: Entry): Promise<boolean> {
    for await (const first of this.deps.journal.read({ tenant_id, run_id })) return first.position === position;
    return true;
  }

  private quarantineAt(entry: Entry, error: unknown): void {
    const { runs } = this.deps;
    const known = runs.find(entry.run_id);
    const live = known ?? this.newLiveRun(entry);
    if (known === undefined) runs.add(live, null);
    this.quarantine(live, error);
  }

  private evolveOptions(live: LiveRun, at: number): EvolveOptions {
    const { watchers, runLog } = this.deps;
    return watchers.evolveOptions(live.run_id, live.spans !== null, runLog.wanted(at));
  }

  private advance(live: LiveRun, run: Run, { events, effects }: Outcome, of: Applied): void {
    const { loop, watchers, performer, projection, tracer, runLog } = this.deps;
    if (events.length > 0) {
      for (const watcher of watchers.of(live.run_id)) watcher.events?.(events, run);
      tracer.note(live, run, events, { position: live.position, isCopy: of.isCopy });
      runLog.note(events, of);
    }
    if (loop.isLive) performer.perform(live, effects, () => this.forget(live));
    else for (const effect of effects) if (effect.kind === 'show_task') projection.noteTask(effect.task);
  }

  /** The entry that decided the end is kept, so the end is. */
  private noteEnd(live: LiveRun, run: Run): void {
    const { projection, watchers } = this.deps;
    projection.noteRun(run);
    for (const watcher of watchers.of(live.run_id)) watcher.ended?.(resultOf(run));
  }

  /** Its end is recorded in the journal. */
  private forget(live: LiveRun): void {
    const { timers, runs, snapshots, waits } = this.deps;
    if (live.stage === 'over') return;
    timers.disarmAll(live);
    waits.forget(live);
    runs.remove(live);
    snapshots.scheduleDelete(live);
  }

  private async wakeNow(live: LiveRun, upto: Position): Promise<void> {
    const { performer, loop, waits } = this.deps;
    try {
      const run = await this.load(live, upto);
      if (run === null || run.state.is_recorded) {
        this.forget(live);
        return;
      }
      waits.touch(live);
      performer.perform(live, outstandingEffects(run), () => this.forget(live), true);
      if (isEnded(run.state)) this.noteEnd(live, run);
    } catch (error) {
      if (!loop.isStopped) this.quarantine(live, error);
    }
  }
}

/** The run a history was copied from performed the effects of the copied entries; what is outstanding after the last is the fork's. */
function effectsOfCopy(live: LiveRun, run: Run): readonly Effect[] {
  return live.noteCopy() ? outstandingEffects(run) : [];
}

/**
 * Purpose: what an entry does to its run: the state changes, watchers and lists are told, the effects are performed.
 * Owns: which run an entry belongs to, giving up a run that cannot be evaluated, what a run needs done when the loop goes live.
 * Does not own: reading the journal, any decision about a run.
 */
import type { Entry, Fact, Journal, Logger, Position, RunKey, RunRequested } from '@llmteam/contracts';
import type { Definitions } from '../definitions/definitions.js';
import type { Effect } from '../engine/effects.js';
import { evolve, type Outcome, startRun } from '../engine/evolve.js';
import { outstandingEffects } from '../engine/outstanding.js';
import type { Plan } from '../engine/plan.js';
import { isEnded, type Run } from '../engine/state.js';
import { resultOf } from '../engine/view.js';
import type { EffectsPerformer } from './effects-performer.js';
import { keptUnknown, keyOf, type LiveRun, liveRun } from './live-run.js';
import type { LiveRuns } from './live-runs.js';
import type { Projection } from './projection.js';
import type { Retry } from './retry.js';
import type { RunSnapshots } from './run-snapshots.js';
import type { StopSignal } from './stop-signal.js';
import type { TimerHeap } from './timer-heap.js';
import type { Watchers } from './watchers.js';

export interface RunDriverDeps {
  readonly journal: Journal;
  readonly definitions: Definitions;
  readonly log: Logger;
  readonly runs: LiveRuns;
  readonly snapshots: RunSnapshots;
  readonly timers: TimerHeap;
  readonly performer: EffectsPerformer;
  readonly projection: Projection;
  readonly watchers: Watchers;
  readonly retry: Retry;
  readonly stopping: StopSignal;
}

/** A request that is this much older than what came before it may be a repeat that the journal no longer knows as one. */
const lateRequestMs = 20_000;

export class RunDriver {
  /** Effects are performed; before, they may have been. */
  isLive = false;
  /** Every run of the partition is driven here. */
  drivesAll = false;
  /** The latest time of an entry. */
  at = 0;
  /** Entries that meant nothing: repeats, and facts of runs that are over. */
  ignored = 0;
  /** Runs of which there are keys, but whose first entry is still to come if they live. */
  readonly unclaimed = new Map<string, LiveRun>();
  /** Runs that are not driven here, with facts that the lists have not seen. */
  readonly strays = new Map<string, RunKey>();

  constructor(private readonly deps: RunDriverDeps) {}

  /** Applies an entry; false if something must be read first, with `applyAfterLoading`. */
  apply(entry: Entry): boolean {
    try {
      return this.applyAtOnce(entry);
    } catch (error) {
      this.giveUpAt(entry, error);
      return true;
    }
  }

  private applyAtOnce(entry: Entry): boolean {
    const { runs, definitions } = this.deps;
    const live = runs.find(entry.run_id);
    if (live !== undefined) return this.applyTo(live, entry);
    if (entry.fact.type !== 'run.requested') return this.passOver(entry);
    const plan = definitions.cachedPlan(entry.fact.definition);
    if (plan === undefined || this.isLate(entry.fact)) return false;
    this.start(entry, entry.fact, plan);
    return true;
  }

  private start(entry: Entry, fact: RunRequested, plan: Plan): void {
    const { runs, projection, watchers } = this.deps;
    const live = this.newLiveRun(entry);
    const { run, outcome } = startRun(plan, keyOf(live), fact, watchers.wishes(entry.run_id));
    projection.reached(entry.position);
    runs.add(live, run);
    live.copiedLeft = (fact.forked_from?.entries ?? 1) - 1;
    projection.noteRun(run);
    this.advance(live, run, outcome, live.copiedLeft > 0 ? [] : outcome.effects);
    if (isEnded(run.state)) this.noteEnd(live, run);
  }

  private newLiveRun({ tenant_id, run_id, position }: Entry): LiveRun {
    const live = liveRun({ tenant_id: this.deps.runs.shared(tenant_id), run_id }, position);
    if (this.unclaimed.delete(run_id)) live.kept = keptUnknown;
    return live;
  }

  private applyTo(live: LiveRun, entry: Entry): boolean {
    const { run, tenant_id, stage } = live;
    if (entry.position <= live.position || tenant_id !== entry.tenant_id || stage === 'given_up') {
      this.ignored++;
      if (stage === 'given_up' && entry.fact.type === 'run.ended') this.forget(live);
      return true;
    }
    if (run === null) return false;
    if (!this.isLive) this.rouse(live);
    live.position = entry.position;
    this.evolve(live, run, entry.fact);
    return true;
  }

  private evolve(live: LiveRun, run: Run, fact: Fact): void {
    const { runs, projection, watchers, timers } = this.deps;
    projection.reached(live.position);
    const { seq } = run.state;
    const hadEnded = isEnded(run.state);
    const outcome = evolve(run, fact, watchers.wishes(live.run_id));
    this.advance(live, run, outcome, live.copiedLeft > 0 ? effectsOfCopy(live, run) : outcome.effects);
    if (fact.type === 'timer.fired') timers.disarm(live, fact.timer);
    if (fact.type === 'step.reported' && run.state.seq === seq) this.ignored++;
    if (fact.type === 'run.controlled') projection.noteRun(run);
    if (fact.type === 'run.ended') {
      this.forget(live);
      return;
    }
    if (!hadEnded && isEnded(run.state)) this.noteEnd(live, run);
    runs.settle(live, run);
  }

  /** A fact of a run that is not driven here. A cancel of a run that was left alone changes the lists all the same. */
  private passOver({ tenant_id, run_id, fact }: Entry): boolean {
    this.ignored++;
    if (!this.drivesAll && fact.type !== 'run.ended') this.strays.set(run_id, { tenant_id, run_id });
    return true;
  }

  async applyAfterLoading(entry: Entry): Promise<void> {
    const { stopping } = this.deps;
    try {
      await stopping.unlessStopped(this.loadAndApply(entry));
    } catch (error) {
      if (!stopping.isStopped) this.giveUpAt(entry, error);
    }
  }

  /** Brings a run back as it was before the entry, so that the entry's effects are performed. */
  private async loadAndApply(entry: Entry): Promise<void> {
    const { runs, definitions, retry, stopping } = this.deps;
    const live = runs.find(entry.run_id);
    const { fact } = entry;
    if (live !== undefined) {
      await this.load(live, entry.position - 1);
      if (!stopping.isStopped) this.applyTo(live, entry);
    } else if (fact.type === 'run.requested') {
      const plan = await retry.pastOutages(() => definitions.plan(fact.definition));
      const isNew = !this.isLate(fact) || (await retry.pastOutages(() => this.isFirst(entry)));
      if (stopping.isStopped) return;
      if (isNew) this.start(entry, fact, plan);
      else this.ignored++;
    }
  }

  load(live: LiveRun, upto: Position): Promise<Run | null> {
    const { runs, retry } = this.deps;
    return retry.pastOutages(() => runs.load(live, upto));
  }

  private isLate(fact: RunRequested): boolean {
    return fact.at < this.at - lateRequestMs;
  }

  private async isFirst({ tenant_id, run_id, position }: Entry): Promise<boolean> {
    for await (const first of this.deps.journal.read({ tenant_id, run_id })) return first.position === position;
    return true;
  }

  /** One run that cannot be evaluated must not stop the others. Its history stays; a later version or takeover may know better. */
  private giveUpAt(entry: Entry, error: unknown): void {
    const { runs } = this.deps;
    const known = runs.find(entry.run_id);
    const live = known ?? this.newLiveRun(entry);
    if (known === undefined) runs.add(live, null);
    this.giveUp(live, error);
  }

  giveUp(live: LiveRun, error: unknown): void {
    const { log, timers, runs, watchers } = this.deps;
    const { tenant_id, run_id } = live;
    log.error({ err: error, tenant_id, run_id }, 'the run cannot go on in this process');
    timers.disarmAll(live);
    if (this.drivesAll) runs.giveUp(live);
    else runs.remove(live);
    for (const watcher of watchers.of(run_id)) watcher.failed?.(error);
  }

  private advance(live: LiveRun, run: Run, outcome: Outcome, effects: readonly Effect[]): void {
    const { watchers, performer, projection } = this.deps;
    if (outcome.events.length > 0) {
      for (const watcher of watchers.of(live.run_id)) watcher.events?.(outcome.events, run);
    }
    if (this.isLive) performer.perform(live, effects, () => this.forget(live));
    else for (const effect of effects) if (effect.kind === 'show_task') projection.noteTask(effect.task);
  }

  /** The entry that decided the end is kept, so the end is. */
  private noteEnd(live: LiveRun, run: Run): void {
    const { projection, watchers } = this.deps;
    projection.noteRun(run);
    for (const watcher of watchers.of(live.run_id)) watcher.ended?.(resultOf(run));
  }

  /** Its end stands in the journal. */
  forget(live: LiveRun): void {
    const { timers, runs, snapshots } = this.deps;
    if (live.stage === 'over') return;
    timers.disarmAll(live);
    runs.remove(live);
    snapshots.doom(live);
  }

  /** Does again what a live run still needs done. */
  async wake(live: LiveRun, upto: Position): Promise<void> {
    const { performer, stopping } = this.deps;
    if (stopping.isStopped) return;
    try {
      const run = await this.load(live, upto);
      if (run === null || run.state.is_recorded) {
        this.forget(live);
        return;
      }
      performer.perform(live, outstandingEffects(run), () => this.forget(live), true);
      if (isEnded(run.state)) this.noteEnd(live, run);
    } catch (error) {
      if (!stopping.isStopped) this.giveUp(live, error);
    }
  }

  /**
   * The state leaves memory. Its next timer is all that may make the run go on by itself: only that one stays armed. Before the loop
   * is live this is done for a run that only waits, which then need not be read again to go live.
   */
  rest(live: LiveRun, run: Run): void {
    const { timers } = this.deps;
    if (!this.isLive) live.isReady = onlyWaits(run);
    if (!this.isLive && !live.isReady) return;
    const next = nextTimer(run);
    timers.disarmAll(live, next?.timer);
    if (next !== null) timers.arm(live, next.timer, next.due_at);
  }

  /** The state is in memory again. */
  goOn(live: LiveRun, run: Run): void {
    if (!this.isLive) return;
    for (const [timer, { due_at }] of run.state.timers) this.deps.timers.arm(live, timer, due_at);
  }

  /** It does not only wait after all. */
  private rouse(live: LiveRun): void {
    if (!live.isReady) return;
    live.isReady = false;
    this.deps.timers.disarmAll(live);
  }
}

/** What a copied entry set off was done by the run it was copied from; what is left at the last one is for the fork to do. */
function effectsOfCopy(live: LiveRun, run: Run): readonly Effect[] {
  live.copiedLeft--;
  return live.copiedLeft === 0 ? outstandingEffects(run) : [];
}

/** For time, for signals, for people: nothing must be done that may not have been done. */
function onlyWaits(run: Run): boolean {
  return outstandingEffects(run).every(({ kind }) => kind === 'arm_timer' || kind === 'show_task');
}

function nextTimer(run: Run): { readonly timer: string; readonly due_at: number } | null {
  let next: { readonly timer: string; readonly due_at: number } | null = null;
  for (const [timer, { due_at }] of run.state.timers)
    if (next === null || due_at < next.due_at) next = { timer, due_at };
  return next;
}

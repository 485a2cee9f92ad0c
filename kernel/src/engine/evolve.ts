/**
 * Purpose: the engine. One entry of a run's history goes in; the run's state changes, and events and effects come out.
 * Owns: which fact means what. Does not own: time, ids, randomness, I/O: all of that is in the facts or derived from them.
 * Invariants:
 *   V1 The same history gives the same state, events and effects, on every machine, for ever.
 *   V2 A fact that means nothing here (late, repeated, unknown, after the end) changes nothing but `at`.
 *   V3 `evolve` is total: whatever a fact holds, it returns. A throw is a bug of the engine; the caller drops the state and rebuilds it.
 */
import {
  caps,
  errorInfo,
  type Fact,
  type RunEvent,
  type RunKey,
  type RunRequested,
  type SignalReceived,
  splitStepKey,
} from '@llmteam/contracts';
import { addUsage, dispatch, onMemoized, onReported, onStarted, onStepTimer, startAttempt } from './attempts.js';
import { isLive } from './cancel.js';
import { matches, onAnswered, onClaimed, react, startControl } from './controls.js';
import type { Effect } from './effects.js';
import { endRun, finishRun } from './ending.js';
import { rootRegion } from './graph.js';
import type { Plan } from './plan.js';
import {
  endInFailure,
  hold,
  limitError,
  locate,
  makeReady,
  ownerOf,
  RunFailed,
  returnedValue,
  skipStep,
} from './scheduling.js';
import { isEnded, newRunState, type Run, type RunState, type ScopeState } from './state.js';
import { arm } from './timers.js';
import { isOpen, type StepInstance, type Todo, Turn } from './turn.js';

/** Semantic version of the engine's behaviour; recorded histories of every released version must replay. */
export const engineVersion = '0.1.0';

export interface Outcome {
  readonly effects: readonly Effect[];
  /** Empty unless events were asked for. */
  readonly events: readonly RunEvent[];
}

export interface EvolveOptions {
  /** Make the events; otherwise they are only counted. */
  readonly events: boolean;
}

const countedOnly: EvolveOptions = { events: false };

/** The first entry of a history. */
export function startRun(
  plan: Plan,
  key: RunKey,
  request: RunRequested,
  options: EvolveOptions = countedOnly,
): { run: Run; outcome: Outcome } {
  const run: Run = { state: newRunState(key, request), plan };
  const turn = new Turn(run, request.at, options.events ? [] : null);
  const root = rootScope(plan);
  run.state.scopes.set(root.path, root);
  turn.emitRun('segment.started', {
    segment_name: plan.segment.name,
    parent_run_id: request.parent?.run_id ?? null,
  });
  if (run.state.deadline_at !== null) {
    arm(turn, 'run:timeout', { due_at: run.state.deadline_at, kind: 'run', step: '', name: '' });
  }
  takeTurn(turn, () => begin(turn, root, request));
  return { run, outcome: outcomeOf(turn) };
}

function rootScope(plan: Plan): ScopeState {
  const undecided = plan.regions.get(rootRegion)?.length ?? 0;
  return { path: '', owner: null, index: 0, item: null, steps: new Map(), undecided, next: [], event: 1 };
}

/** Steps that nothing leads to are skipped at once, so that joins behind them do not wait. */
function begin(turn: Turn, root: ScopeState, request: RunRequested): void {
  const { plan } = turn;
  const first = locate(root, plan.entrypoint);
  first.state.arrivals.push({ edge: 0, port: 'input', value: request.input });
  makeReady(turn, first, turn.run.seq);
  if (plan.entrypoint.isEager) {
    const arrival = { kind: 'input_arrived', port: 'input', value: request.input, edge: 0 } as const;
    turn.todo.push({ what: 'react', instance: first, occurrence: arrival });
    turn.todo.push({ what: 'react', instance: first, occurrence: { kind: 'inputs_closed' } });
  }
  for (const step of plan.regions.get(rootRegion) ?? []) {
    if (step.incoming.length === 0 && step !== plan.entrypoint) {
      turn.todo.push({ what: 'skip', instance: locate(root, step), cause: turn.run.seq });
    }
  }
}

/** Every further entry. Changes `run.state` in place. */
export function evolve(run: Run, fact: Fact, options: EvolveOptions = countedOnly): Outcome {
  const turn = new Turn(run, Math.max(run.state.at, fact.at), options.events ? [] : null);
  if (isEnded(run.state)) {
    if (fact.type === 'run.ended') run.state.is_recorded = true;
    if (fact.type === 'child.ended') run.state.cancelled_children.delete(fact.child_run_id);
    return outcomeOf(turn);
  }
  takeTurn(turn, () => applyFact(turn, fact));
  return outcomeOf(turn);
}

function outcomeOf(turn: Turn): Outcome {
  return { effects: turn.effects, events: turn.events ?? [] };
}

function takeTurn(turn: Turn, work: () => void): void {
  try {
    work();
    drain(turn);
  } catch (thrown) {
    if (!(thrown instanceof RunFailed)) throw thrown;
    turn.todo.length = 0;
    endRun(turn, 'failed', turn.run.error);
  }
}

function applyFact(turn: Turn, fact: Fact): void {
  switch (fact.type) {
    case 'run.controlled':
      return onControlled(turn, fact.action, fact.reason ?? null);
    case 'step.started':
      return withStep(turn, fact.step, (instance) => onStarted(turn, instance, fact));
    case 'step.reported':
      return withStep(turn, fact.step, (instance) => onReported(turn, instance, fact));
    case 'step.memoized':
      return withStep(turn, fact.step, (instance) => onMemoized(instance, fact));
    case 'timer.fired':
      return onTimer(turn, fact.timer);
    case 'signal.received':
      return onSignal(turn, fact);
    case 'task.claimed':
      return withStep(turn, fact.step, (instance) => onClaimed(turn, instance, fact.by));
    case 'task.answered':
      return withStep(turn, fact.step, (instance) => onAnswered(turn, instance, fact.answer));
    case 'child.ended': {
      turn.run.cancelled_children.delete(fact.child_run_id);
      if (turn.run.children.get(fact.step) !== fact.child_run_id) return;
      turn.run.children.delete(fact.step);
      addUsage(turn.run, fact.usage);
      const { status, output, error } = fact;
      return withStep(turn, fact.step, (instance) =>
        react(turn, instance, { kind: 'child_ended', status, output, error }),
      );
    }
    case 'run.requested':
    case 'run.ended':
      return;
  }
}

/** The step occurrence of a key, if it lives. */
export function findStep(run: RunState, plan: Plan, key: string): StepInstance | null {
  const { scope: path, step_id } = splitStepKey(key);
  const scope = run.scopes.get(path);
  const step = plan.byId.get(step_id);
  const state = scope?.steps.get(step_id);
  return scope === undefined || step === undefined || state === undefined ? null : { scope, step, state };
}

function withStep(turn: Turn, key: string, work: (instance: StepInstance) => void): void {
  const instance = findStep(turn.run, turn.plan, key);
  if (instance !== null) work(instance);
}

function onControlled(turn: Turn, action: 'cancel' | 'pause' | 'resume', reason: string | null): void {
  const { run } = turn;
  if (action === 'cancel') {
    endRun(turn, 'cancelled', errorInfo('CANCELLED', reason ?? 'the run was cancelled'));
  } else if (action === 'pause' && run.status === 'running') {
    run.status = 'paused';
    turn.emitRun('segment.paused', { reason });
    controlChildren(turn, 'pause');
  } else if (action === 'resume' && run.status === 'paused') {
    run.status = 'running';
    turn.emitRun('segment.resumed', { reason });
    releaseHeldControls(turn);
    controlChildren(turn, 'resume');
  }
}

function controlChildren(turn: Turn, action: 'pause' | 'resume'): void {
  const told = { action, seq: turn.run.seq, at: turn.now } as const;
  turn.run.told_children = told;
  for (const runId of turn.run.children.values()) turn.effects.push({ kind: 'control_child', run_id: runId, ...told });
}

function onTimer(turn: Turn, id: string): void {
  const timer = turn.run.timers.get(id);
  if (timer === undefined) return;
  turn.run.timers.delete(id);
  if (timer.kind === 'run') {
    const { timeout_seconds } = turn.run.request;
    endRun(turn, 'timeout', errorInfo('RUN_TIMEOUT', `the run took longer than ${timeout_seconds} s`));
    return;
  }
  withStep(turn, timer.step, (instance) => {
    if (!isOpen(instance)) return;
    if (timer.kind === 'control') {
      instance.state.control?.timers.delete(timer.name);
      react(turn, instance, { kind: 'timer_fired', name: timer.name });
    } else if (timer.kind !== 'run') {
      onStepTimer(turn, instance, timer.kind);
    }
  });
}

/** A signal goes to the oldest wait it matches, or is kept for one that comes later. */
function onSignal(turn: Turn, fact: SignalReceived): void {
  const { run } = turn;
  const signal = { name: fact.name, correlation: fact.correlation ?? null, payload: fact.payload };
  const place = run.waits.findIndex((wait) => matches(signal, wait.name, wait.correlation));
  const wait = run.waits[place];
  if (wait === undefined) {
    if (run.signals.length < caps.buffered_signals_per_run) run.signals.push(signal);
    return;
  }
  run.waits.splice(place, 1);
  const occurrence = { kind: 'signal_received', name: signal.name, payload: signal.payload } as const;
  withStep(turn, wait.step, (instance) => react(turn, instance, occurrence));
}

/** Does what is to do, oldest first, until nothing is left and no held step finds room. */
function drain(turn: Turn): void {
  for (;;) {
    for (let next = 0; next < turn.todo.length; next++) {
      const todo = turn.todo[next] as Todo;
      if (isLive(turn, todo.what === 'finish_scope' ? todo.scope : todo.instance.scope)) workOff(turn, todo);
      enforceEventCap(turn);
    }
    turn.todo.length = 0;
    if (isEnded(turn.run)) return;
    enforceEventCap(turn);
    if (!releaseHeld(turn)) return;
  }
}

/** Skipped steps make events and no executions, so one entry alone may bring more of them than a run may have. */
function enforceEventCap(turn: Turn): void {
  if (turn.run.seq <= caps.events_per_run || isEnded(turn.run)) return;
  endInFailure(turn, limitError(`the run has more than ${caps.events_per_run} events`));
}

function workOff(turn: Turn, todo: Todo): void {
  switch (todo.what) {
    case 'run':
      if (isOpen(todo.instance)) runStep(turn, todo.instance, todo.cause);
      return;
    case 'skip':
      skipStep(turn, todo.instance, todo.cause);
      return;
    case 'react':
      react(turn, todo.instance, todo.occurrence);
      return;
    case 'finish_scope':
      finishScope(turn, todo.scope);
  }
}

function runStep(turn: Turn, instance: StepInstance, cause: number): void {
  if (instance.step.type.control === null) startAttempt(turn, instance, cause);
  else if (turn.run.status === 'paused' && !instance.step.isEager) hold(turn, instance, cause);
  else startControl(turn, instance, cause);
}

/** Held task steps go on, oldest first, while there is room and the run is not paused. True if something was put to do. */
function releaseHeld(turn: Turn): boolean {
  const { run, plan } = turn;
  if (run.status === 'paused') return false;
  let released = 0;
  while (released < run.held.length && run.in_flight < plan.max_parallel) {
    const instance = findHeld(turn, run.held[released++] as string);
    if (instance !== null) dispatch(turn, instance, instance.state.event);
  }
  run.held.splice(0, released);
  return turn.todo.length > 0;
}

function releaseHeldControls(turn: Turn): void {
  for (const key of turn.run.held_controls.splice(0)) {
    const instance = findHeld(turn, key);
    if (instance !== null) turn.todo.push({ what: 'run', instance, cause: instance.state.event });
  }
}

function findHeld(turn: Turn, key: string): StepInstance | null {
  const instance = findStep(turn.run, turn.plan, key);
  return instance !== null && isOpen(instance) && instance.state.held ? instance : null;
}

/** A scope whose steps are all decided has run dry. */
function finishScope(turn: Turn, scope: ScopeState): void {
  const owner = ownerOf(turn, scope);
  if (owner === null) {
    finishRun(turn);
    return;
  }
  const value = returnedValue(scope);
  owner.state.control?.scopes.delete(scope.path);
  turn.run.scopes.delete(scope.path);
  react(turn, owner, { kind: 'scope_completed', index: scope.index, value });
}

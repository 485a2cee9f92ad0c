/**
 * Purpose: the engine: applies one history entry to a run's state and returns the resulting events and effects.
 * Owns: the meaning of each fact. Does not own: time, ids, randomness or I/O; those are in the facts or derived from them.
 * Invariants:
 *   V1 The same history yields the same state, events and effects, on every machine, forever.
 *   V2 A fact that does not apply (late, repeated, unknown, after the end) changes nothing but `at`.
 *   V3 `evolve` is total: it returns for any fact. A throw is an engine bug; the caller discards the state and rebuilds it.
 */
import {
  caps,
  type EventType,
  errorInfo,
  type Fact,
  type Occurrence,
  type RunControlled,
  type RunEvent,
  type RunKey,
  type RunRequested,
  type SignalReceived,
} from '@llmteam/contracts';
import {
  addUsage,
  dispatch,
  hasRoom,
  onMemoized,
  onReported,
  onStarted,
  onStepTimer,
  startAttempt,
} from './attempts.js';
import { isLive } from './cancel.js';
import { matches, onAnswered, onClaimed, onControlStepTimer, onUnclaimed, react, startControl } from './controls.js';
import type { Effect } from './effects.js';
import { endRun, finishRun } from './ending.js';
import { findStep } from './find-step.js';
import { rootRegion } from './graph.js';
import type { Plan } from './plan.js';
import {
  arriveEagerly,
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
import { isEnded, newRunState, type Run, type RunState, type ScopeState, type SignalState } from './state.js';
import { arm, restartClocks, runTimer, stopClocks } from './timers.js';
import { isOpen, type StepInstance, type Todo, Turn } from './turn.js';

/** Semantic version of the engine's behaviour. Histories recorded by any released version must replay. */
export const engineVersion = '0.2.0';

export interface Outcome {
  readonly effects: readonly Effect[];
  /** Empty unless `EvolveOptions.events` is set. */
  readonly events: readonly RunEvent[];
}

export interface EvolveOptions {
  /** Whether to build the events, or of which types; others are only counted. */
  readonly events: boolean | ReadonlySet<EventType>;
  readonly onDecided?: Turn['onDecided'];
}

const countedOnly: EvolveOptions = { events: false };

/** Applies the first entry of a history. */
export function startRun(
  plan: Plan,
  key: RunKey,
  request: RunRequested,
  options: EvolveOptions = countedOnly,
): { run: Run; outcome: Outcome } {
  const run: Run = { state: newRunState(key, request), plan };
  const turn = newTurn(run, request.at, options);
  const root = rootScope(plan);
  run.state.scopes.set(root.path, root);
  turn.emitRun('segment.started', {
    segment_name: plan.segment.name,
    parent_run_id: request.parent?.run_id ?? null,
  });
  if (run.state.deadline_at !== null) {
    arm(turn, runTimer, { due_at: run.state.deadline_at, kind: 'run', step: '', name: '' });
  }
  takeTurn(turn, () => begin(turn, root, request));
  return { run, outcome: outcomeOf(turn) };
}

function rootScope(plan: Plan): ScopeState {
  const undecided = plan.regions.get(rootRegion)?.length ?? 0;
  return { path: '', owner: null, index: 0, item: null, steps: new Map(), undecided, next: [], event: 1 };
}

/** Makes the entrypoint ready and skips other steps without incoming edges at once, so joins after them do not wait. */
function begin(turn: Turn, root: ScopeState, request: RunRequested): void {
  const { plan } = turn;
  const first = locate(root, plan.entrypoint);
  if (!plan.entrypoint.isEager) first.state.arrivals.push({ edge: 0, port: 'input', value: request.input });
  makeReady(turn, first, turn.run.seq);
  if (plan.entrypoint.isEager) {
    arriveEagerly(turn, first, 0, 'input', request.input);
    turn.todo.push({ what: 'react', instance: first, occurrence: { kind: 'inputs_closed' } });
  }
  for (const step of plan.regions.get(rootRegion) ?? []) {
    if (step.incoming.length === 0 && step !== plan.entrypoint) {
      turn.todo.push({ what: 'skip', instance: locate(root, step), cause: turn.run.seq });
    }
  }
}

/** Applies every entry after the first. Mutates `run.state`. */
export function evolve(run: Run, fact: Fact, options: EvolveOptions = countedOnly): Outcome {
  const turn = newTurn(run, Math.max(run.state.at, fact.at), options);
  if (isEnded(run.state)) {
    if (fact.type === 'run.ended') run.state.is_recorded = true;
    if (fact.type === 'child.ended') run.state.cancelled_children.delete(fact.child_run_id);
    return outcomeOf(turn);
  }
  takeTurn(turn, () => applyFact(turn, fact));
  return outcomeOf(turn);
}

function newTurn(run: Run, now: number, { events, onDecided = null }: EvolveOptions): Turn {
  return new Turn(run, now, events === false ? null : [], typeof events === 'boolean' ? null : events, onDecided);
}

function outcomeOf(turn: Turn): Outcome {
  return { effects: turn.effects, events: turn.events ?? [] };
}

function takeTurn(turn: Turn, work: () => void): void {
  const { left } = turn.work;
  try {
    work();
    drain(turn);
  } catch (thrown) {
    if (!(thrown instanceof RunFailed)) throw thrown;
    turn.todo.length = 0;
    endRun(turn, 'failed', turn.run.error);
  }
  countWork(turn, left - turn.work.left);
}

/** An `error` edge may have caught the failure of the expression that went beyond the limit, but the run cannot go on. */
function countWork(turn: Turn, units: number): void {
  const { run } = turn;
  run.expression_units += units;
  if (run.expression_units <= caps.expression_units_per_run || isEnded(run)) return;
  const limit = `${caps.expression_units_per_run} units of work (cap expression_units_per_run)`;
  endRun(turn, 'failed', limitError(`the expressions of the run did more than ${limit}`));
}

function applyFact(turn: Turn, fact: Fact): void {
  switch (fact.type) {
    case 'run.controlled':
      return onControlled(turn, fact);
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
    case 'task.unclaimed':
      return withStep(turn, fact.step, (instance) => onUnclaimed(turn, instance, fact.by));
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

function withStep(turn: Turn, key: string, work: (instance: StepInstance) => void): void {
  const instance = findStep(turn.run, turn.plan, key);
  if (instance !== null) work(instance);
}

function onControlled(turn: Turn, { action, by, ...given }: RunControlled): void {
  const { run } = turn;
  const reason = given.reason ?? null;
  const payload = { reason, ...(by !== undefined && { by }) };
  if (action === 'cancel') {
    endRun(turn, 'cancelled', errorInfo('CANCELLED', reason ?? 'the run was cancelled'));
  } else if (action === 'pause' && run.status === 'running') {
    run.status = 'paused';
    stopClocks(turn);
    turn.emitRun('segment.paused', payload);
    controlChildren(turn, 'pause');
  } else if (action === 'resume' && run.status === 'paused') {
    run.status = 'running';
    turn.emitRun('segment.resumed', payload);
    restartClocks(turn);
    releaseHeldControls(turn);
    controlChildren(turn, 'resume');
  }
}

function controlChildren(turn: Turn, action: 'pause' | 'resume'): void {
  const request = { action, seq: turn.run.seq, at: turn.now } as const;
  turn.run.told_children = request;
  for (const runId of turn.run.children.values()) {
    turn.effects.push({ kind: 'control_child', run_id: runId, ...request });
  }
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
      instance.state.timer = null;
      if (instance.step.type.control === null) onStepTimer(turn, instance, timer.kind);
      else onControlStepTimer(turn, instance, timer.kind);
    }
  });
}

/** Delivers a signal to the oldest matching wait, or buffers it for a later one. */
function onSignal(turn: Turn, fact: SignalReceived): void {
  const { run } = turn;
  const { name, correlation = null, payload } = fact;
  const index = run.waits.findIndex((wait) => matches({ name, correlation }, wait.name, wait.correlation));
  const wait = run.waits[index];
  if (wait === undefined) {
    keepSignal(run, { name, correlation, payload, bytes: JSON.stringify(payload).length });
    return;
  }
  run.waits.splice(index, 1);
  const occurrence = { kind: 'signal_received', name, payload } as const;
  withStep(turn, wait.step, (instance) => react(turn, instance, occurrence));
}

/**
 * Senders are refused beyond the caps (twice the caps, for a signal that is waited for) before anything is appended, but several processes may
 * accept signals at the same time. So there is room for three times as many; what exceeds even that was sent by somebody who evades the checks.
 */
function keepSignal(run: RunState, signal: SignalState): void {
  const bytes = run.signals.reduce((sum, kept) => sum + kept.bytes, signal.bytes);
  if (run.signals.length >= 3 * caps.buffered_signals_per_run || bytes > 3 * caps.buffered_signal_bytes) return;
  run.signals.push(signal);
}

/** Works through the todo list, oldest first, until it is empty and no held step can be released. */
function drain(turn: Turn): void {
  for (;;) {
    for (let next = 0; next < turn.todo.length; next++) {
      const todo = turn.todo[next] as Todo;
      if (isLive(turn, todo.what === 'finish_scope' ? todo.scope : todo.instance.scope)) perform(turn, todo);
      enforceEventCap(turn);
    }
    turn.todo.length = 0;
    if (isEnded(turn.run)) return;
    enforceEventCap(turn);
    if (!releaseHeld(turn)) return;
  }
}

/** Skipped steps emit events without counting as executions, so a single entry could exceed the event cap. */
function enforceEventCap(turn: Turn): void {
  if (turn.run.seq <= caps.events_per_run || isEnded(turn.run)) return;
  endInFailure(turn, limitError(`the run has more than ${caps.events_per_run} events`));
}

function perform(turn: Turn, todo: Todo): void {
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

/**
 * Dispatches held task steps, oldest first, while slots are free and the run is not paused. Returns true if that added
 * to the todo list.
 */
function releaseHeld(turn: Turn): boolean {
  const { run } = turn;
  if (run.status === 'paused') return false;
  let released = 0;
  while (released < run.held.length && hasRoom(turn)) {
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

/** Completes a scope whose steps are all decided; for the root scope, the run. */
function finishScope(turn: Turn, scope: ScopeState): void {
  const owner = ownerOf(turn, scope);
  if (owner === null) {
    finishRun(turn);
    return;
  }
  const occurrence = completion(owner, scope);
  owner.state.control?.scopes.delete(scope.path);
  turn.run.scopes.delete(scope.path);
  react(turn, owner, occurrence);
}

function completion({ step }: StepInstance, scope: ScopeState): Occurrence {
  const { index } = scope;
  const [stepId, state] = step.inner.size === 0 ? [] : ([...scope.steps][0] ?? []);
  if (stepId === undefined) return { kind: 'scope_completed', index, value: returnedValue(scope) };
  return { kind: 'step_completed', index, step_id: stepId, ports: state?.outputs ?? {} };
}

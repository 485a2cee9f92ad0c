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
  error_info,
  type Fact,
  type RunEvent,
  type RunKey,
  type RunRequested,
  type SignalReceived,
  split_step_key,
} from '@llmteam/contracts';
import { add_usage, dispatch, on_memoized, on_reported, on_started, on_step_timer, start_attempt } from './attempts.js';
import { is_live } from './cancel.js';
import { matches, on_answered, on_claimed, react, start_control } from './controls.js';
import type { Effect } from './effects.js';
import { end_run, finish_run } from './ending.js';
import { root_region } from './graph.js';
import type { Plan } from './plan.js';
import {
  end_in_failure,
  hold,
  limit_error,
  locate,
  make_ready,
  owner_of,
  RunFailed,
  returned_value,
  skip_step,
} from './scheduling.js';
import { is_ended, new_run_state, type Run, type RunState, type ScopeState } from './state.js';
import { arm } from './timers.js';
import { type At, is_open, type Todo, Turn } from './turn.js';

/** Semantic version of the engine's behaviour; recorded histories of every released version must replay. */
export const engine_version = '0.1.0';

export interface Outcome {
  readonly effects: readonly Effect[];
  /** Empty unless events were asked for. */
  readonly events: readonly RunEvent[];
}

export interface EvolveOptions {
  /** Make the events; otherwise they are only counted. */
  readonly events: boolean;
}

const counted_only: EvolveOptions = { events: false };

/** The first entry of a history. */
export function start_run(
  plan: Plan,
  key: RunKey,
  request: RunRequested,
  options: EvolveOptions = counted_only,
): { run: Run; outcome: Outcome } {
  const run: Run = { state: new_run_state(key, request), plan };
  const turn = new Turn(run, request.at, options.events ? [] : null);
  const root = root_scope(plan);
  run.state.scopes.set(root.path, root);
  turn.emit_run('segment.started', {
    payload: { segment_name: plan.segment.name, parent_run_id: request.parent?.run_id ?? null },
  });
  if (run.state.deadline_at !== null) {
    arm(turn, 'run:timeout', { due_at: run.state.deadline_at, kind: 'run', step: '', name: '' });
  }
  take_turn(turn, () => begin(turn, root, request));
  return { run, outcome: outcome_of(turn) };
}

function root_scope(plan: Plan): ScopeState {
  const undecided = plan.regions.get(root_region)?.length ?? 0;
  return { path: '', owner: null, index: 0, item: null, steps: new Map(), undecided, next: [], event: 1 };
}

/** Steps that nothing leads to are skipped at once, so that joins behind them do not wait. */
function begin(turn: Turn, root: ScopeState, request: RunRequested): void {
  const { plan } = turn;
  const first = locate(root, plan.entrypoint);
  first.state.arrivals.push({ edge: 0, port: 'input', value: request.input });
  make_ready(turn, first, turn.run.seq);
  if (plan.entrypoint.is_eager) {
    const arrival = { kind: 'input_arrived', port: 'input', value: request.input, edge: 0 } as const;
    turn.todo.push({ what: 'react', at: first, occurrence: arrival });
    turn.todo.push({ what: 'react', at: first, occurrence: { kind: 'inputs_closed' } });
  }
  for (const step of plan.regions.get(root_region) ?? []) {
    if (step.incoming.length === 0 && step !== plan.entrypoint) {
      turn.todo.push({ what: 'skip', at: locate(root, step), cause: turn.run.seq });
    }
  }
}

/** Every further entry. Changes `run.state` in place. */
export function evolve(run: Run, fact: Fact, options: EvolveOptions = counted_only): Outcome {
  const turn = new Turn(run, Math.max(run.state.at, fact.at), options.events ? [] : null);
  if (is_ended(run.state)) {
    if (fact.type === 'run.ended') run.state.is_recorded = true;
    if (fact.type === 'child.ended') run.state.cancelled_children.delete(fact.child_run_id);
    return outcome_of(turn);
  }
  take_turn(turn, () => apply_fact(turn, fact));
  return outcome_of(turn);
}

function outcome_of(turn: Turn): Outcome {
  return { effects: turn.effects, events: turn.events ?? [] };
}

function take_turn(turn: Turn, work: () => void): void {
  try {
    work();
    drain(turn);
  } catch (thrown) {
    if (!(thrown instanceof RunFailed)) throw thrown;
    turn.todo.length = 0;
    end_run(turn, 'failed', turn.run.error);
  }
}

function apply_fact(turn: Turn, fact: Fact): void {
  switch (fact.type) {
    case 'run.controlled':
      return on_controlled(turn, fact.action, fact.reason ?? null);
    case 'step.started':
      return with_step(turn, fact.step, (at) => on_started(turn, at, fact));
    case 'step.reported':
      return with_step(turn, fact.step, (at) => on_reported(turn, at, fact));
    case 'step.memoized':
      return with_step(turn, fact.step, (at) => on_memoized(at, fact));
    case 'timer.fired':
      return on_timer(turn, fact.timer);
    case 'signal.received':
      return on_signal(turn, fact);
    case 'task.claimed':
      return with_step(turn, fact.step, (at) => on_claimed(turn, at, fact.by));
    case 'task.answered':
      return with_step(turn, fact.step, (at) => on_answered(turn, at, fact.answer));
    case 'child.ended': {
      turn.run.cancelled_children.delete(fact.child_run_id);
      if (turn.run.children.get(fact.step) !== fact.child_run_id) return;
      turn.run.children.delete(fact.step);
      add_usage(turn.run, fact.usage);
      const { status, output, error } = fact;
      return with_step(turn, fact.step, (at) => react(turn, at, { kind: 'child_ended', status, output, error }));
    }
    case 'run.requested':
    case 'run.ended':
      return;
  }
}

/** The step occurrence of a key, if it lives. */
export function find_step(run: RunState, plan: Plan, key: string): At | null {
  const { scope: path, step_id } = split_step_key(key);
  const scope = run.scopes.get(path);
  const step = plan.by_id.get(step_id);
  const state = scope?.steps.get(step_id);
  return scope === undefined || step === undefined || state === undefined ? null : { scope, step, state };
}

function with_step(turn: Turn, key: string, work: (at: At) => void): void {
  const at = find_step(turn.run, turn.plan, key);
  if (at !== null) work(at);
}

function on_controlled(turn: Turn, action: 'cancel' | 'pause' | 'resume', reason: string | null): void {
  const { run } = turn;
  if (action === 'cancel') {
    end_run(turn, 'cancelled', error_info('CANCELLED', reason ?? 'the run was cancelled'));
  } else if (action === 'pause' && run.status === 'running') {
    run.status = 'paused';
    turn.emit_run('segment.paused', { payload: { reason } });
    control_children(turn, 'pause');
  } else if (action === 'resume' && run.status === 'paused') {
    run.status = 'running';
    turn.emit_run('segment.resumed', { payload: { reason } });
    release_held_controls(turn);
    control_children(turn, 'resume');
  }
}

function control_children(turn: Turn, action: 'pause' | 'resume'): void {
  const told = { action, seq: turn.run.seq, at: turn.now } as const;
  turn.run.told_children = told;
  for (const run_id of turn.run.children.values()) turn.effects.push({ kind: 'control_child', run_id, ...told });
}

function on_timer(turn: Turn, id: string): void {
  const timer = turn.run.timers.get(id);
  if (timer === undefined) return;
  turn.run.timers.delete(id);
  if (timer.kind === 'run') {
    const { timeout_seconds } = turn.run.request;
    end_run(turn, 'timeout', error_info('RUN_TIMEOUT', `the run took longer than ${timeout_seconds} s`));
    return;
  }
  with_step(turn, timer.step, (at) => {
    if (!is_open(at)) return;
    if (timer.kind === 'control') {
      at.state.control?.timers.delete(timer.name);
      react(turn, at, { kind: 'timer_fired', name: timer.name });
    } else if (timer.kind !== 'run') {
      on_step_timer(turn, at, timer.kind);
    }
  });
}

/** A signal goes to the oldest wait it matches, or is kept for one that comes later. */
function on_signal(turn: Turn, fact: SignalReceived): void {
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
  with_step(turn, wait.step, (at) => react(turn, at, occurrence));
}

/** Does what is to do, oldest first, until nothing is left and no held step finds room. */
function drain(turn: Turn): void {
  for (;;) {
    for (let next = 0; next < turn.todo.length; next++) {
      const todo = turn.todo[next] as Todo;
      if (is_live(turn, todo.what === 'finish_scope' ? todo.scope : todo.at.scope)) work_off(turn, todo);
      enforce_event_cap(turn);
    }
    turn.todo.length = 0;
    if (is_ended(turn.run)) return;
    enforce_event_cap(turn);
    if (!release_held(turn)) return;
  }
}

/** Skipped steps make events and no executions, so one entry alone may bring more of them than a run may have. */
function enforce_event_cap(turn: Turn): void {
  if (turn.run.seq <= caps.events_per_run || is_ended(turn.run)) return;
  end_in_failure(turn, limit_error(`the run has more than ${caps.events_per_run} events`));
}

function work_off(turn: Turn, todo: Todo): void {
  switch (todo.what) {
    case 'run':
      if (is_open(todo.at)) run_step(turn, todo.at, todo.cause);
      return;
    case 'skip':
      skip_step(turn, todo.at, todo.cause);
      return;
    case 'react':
      react(turn, todo.at, todo.occurrence);
      return;
    case 'finish_scope':
      finish_scope(turn, todo.scope);
  }
}

function run_step(turn: Turn, at: At, cause: number): void {
  if (at.step.type.control === null) start_attempt(turn, at, cause);
  else if (turn.run.status === 'paused' && !at.step.is_eager) hold(turn, at, cause);
  else start_control(turn, at, cause);
}

/** Held task steps go on, oldest first, while there is room and the run is not paused. True if something was put to do. */
function release_held(turn: Turn): boolean {
  const { run, plan } = turn;
  if (run.status === 'paused') return false;
  let released = 0;
  while (released < run.held.length && run.in_flight < plan.max_parallel) {
    const at = find_held(turn, run.held[released++] as string);
    if (at !== null) dispatch(turn, at, at.state.event);
  }
  run.held.splice(0, released);
  return turn.todo.length > 0;
}

function release_held_controls(turn: Turn): void {
  for (const key of turn.run.held_controls.splice(0)) {
    const at = find_held(turn, key);
    if (at !== null) turn.todo.push({ what: 'run', at, cause: at.state.event });
  }
}

function find_held(turn: Turn, key: string): At | null {
  const at = find_step(turn.run, turn.plan, key);
  return at !== null && is_open(at) && at.state.held ? at : null;
}

/** A scope whose steps are all decided has run dry. */
function finish_scope(turn: Turn, scope: ScopeState): void {
  const owner = owner_of(turn, scope);
  if (owner === null) {
    finish_run(turn);
    return;
  }
  const value = returned_value(scope);
  owner.state.control?.scopes.delete(scope.path);
  turn.run.scopes.delete(scope.path);
  react(turn, owner, { kind: 'scope_completed', index: scope.index, value });
}

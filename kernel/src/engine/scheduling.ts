/**
 * Purpose: tokens and ports: what becomes ready, what is skipped, what follows a decided step.
 * Owns: laws 2, 3, 4 and 11 of "How a segment runs". Does not own: what running a step means (dispatch, controls).
 */
import {
  caps,
  type ErrorInfo,
  errorInfo,
  type FiredPorts,
  isLlmteamError,
  type Json,
  LlmteamError,
  stepKey,
  toErrorInfo,
} from '@llmteam/contracts';
import { closeScope } from './cancel.js';
import type { EdgePlan, StepPlan } from './plan.js';
import { newStepState, type ScopeState } from './state.js';
import { decide, isOpen, type StepInstance, type Turn } from './turn.js';
import { scopeVariables } from './variables.js';

/** The step's state in a scope, made when first asked for. */
export function locate(scope: ScopeState, step: StepPlan): StepInstance {
  let state = scope.steps.get(step.step_id);
  if (state === undefined) {
    state = newStepState(step.incoming.length);
    scope.steps.set(step.step_id, state);
  }
  return { scope, step, state };
}

/** A ready step runs now, or is held back by a pause. */
export function makeReady(turn: Turn, instance: StepInstance, cause: number): void {
  instance.state.since = turn.now;
  if (++turn.run.executions > caps.step_executions_per_run) {
    endInFailure(turn, limitError(`the run executed more than ${caps.step_executions_per_run} steps`));
  }
  turn.todo.push({ what: 'run', instance, cause });
}

/** Keeps a ready step until the run is resumed or a place in flight is free. */
export function hold(turn: Turn, instance: StepInstance, cause: number): void {
  instance.state.held = true;
  instance.state.event = cause;
  const { held, held_controls } = turn.run;
  (instance.step.type.control === null ? held : held_controls).push(
    stepKey(instance.scope.path, instance.step.step_id),
  );
}

/** Tells the target of an edge that it was taken with a value, or is dead (`undefined`). */
export function deliver(turn: Turn, scope: ScopeState, edge: EdgePlan, value: Json | undefined, cause: number): void {
  if (edge.isBack) {
    if (value !== undefined) scope.next.push({ edge: edge.order, port: edge.to_port, value });
    return;
  }
  const instance = locate(scope, turn.plan.steps[edge.to] as StepPlan);
  const { state } = instance;
  if (!isOpen(instance)) return;
  state.pending--;
  // The entrypoint is ready by itself; an edge into it comes from a step that nothing leads to, and is dead.
  if (instance.step === turn.plan.entrypoint) return;
  if (instance.step.isEager) return deliverEagerly(turn, instance, edge, value, cause);
  if (value !== undefined) state.arrivals.push({ edge: edge.order, port: edge.to_port, value });
  if (state.pending > 0) return;
  if (state.arrivals.length > 0) makeReady(turn, instance, cause);
  else turn.todo.push({ what: 'skip', instance, cause });
}

/** For types that are told of every edge as it is decided. */
function deliverEagerly(
  turn: Turn,
  instance: StepInstance,
  edge: EdgePlan,
  value: Json | undefined,
  cause: number,
): void {
  const { state } = instance;
  if (value !== undefined) {
    if (state.since < 0) makeReady(turn, instance, cause);
    state.arrivals.push({ edge: edge.order, port: edge.to_port, value });
    const occurrence = { kind: 'input_arrived', port: edge.to_port, value, edge: edge.order } as const;
    turn.todo.push({ what: 'react', instance, occurrence });
  }
  if (state.pending > 0) return;
  if (state.since < 0) turn.todo.push({ what: 'skip', instance, cause });
  else turn.todo.push({ what: 'react', instance, occurrence: { kind: 'inputs_closed' } });
}

/** No edge into the step was taken. */
export function skipStep(turn: Turn, instance: StepInstance, cause: number): void {
  if (!isOpen(instance)) return;
  turn.emit('step.skipped', instance, {}, { cause, severity: 'debug' });
  decide(turn, instance, 'skipped');
  deliverDead(turn, instance, instance.step.outgoing);
}

function deliverDead(turn: Turn, instance: StepInstance, edges: readonly EdgePlan[]): void {
  for (const edge of edges) deliver(turn, instance.scope, edge, undefined, instance.state.event);
}

/** Which of a step's edges are taken, and with what. A condition that fails is an error of the step. */
function takeEdges(turn: Turn, instance: StepInstance, fired: FiredPorts): (Json | undefined)[] {
  return instance.step.outgoing.map((edge) => {
    if (!Object.hasOwn(fired, edge.from_port)) return undefined;
    const value = fired[edge.from_port] as Json;
    return holds(turn, instance.scope, edge, value) ? value : undefined;
  });
}

/** Whether an edge's condition lets a value pass. @throws LlmteamError `EXPRESSION_FAILED` */
export function holds(turn: Turn, scope: ScopeState, { condition }: EdgePlan, value: Json): boolean {
  if (condition === null) return true;
  const held = condition.evaluate({ ...scopeVariables(turn.run, scope), value });
  if (typeof held === 'boolean') return held;
  throw new LlmteamError('EXPRESSION_FAILED', `condition "${condition.source}" must give a boolean`, {
    details: { expression: condition.source, position: 0 },
  });
}

function deliverAll(turn: Turn, instance: StepInstance, taken: readonly (Json | undefined)[]): void {
  instance.state.led_on = taken.some((value) => value !== undefined);
  instance.step.outgoing.forEach((edge, place) => {
    deliver(turn, instance.scope, edge, taken[place], instance.state.event);
  });
}

/** The step fired ports: its edges are taken or dead. */
export function completeStep(turn: Turn, instance: StepInstance, fired: FiredPorts, durationMs: number): void {
  const { state } = instance;
  state.outputs = fired;
  let taken: (Json | undefined)[];
  try {
    taken = takeEdges(turn, instance, fired);
  } catch (thrown) {
    state.outputs = null;
    failStep(turn, instance, expressionError(thrown), durationMs);
    return;
  }
  turn.emit('step.completed', instance, { ports: Object.keys(fired) }, { duration_ms: durationMs });
  decide(turn, instance, 'completed');
  deliverAll(turn, instance, taken);
}

export function expressionError(thrown: unknown): ErrorInfo {
  return isLlmteamError(thrown) ? toErrorInfo(thrown) : toErrorInfo(thrown, 'PLUGIN_FAILED');
}

/** The step's last attempt failed: an `error` edge, a join, its scope's owner or the run takes the failure. */
export function failStep(turn: Turn, instance: StepInstance, error: ErrorInfo, durationMs: number): void {
  const { state } = instance;
  state.error = error;
  turn.emit('step.failed', instance, {}, { error, severity: 'error', duration_ms: durationMs });
  const fired: FiredPorts = { error };
  state.outputs = fired;
  let taken: (Json | undefined)[] = [];
  let failure = error;
  try {
    taken = takeEdges(turn, instance, fired);
  } catch (thrown) {
    failure = expressionError(thrown);
    state.error = failure;
  }
  if (taken.some((value) => value !== undefined)) {
    decide(turn, instance, 'failed');
    deliverAll(turn, instance, taken);
    return;
  }
  state.outputs = null;
  decide(turn, instance, 'failed');
  passFailureOn(turn, instance, failure);
}

function passFailureOn(turn: Turn, instance: StepInstance, error: ErrorInfo): void {
  const join = turn.plan.catchingJoin(instance.step.index);
  if (join !== null) {
    tellJoin(turn, locate(instance.scope, join), error, instance.state.event);
    deliverDead(turn, instance, instance.step.outgoing);
  } else if (instance.scope.owner !== null) {
    failScope(turn, instance.scope, error);
  } else {
    const located = { ...error, details: { ...error.details, step_id: instance.step.step_id } };
    if (turn.plan.fail_fast) endInFailure(turn, located);
    turn.run.error ??= located;
    deliverDead(turn, instance, instance.step.outgoing);
  }
}

function tellJoin(turn: Turn, instance: StepInstance, error: ErrorInfo, cause: number): void {
  if (!isOpen(instance)) return;
  if (instance.state.since < 0) makeReady(turn, instance, cause);
  turn.todo.push({ what: 'react', instance, occurrence: { kind: 'branch_failed', error } });
}

/** The failure of a scope is told to the loop step that opened it; the scope's other steps end with it. */
function failScope(turn: Turn, scope: ScopeState, error: ErrorInfo): void {
  const owner = ownerOf(turn, scope);
  if (owner === null) return;
  closeScope(turn, owner, scope);
  turn.todo.push({ what: 'react', instance: owner, occurrence: { kind: 'scope_failed', index: scope.index, error } });
}

/** The loop step's occurrence that opened a scope. */
export function ownerOf(turn: Turn, scope: ScopeState): StepInstance | null {
  if (scope.owner === null) return null;
  const around = turn.run.scopes.get(scope.owner.scope);
  const step = turn.plan.byId.get(scope.owner.step_id);
  return around === undefined || step === undefined ? null : locate(around, step);
}

/** What came back on `next`: one value, the list in edge order, or null. */
export function returnedValue(scope: ScopeState): Json {
  const [only] = scope.next;
  if (only === undefined) return null;
  if (scope.next.length === 1) return only.value;
  return [...scope.next].sort((a, b) => a.edge - b.edge).map((arrival) => arrival.value);
}

/** Thrown inside a turn once `run.error` says why the run ends; never leaves `evolve`. */
export class RunFailed extends Error {}

export function endInFailure(turn: Turn, error: ErrorInfo): never {
  turn.run.error ??= error;
  throw new RunFailed();
}

export function limitError(message: string): ErrorInfo {
  return errorInfo('LIMIT_EXCEEDED', message);
}

/**
 * Purpose: moves values along edges and decides which steps become ready, which are skipped and where a failure goes.
 * Owns: laws 2, 3, 4 and 11 of "How a segment runs". Does not own: running a step (attempts, controls).
 */
import {
  caps,
  type ErrorInfo,
  errorInfo,
  type FiredPorts,
  isLlmteamError,
  type Json,
  LlmteamError,
  type Occurrence,
  stepKey,
  toErrorInfo,
} from '@llmteam/contracts';
import { closeScope } from './cancel.js';
import { stepOfScope } from './find-step.js';
import { newStepState, type ScopeState } from './state.js';
import type { EdgePlan, StepPlan } from './step-plan.js';
import { decide, isOpen, type StepInstance, type Turn } from './turn.js';
import { inputOverrides, scopeVariables } from './variables.js';

/** The step's occurrence in a scope, created on first access. */
export function locate(scope: ScopeState, step: StepPlan): StepInstance {
  let state = scope.steps.get(step.step_id);
  if (state === undefined) {
    state = newStepState(step.incoming.length);
    scope.steps.set(step.step_id, state);
  }
  return { scope, step, state };
}

/** Queues a step whose inputs are complete; whether it runs or is held is decided when it is taken from the queue. */
export function makeReady(turn: Turn, instance: StepInstance, cause: number): void {
  instance.state.since = turn.now;
  if (++turn.run.executions > caps.step_executions_per_run) {
    endInFailure(turn, limitError(`the run executed more than ${caps.step_executions_per_run} steps`));
  }
  turn.todo.push({ what: 'run', instance, cause });
}

/** Holds a ready step until the run is resumed or a slot is free. */
export function hold(turn: Turn, instance: StepInstance, cause: number): void {
  instance.state.held = true;
  instance.state.event = cause;
  const { held, held_controls } = turn.run;
  (instance.step.type.control === null ? held : held_controls).push(
    stepKey(instance.scope.path, instance.step.step_id),
  );
}

/** Delivers a value along a taken edge, or `undefined` along a dead one. */
export function deliver(turn: Turn, scope: ScopeState, edge: EdgePlan, value: Json | undefined, cause: number): void {
  if (edge.isBack) {
    if (value !== undefined) scope.next.push({ edge: edge.order, port: edge.to_port, value });
    return;
  }
  const instance = locate(scope, turn.plan.steps[edge.to] as StepPlan);
  const { state } = instance;
  if (!isOpen(instance)) return;
  state.pending--;
  // The entrypoint is ready from the start; an edge into it can only come from an unreachable step and is dead.
  if (instance.step === turn.plan.entrypoint) return;
  if (instance.step.isEager) return deliverEagerly(turn, instance, edge, value, cause);
  if (value !== undefined) state.arrivals.push({ edge: edge.order, port: edge.to_port, value });
  if (state.pending > 0) return;
  if (state.arrivals.length > 0) makeReady(turn, instance, cause);
  else turn.todo.push({ what: 'skip', instance, cause });
}

/** For control types that are notified of every edge as it is decided. */
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
    arriveEagerly(turn, instance, edge.order, edge.to_port, value);
  }
  if (state.pending > 0) return;
  if (state.since < 0) turn.todo.push({ what: 'skip', instance, cause });
  else turn.todo.push({ what: 'react', instance, occurrence: { kind: 'inputs_closed' } });
}

/** Delivers a value to a step that is notified of each. */
export function arriveEagerly(turn: Turn, instance: StepInstance, edge: number, port: string, arrived: Json): void {
  const overrides = inputOverrides(turn.run, instance);
  const value = overrides !== null && Object.hasOwn(overrides, port) ? (overrides[port] as Json) : arrived;
  instance.state.arrivals.push({ edge, port, value });
  turn.todo.push({ what: 'react', instance, occurrence: { kind: 'input_arrived', port, value, edge } });
}

/** Skips a step into which no edge was taken. */
export function skipStep(turn: Turn, instance: StepInstance, cause: number): void {
  if (!isOpen(instance)) return;
  turn.emit('step.skipped', instance, {}, { cause, severity: 'debug' });
  decide(turn, instance, 'skipped');
  deliverDead(turn, instance, instance.step.outgoing);
}

function deliverDead(turn: Turn, instance: StepInstance, edges: readonly EdgePlan[]): void {
  for (const edge of edges) deliver(turn, instance.scope, edge, undefined, instance.state.event);
}

/** The value each outgoing edge is taken with, or `undefined` for a dead one. @throws LlmteamError `EXPRESSION_FAILED` */
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
  const result = condition.evaluate({ ...scopeVariables(turn.run, scope), value }, turn.work);
  if (typeof result === 'boolean') return result;
  throw new LlmteamError('EXPRESSION_FAILED', `condition "${condition.source}" must give a boolean`, {
    details: { expression: condition.source, position: 0 },
  });
}

function deliverAll(turn: Turn, instance: StepInstance, taken: readonly (Json | undefined)[]): void {
  instance.state.led_on = taken.some((value) => value !== undefined);
  instance.step.outgoing.forEach((edge, index) => {
    deliver(turn, instance.scope, edge, taken[index], instance.state.event);
  });
}

/** Completes a step with the ports it fired. If an edge condition fails to evaluate, the step fails instead. */
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

/** Fails a step for good; an `error` edge, a join, the scope's owner or the run takes the failure. */
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
  propagateFailure(turn, instance, failure);
}

function propagateFailure(turn: Turn, instance: StepInstance, error: ErrorInfo): void {
  const join = turn.plan.catchingJoin(instance.step.index);
  if (join !== null) {
    notifyJoin(turn, locate(instance.scope, join), error, instance.state.event);
    deliverDead(turn, instance, instance.step.outgoing);
  } else if (instance.scope.owner !== null) {
    failScope(turn, instance.scope, locatedInRegion(instance, error));
  } else {
    const located = { ...error, details: { ...error.details, step_id: instance.step.step_id } };
    if (turn.plan.fail_fast) endInFailure(turn, located);
    turn.run.error ??= located;
    deliverDead(turn, instance, instance.step.outgoing);
  }
}

/** Names the step whose failure ended an iteration; of nested iterations, the innermost. */
function locatedInRegion({ scope, step }: StepInstance, error: ErrorInfo): ErrorInfo {
  if (error.details?.failed_step !== undefined) return error;
  return { ...error, details: { ...error.details, failed_step: stepKey(scope.path, step.step_id) } };
}

function notifyJoin(turn: Turn, instance: StepInstance, error: ErrorInfo, cause: number): void {
  if (!isOpen(instance)) return;
  if (instance.state.since < 0) makeReady(turn, instance, cause);
  turn.todo.push({ what: 'react', instance, occurrence: { kind: 'branch_failed', error } });
}

/** Closes a failed scope, cancelling its other steps, and notifies the loop step that opened it. */
function failScope(turn: Turn, scope: ScopeState, error: ErrorInfo): void {
  const owner = ownerOf(turn, scope);
  if (owner === null) return;
  const { index } = scope;
  const [stepId] = owner.step.inner.size === 0 ? [] : scope.steps.keys();
  closeScope(turn, owner, scope);
  const occurrence: Occurrence =
    stepId === undefined
      ? { kind: 'scope_failed', index, error }
      : { kind: 'step_failed', index, step_id: stepId, error };
  turn.todo.push({ what: 'react', instance: owner, occurrence });
}

/** The loop step occurrence that opened a scope; null for the root scope. */
export function ownerOf(turn: Turn, scope: ScopeState): StepInstance | null {
  if (scope.owner === null) return null;
  const outer = turn.run.scopes.get(scope.owner.scope);
  const step = outer === undefined ? undefined : stepOfScope(turn.run, turn.plan, outer, scope.owner.step_id);
  return outer === undefined || step === undefined ? null : locate(outer, step);
}

/** What arrived on `next`: the value, a list in edge order if there are several, or null. */
export function returnedValue(scope: ScopeState): Json {
  const [only] = scope.next;
  if (only === undefined) return null;
  if (scope.next.length === 1) return only.value;
  return [...scope.next].sort((a, b) => a.edge - b.edge).map((arrival) => arrival.value);
}

/** Aborts a turn once `run.error` holds the reason; never escapes `evolve`. */
export class RunFailed extends Error {}

export function endInFailure(turn: Turn, error: ErrorInfo): never {
  turn.run.error ??= error;
  throw new RunFailed();
}

export function limitError(message: string): ErrorInfo {
  return errorInfo('LIMIT_EXCEEDED', message);
}

/**
 * Purpose: runs control steps: passes occurrences to the control type and carries out its directives.
 * Owns: named timers, waits, human tasks and child runs of control steps. Does not own: the semantics of any control type, scopes
 * (opened-scopes.ts).
 * Invariants: a control type gets no occurrence after its step ended (C1); the directives of a reaction are all applied,
 * in order, up to the one that ends the step (C2).
 */
import {
  type ControlView,
  caps,
  type Directive,
  type ErrorInfo,
  errorInfo,
  type HumanTask,
  type JsonObject,
  type Occurrence,
  type Reaction,
  stepKey,
  taskId,
} from '@llmteam/contracts';
import { cancelStep, closeScope, release, showTask } from './cancel.js';
import type { StartChild } from './effects.js';
import type { Variables } from './expression.js';
import { openedPath, openInner, openIteration } from './opened-scopes.js';
import { retryOrFail } from './retrying.js';
import { completeStep, endInFailure, expressionError, limitError, locate } from './scheduling.js';
import type { ControlState } from './state.js';
import { arm, armStepTimer, disarm } from './timers.js';
import { isOpen, type StepInstance, type Turn } from './turn.js';
import { stepVariables } from './variables.js';
import { controlWaitsFor } from './waiting.js';

/** Starts a ready control step. */
export function startControl(turn: Turn, instance: StepInstance, cause: number): void {
  const { state, step } = instance;
  state.held = false;
  state.since = turn.now;
  state.status = 'running';
  // Steps that are never repeated count no attempts.
  if (step.retry.maxAttempts > 1) state.attempt++;
  turn.emit('step.started', instance, {}, { cause });
  let config: JsonObject;
  try {
    config = step.config.resolve(stepVariables(turn, instance), turn.work);
  } catch (thrown) {
    endInError(turn, instance, expressionError(thrown));
    return;
  }
  const fault = step.config.isStatic ? null : step.type.checkConfig(config);
  if (fault !== null) {
    endInError(turn, instance, errorInfo('STEP_CONFIG_INVALID', `step '${step.step_id}': ${fault}`));
    return;
  }
  state.control = {
    config,
    state: undefined,
    timers: new Map(),
    scopes: new Set(),
    used_indices: [],
    task: null,
    child: null,
    timers_armed: state.control?.timers_armed ?? 0,
  };
  if (step.timeout_seconds !== null) armStepTimer(turn, instance, 'attempt', step.timeout_seconds * 1_000);
  react(turn, instance, { kind: 'started' });
}

/** Passes the occurrence to the control type and applies its reaction. */
export function react(turn: Turn, instance: StepInstance, occurrence: Occurrence): void {
  const reaction = ask(turn, instance, occurrence);
  if (reaction !== null) apply(turn, instance, reaction);
}

/** Returns the control type's reaction; null if the step has ended, or ends here because the type threw. */
function ask(turn: Turn, instance: StepInstance, occurrence: Occurrence): Reaction<unknown> | null {
  const { control } = instance.state;
  const type = instance.step.type.control;
  if (!isOpen(instance) || instance.state.status === 'retrying' || control === null || type === null) return null;
  try {
    const reaction = type.react(occurrence, viewOf(turn, instance, control));
    if (reaction.state !== undefined) control.state = reaction.state;
    return reaction;
  } catch (thrown) {
    endInError(turn, instance, expressionError(thrown));
    return null;
  }
}

function viewOf(turn: Turn, instance: StepInstance, control: ControlState): ControlView<JsonObject, unknown> {
  let cached: Variables | null = null;
  const variables = (): Variables => {
    cached ??= stepVariables(turn, instance);
    return cached;
  };
  return {
    config: control.config,
    get input() {
      return variables().input ?? null;
    },
    state: control.state,
    now: turn.now,
    evaluate: (pointer, replace) => {
      const expression = instance.step.config.expressions.get(pointer);
      if (expression === undefined) throw new TypeError(`'${pointer}' of the config is not marked as an expression`);
      return expression.evaluate(replace === undefined ? variables() : { ...variables(), ...replace }, turn.work);
    },
  };
}

function apply(turn: Turn, instance: StepInstance, reaction: Reaction<unknown>): void {
  const todoBefore = turn.todo.length;
  for (const directive of reaction.directives) {
    perform(turn, instance, directive);
    if (!isOpen(instance)) return;
  }
  if (!hasPendingReaction(turn, instance, todoBefore)) updateWaiting(turn, instance);
}

/** Whether an occurrence is already queued, as for a wait whose signal came early: then the step does not wait at all. */
function hasPendingReaction(turn: Turn, { state }: StepInstance, from: number): boolean {
  for (let index = from; index < turn.todo.length; index++) {
    const todo = turn.todo[index];
    if (todo?.what === 'react' && todo.instance.state === state) return true;
  }
  return false;
}

/** Emits `step.waiting` once when a control step starts to wait for the outside world. */
function updateWaiting(turn: Turn, instance: StepInstance): void {
  const { control, status } = instance.state;
  if (control === null) return;
  const waitingFor = controlWaitsFor(turn.run, instance, control);
  if (waitingFor === null) instance.state.status = 'running';
  else if (status !== 'waiting') {
    instance.state.status = 'waiting';
    turn.emit('step.waiting', instance, { waiting_for: waitingFor });
  }
}

function perform(turn: Turn, instance: StepInstance, directive: Directive): void {
  switch (directive.do) {
    case 'complete':
      release(turn, instance);
      completeStep(turn, instance, directive.ports, turn.now - instance.state.since);
      return;
    case 'fail':
      endInError(turn, instance, directive.error);
      return;
    case 'open_scope':
      endIf(turn, instance, openIteration(turn, instance, directive));
      return;
    case 'run_step':
      endIf(turn, instance, openInner(turn, instance, directive));
      return;
    case 'close_scope':
    case 'cancel_step': {
      const scope = turn.run.scopes.get(openedPath(instance, directive.index));
      if (scope !== undefined) closeScope(turn, instance, scope);
      return;
    }
    case 'start_timer':
      startTimer(turn, instance, directive);
      return;
    case 'stop_timer':
      stopTimer(turn, instance, directive.name);
      return;
    case 'wait_signal':
      waitSignal(turn, instance, directive.name, directive.correlation);
      return;
    case 'open_task':
    case 'escalate_task':
      changeTask(turn, instance, directive);
      return;
    case 'start_child':
      startChild(turn, instance, directive);
      return;
    case 'cancel_upstream':
      for (const index of turn.plan.exclusiveUpstream(instance.step.index)) {
        const step = turn.plan.steps[index];
        if (step !== undefined) cancelStep(turn, locate(instance.scope, step));
      }
      return;
    case 'emit':
      turn.emit(directive.event_type, instance, directive.payload, { severity: directive.severity ?? 'info' });
  }
}

function endIf(turn: Turn, instance: StepInstance, error: ErrorInfo | null): void {
  if (error !== null) endInError(turn, instance, error);
}

/** Ends an attempt with everything it holds. Its iterations and child runs are never continued: another attempt begins anew. */
function endInError(turn: Turn, instance: StepInstance, error: ErrorInfo): void {
  const durationMs = turn.now - instance.state.since;
  release(turn, instance);
  retryOrFail(turn, instance, error, durationMs);
}

/** Handles the timer of a control step's attempt. */
export function onControlStepTimer(turn: Turn, instance: StepInstance, kind: 'retry' | 'attempt' | 'queue'): void {
  if (kind === 'retry') {
    instance.state.error = null;
    turn.todo.push({ what: 'run', instance, cause: instance.state.event });
    return;
  }
  const { step_id, timeout_seconds } = instance.step;
  endInError(turn, instance, errorInfo('STEP_TIMEOUT', `step '${step_id}' took longer than ${timeout_seconds} s`));
}

type DirectiveOf<Do extends Directive['do']> = Extract<Directive, { do: Do }>;

function startTimer(turn: Turn, instance: StepInstance, directive: DirectiveOf<'start_timer'>): void {
  const { control } = instance.state;
  if (control === null) return;
  stopTimer(turn, instance, directive.name);
  const step = stepKey(instance.scope.path, instance.step.step_id);
  const id = `${step}:${directive.name}:${++control.timers_armed}`;
  const dueAt = directive.at ?? turn.now + Math.ceil((directive.after_seconds ?? 0) * 1_000);
  control.timers.set(directive.name, id);
  arm(turn, id, { due_at: dueAt, kind: 'control', step, name: directive.name });
}

function stopTimer(turn: Turn, instance: StepInstance, name: string): void {
  const id = instance.state.control?.timers.get(name);
  if (id === undefined) return;
  instance.state.control?.timers.delete(name);
  disarm(turn, id);
}

function waitSignal(turn: Turn, instance: StepInstance, name: string, correlation: string | null): void {
  const { run } = turn;
  const index = run.signals.findIndex((signal) => matches(signal, name, correlation));
  const [early] = index < 0 ? [] : run.signals.splice(index, 1);
  if (early === undefined) {
    run.waits.push({ name, correlation, step: stepKey(instance.scope.path, instance.step.step_id) });
  } else {
    turn.todo.push({ what: 'react', instance, occurrence: { kind: 'signal_received', name, payload: early.payload } });
  }
}

/** A wait without a correlation matches any signal of that name. */
export function matches(
  signal: { readonly name: string; readonly correlation: string | null },
  name: string,
  correlation: string | null,
): boolean {
  return signal.name === name && (correlation === null || signal.correlation === correlation);
}

function changeTask(
  turn: Turn,
  instance: StepInstance,
  directive: DirectiveOf<'open_task'> | DirectiveOf<'escalate_task'>,
): void {
  const { control } = instance.state;
  if (control === null) return;
  const { key, request } = turn.run;
  if (directive.do === 'open_task') {
    const task: HumanTask = {
      task_id: taskId(key.run_id, stepKey(instance.scope.path, instance.step.step_id)),
      run_id: key.run_id,
      tenant_id: key.tenant_id,
      segment_id: request.segment_id,
      step_id: instance.step.step_id,
      status: 'open',
      escalation_level: 0,
      claimed_by: null,
      created_at: turn.now,
      request: directive.task,
      answer: null,
    };
    showTask(turn, instance, task);
    const { task_type, title, assignee } = task.request;
    turn.emit('human.task_created', instance, { task_id: task.task_id, task_type, title, assignee });
    if (assignee !== null) turn.emit('human.task_assigned', instance, { task_id: task.task_id, assignee });
    return;
  }
  if (control.task === null || control.task.status === 'closed') return;
  const { assignee, due_at } = directive;
  const escalationLevel = control.task.escalation_level + 1;
  const escalatedRequest = { ...control.task.request, assignee, due_at: due_at ?? control.task.request.due_at };
  showTask(turn, instance, {
    ...control.task,
    status: 'open',
    claimed_by: null,
    escalation_level: escalationLevel,
    request: escalatedRequest,
  });
  const payload = { task_id: control.task.task_id, assignee, escalation_level: escalationLevel };
  turn.emit('human.task_escalated', instance, payload, { severity: 'warning' });
}

export function onClaimed(turn: Turn, instance: StepInstance, by: string): void {
  const task = instance.state.control?.task;
  if (!isOpen(instance) || !task || task.status !== 'open') return;
  showTask(turn, instance, { ...task, status: 'claimed', claimed_by: by });
  turn.emit('human.task_assigned', instance, { task_id: task.task_id, assignee: by });
}

export function onUnclaimed(turn: Turn, instance: StepInstance, by: string): void {
  const task = instance.state.control?.task;
  if (!isOpen(instance) || !task || task.status !== 'claimed') return;
  showTask(turn, instance, { ...task, status: 'open', claimed_by: null });
  const payload = { task_id: task.task_id, assignee: task.claimed_by ?? '', unassigned_by: by };
  turn.emit('human.task_unassigned', instance, payload);
}

/** The first answer the control type accepts wins; later ones find the task closed. */
export function onAnswered(turn: Turn, instance: StepInstance, answer: NonNullable<HumanTask['answer']>): void {
  const task = instance.state.control?.task;
  if (!isOpen(instance) || !task || task.status === 'closed') return;
  const reaction = ask(turn, instance, { kind: 'task_answered', answer });
  if (reaction === null || reaction.directives.length === 0) return;
  showTask(turn, instance, { ...task, status: 'closed', answer });
  const payload = { task_id: task.task_id, decision: answer.decision, answered_by: answer.answered_by };
  turn.emit('human.task_completed', instance, payload);
  apply(turn, instance, reaction);
}

function startChild(turn: Turn, instance: StepInstance, directive: DirectiveOf<'start_child'>): void {
  const { control } = instance.state;
  const { run } = turn;
  if (control === null) return;
  const depth = (run.request.parent?.depth ?? 0) + 1;
  if (depth > caps.subworkflow_depth) {
    endInError(turn, instance, limitError(`subworkflows are nested deeper than ${caps.subworkflow_depth}`));
    return;
  }
  if (run.children_started >= caps.child_runs_per_run) {
    endInFailure(turn, limitError(`the run started more than ${caps.child_runs_per_run} child runs`));
  }
  const runId = `${run.key.run_id}.${++run.children_started}`;
  const { segment_ref, input } = directive;
  control.child = { run_id: runId, segment_ref, input, at: turn.now, seq: run.seq, deadline_at: run.deadline_at };
  run.children.set(stepKey(instance.scope.path, instance.step.step_id), runId);
  turn.effects.push(childEffect(turn, instance, control.child));
}

/** The same effect for the first start and for a repeat after a takeover. */
export function childEffect(
  turn: Pick<Turn, 'run'>,
  instance: StepInstance,
  child: NonNullable<ControlState['child']>,
): StartChild {
  const { request } = turn.run;
  const { run_id, segment_ref, input, deadline_at } = child;
  return {
    kind: 'start_child',
    run_id,
    segment_ref,
    input,
    step: stepKey(instance.scope.path, instance.step.step_id),
    depth: (request.parent?.depth ?? 0) + 1,
    instance_id: request.instance_id,
    correlation_id: request.correlation_id,
    at: child.at,
    deadline_at,
  };
}

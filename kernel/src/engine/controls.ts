/**
 * Purpose: control steps: telling a control type what happened and doing what its directives say.
 * Owns: scopes, named timers, waits, human tasks and child runs of control steps. Does not own: what any control type means.
 * Invariants: a control type is told of nothing after it ended (C1); a reaction is applied whole, in order, up to the directive that
 * ends the step (C2).
 */
import {
  type ControlView,
  caps,
  type Directive,
  type ErrorInfo,
  errorInfo,
  type HumanTask,
  iterationScope,
  type JsonObject,
  type Occurrence,
  type Reaction,
  stepKey,
  taskId,
} from '@llmteam/contracts';
import { cancelStep, closeScope, release, showTask } from './cancel.js';
import type { StartChild } from './effects.js';
import type { Variables } from './expression.js';
import {
  completeStep,
  deliver,
  endInFailure,
  expressionError,
  failStep,
  holds,
  limitError,
  locate,
} from './scheduling.js';
import type { ControlState, ScopeState } from './state.js';
import { arm, disarm } from './timers.js';
import { type At, isOpen, type Turn } from './turn.js';
import { stepVariables } from './variables.js';

/** A ready control step begins. */
export function startControl(turn: Turn, at: At, cause: number): void {
  const { state, step } = at;
  state.held = false;
  state.since = turn.now;
  state.status = 'running';
  turn.emit('step.started', at, { cause });
  let config: JsonObject;
  try {
    config = step.config.resolve(stepVariables(turn, at));
  } catch (thrown) {
    endInError(turn, at, expressionError(thrown));
    return;
  }
  const fault = step.config.isStatic ? null : step.type.checkConfig(config);
  if (fault !== null) {
    endInError(turn, at, errorInfo('STEP_CONFIG_INVALID', `step '${step.step_id}': ${fault}`));
    return;
  }
  state.control = {
    config,
    state: undefined,
    timers: new Map(),
    scopes: new Set(),
    task: null,
    child: null,
    timers_armed: 0,
  };
  react(turn, at, { kind: 'started' });
}

/** Tells the control type, and does what it says. */
export function react(turn: Turn, at: At, occurrence: Occurrence): void {
  const reaction = ask(turn, at, occurrence);
  if (reaction !== null) apply(turn, at, reaction);
}

/** What the control type answers; null if the step has ended, or ends here because the type failed. */
function ask(turn: Turn, at: At, occurrence: Occurrence): Reaction<unknown> | null {
  const { control } = at.state;
  const type = at.step.type.control;
  if (!isOpen(at) || control === null || type === null) return null;
  try {
    const reaction = type.react(occurrence, viewOf(turn, at, control));
    if (reaction.state !== undefined) control.state = reaction.state;
    return reaction;
  } catch (thrown) {
    endInError(turn, at, expressionError(thrown));
    return null;
  }
}

function viewOf(turn: Turn, at: At, control: ControlState): ControlView<JsonObject, unknown> {
  let known: Variables | null = null;
  const variables = (): Variables => {
    known ??= stepVariables(turn, at);
    return known;
  };
  return {
    config: control.config,
    get input() {
      return variables().input ?? null;
    },
    state: control.state,
    now: turn.now,
    evaluate: (pointer, replace) => {
      const expression = at.step.config.expressions.get(pointer);
      if (expression === undefined) throw new TypeError(`'${pointer}' of the config is not marked as an expression`);
      return expression.evaluate(replace === undefined ? variables() : { ...variables(), ...replace });
    },
  };
}

function apply(turn: Turn, at: At, reaction: Reaction<unknown>): void {
  const before = turn.todo.length;
  for (const directive of reaction.directives) {
    perform(turn, at, directive);
    if (!isOpen(at)) return;
  }
  if (!isToldMore(turn, at, before)) noteWaiting(turn, at);
}

/** A wait for a signal that came before is over as soon as it begins. */
function isToldMore(turn: Turn, { state }: At, from: number): boolean {
  for (let place = from; place < turn.todo.length; place++) {
    const todo = turn.todo[place];
    if (todo?.what === 'react' && todo.at.state === state) return true;
  }
  return false;
}

/** A control step that waits for the outside world says so once. */
function noteWaiting(turn: Turn, at: At): void {
  const { control, status } = at.state;
  if (control === null) return;
  const waitingFor = waitsFor(turn, at, control);
  if (waitingFor === null) at.state.status = 'running';
  else if (status !== 'waiting') {
    at.state.status = 'waiting';
    turn.emit('step.waiting', at, { payload: { waiting_for: waitingFor } });
  }
}

/** What a control step waits for outside the run's own steps, or null. */
export function waitsFor(turn: Pick<Turn, 'run'>, at: At, control: ControlState): string | null {
  if (control.scopes.size > 0) return null;
  if (control.task !== null && control.task.status !== 'closed') return `task ${control.task.task_id}`;
  const key = stepKey(at.scope.path, at.step.step_id);
  const child = turn.run.children.get(key);
  if (child !== undefined) return `run ${child}`;
  const wait = turn.run.waits.find((known) => known.step === key);
  if (wait !== undefined) return `signal ${wait.name}`;
  const [timer] = control.timers.keys();
  return timer === undefined ? null : `timer ${timer}`;
}

function perform(turn: Turn, at: At, directive: Directive): void {
  switch (directive.do) {
    case 'complete':
      release(turn, at);
      completeStep(turn, at, directive.ports, turn.now - at.state.since);
      return;
    case 'fail':
      endInError(turn, at, directive.error);
      return;
    case 'open_scope':
      openScope(turn, at, directive);
      return;
    case 'close_scope': {
      const scope = turn.run.scopes.get(iterationScope(stepKey(at.scope.path, at.step.step_id), directive.index));
      if (scope !== undefined) closeScope(turn, at, scope);
      return;
    }
    case 'start_timer':
      startTimer(turn, at, directive);
      return;
    case 'stop_timer':
      stopTimer(turn, at, directive.name);
      return;
    case 'wait_signal':
      waitSignal(turn, at, directive.name, directive.correlation);
      return;
    case 'open_task':
    case 'escalate_task':
      changeTask(turn, at, directive);
      return;
    case 'start_child':
      startChild(turn, at, directive);
      return;
    case 'cancel_upstream':
      for (const index of turn.plan.exclusiveUpstream(at.step.index)) {
        const step = turn.plan.steps[index];
        if (step !== undefined) cancelStep(turn, locate(at.scope, step));
      }
      return;
    case 'emit':
      turn.emit(directive.event_type, at, { payload: directive.payload, severity: directive.severity ?? 'info' });
  }
}

function endInError(turn: Turn, at: At, error: ErrorInfo): void {
  release(turn, at);
  failStep(turn, at, error, turn.now - at.state.since);
}

type DirectiveOf<Do extends Directive['do']> = Extract<Directive, { do: Do }>;

/** One iteration: the steps of the region, with the body's value on the edges that enter it. */
function openScope(turn: Turn, at: At, directive: DirectiveOf<'open_scope'>): void {
  const path = iterationScope(stepKey(at.scope.path, at.step.step_id), directive.index);
  if (directive.index >= caps.loop_iterations) {
    endInError(turn, at, limitError(`step '${at.step.step_id}' wanted more than ${caps.loop_iterations} iterations`));
    return;
  }
  const region = turn.plan.regions.get(at.step.index) ?? [];
  const scope: ScopeState = {
    path,
    owner: { scope: at.scope.path, step_id: at.step.step_id },
    index: directive.index,
    item: directive.item,
    steps: new Map(),
    undecided: region.length,
    next: [],
    event: at.state.event,
  };
  turn.run.scopes.set(path, scope);
  at.state.control?.scopes.add(path);
  let taken: readonly boolean[];
  try {
    taken = at.step.body.map((edge) => holds(turn, scope, edge, directive.value));
  } catch (thrown) {
    endInError(turn, at, expressionError(thrown));
    return;
  }
  at.step.body.forEach((edge, place) => {
    deliver(turn, scope, edge, taken[place] ? directive.value : undefined, at.state.event);
  });
  if (region.length === 0) turn.todo.push({ what: 'finish_scope', scope });
}

function startTimer(turn: Turn, at: At, directive: DirectiveOf<'start_timer'>): void {
  const { control } = at.state;
  if (control === null) return;
  stopTimer(turn, at, directive.name);
  const step = stepKey(at.scope.path, at.step.step_id);
  const id = `${step}:${directive.name}:${++control.timers_armed}`;
  const dueAt = directive.at ?? turn.now + Math.ceil((directive.after_seconds ?? 0) * 1_000);
  control.timers.set(directive.name, id);
  arm(turn, id, { due_at: dueAt, kind: 'control', step, name: directive.name });
}

function stopTimer(turn: Turn, at: At, name: string): void {
  const id = at.state.control?.timers.get(name);
  if (id === undefined) return;
  at.state.control?.timers.delete(name);
  disarm(turn, id);
}

function waitSignal(turn: Turn, at: At, name: string, correlation: string | null): void {
  const { run } = turn;
  const place = run.signals.findIndex((signal) => matches(signal, name, correlation));
  const [early] = place < 0 ? [] : run.signals.splice(place, 1);
  if (early === undefined) {
    run.waits.push({ name, correlation, step: stepKey(at.scope.path, at.step.step_id) });
  } else {
    turn.todo.push({ what: 'react', at, occurrence: { kind: 'signal_received', name, payload: early.payload } });
  }
}

/** A wait without a correlation takes any signal of the name. */
export function matches(
  signal: { readonly name: string; readonly correlation: string | null },
  name: string,
  correlation: string | null,
): boolean {
  return signal.name === name && (correlation === null || signal.correlation === correlation);
}

function changeTask(turn: Turn, at: At, directive: DirectiveOf<'open_task'> | DirectiveOf<'escalate_task'>): void {
  const { control } = at.state;
  if (control === null) return;
  const { key, request } = turn.run;
  if (directive.do === 'open_task') {
    const task: HumanTask = {
      task_id: taskId(key.run_id, stepKey(at.scope.path, at.step.step_id)),
      run_id: key.run_id,
      tenant_id: key.tenant_id,
      segment_id: request.segment_id,
      step_id: at.step.step_id,
      status: 'open',
      escalation_level: 0,
      claimed_by: null,
      created_at: turn.now,
      request: directive.task,
      answer: null,
    };
    showTask(turn, at, task);
    const { task_type, title, assignee } = task.request;
    turn.emit('human.task_created', at, { payload: { task_id: task.task_id, task_type, title, assignee } });
    if (assignee !== null) turn.emit('human.task_assigned', at, { payload: { task_id: task.task_id, assignee } });
    return;
  }
  if (control.task === null || control.task.status === 'closed') return;
  const { assignee, due_at } = directive;
  const escalationLevel = control.task.escalation_level + 1;
  const requestNow = { ...control.task.request, assignee, due_at: due_at ?? control.task.request.due_at };
  showTask(turn, at, {
    ...control.task,
    status: 'open',
    claimed_by: null,
    escalation_level: escalationLevel,
    request: requestNow,
  });
  const payload = { task_id: control.task.task_id, assignee, escalation_level: escalationLevel };
  turn.emit('human.task_escalated', at, { payload, severity: 'warning' });
}

export function onClaimed(turn: Turn, at: At, by: string): void {
  const task = at.state.control?.task;
  if (!isOpen(at) || !task || task.status !== 'open') return;
  showTask(turn, at, { ...task, status: 'claimed', claimed_by: by });
  turn.emit('human.task_assigned', at, { payload: { task_id: task.task_id, assignee: by } });
}

/** The first answer the control type accepts wins; what comes later finds the task closed. */
export function onAnswered(turn: Turn, at: At, answer: NonNullable<HumanTask['answer']>): void {
  const task = at.state.control?.task;
  if (!isOpen(at) || !task || task.status === 'closed') return;
  const reaction = ask(turn, at, { kind: 'task_answered', answer });
  if (reaction === null || reaction.directives.length === 0) return;
  showTask(turn, at, { ...task, status: 'closed', answer });
  const payload = { task_id: task.task_id, decision: answer.decision, answered_by: answer.answered_by };
  turn.emit('human.task_completed', at, { payload });
  apply(turn, at, reaction);
}

function startChild(turn: Turn, at: At, directive: DirectiveOf<'start_child'>): void {
  const { control } = at.state;
  const { run } = turn;
  if (control === null) return;
  const depth = (run.request.parent?.depth ?? 0) + 1;
  if (depth > caps.subworkflow_depth) {
    endInError(turn, at, limitError(`subworkflows are nested deeper than ${caps.subworkflow_depth}`));
    return;
  }
  if (run.children_started >= caps.child_runs_per_run) {
    endInFailure(turn, limitError(`the run started more than ${caps.child_runs_per_run} child runs`));
  }
  const runId = `${run.key.run_id}.${++run.children_started}`;
  const { segment_ref, input } = directive;
  control.child = { run_id: runId, segment_ref, input, at: turn.now, seq: run.seq };
  run.children.set(stepKey(at.scope.path, at.step.step_id), runId);
  turn.effects.push(childEffect(turn, at, control.child));
}

/** The same for a first start and for one anew after a takeover. */
export function childEffect(turn: Pick<Turn, 'run'>, at: At, child: NonNullable<ControlState['child']>): StartChild {
  const { request, deadline_at } = turn.run;
  const { run_id, segment_ref, input } = child;
  return {
    kind: 'start_child',
    run_id,
    segment_ref,
    input,
    step: stepKey(at.scope.path, at.step.step_id),
    depth: (request.parent?.depth ?? 0) + 1,
    instance_id: request.instance_id,
    correlation_id: request.correlation_id,
    trace_id: request.trace_id,
    at: child.at,
    deadline_at,
  };
}

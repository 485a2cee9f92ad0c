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
  error_info,
  type HumanTask,
  iteration_scope,
  type JsonObject,
  type Occurrence,
  type Reaction,
  step_key,
  task_id,
} from '@llmteam/contracts';
import { cancel_step, close_scope, release, show_task } from './cancel.js';
import type { StartChild } from './effects.js';
import type { Variables } from './expression.js';
import {
  complete_step,
  deliver,
  end_in_failure,
  expression_error,
  fail_step,
  holds,
  limit_error,
  locate,
} from './scheduling.js';
import type { ControlState, ScopeState } from './state.js';
import { arm, disarm } from './timers.js';
import { type At, is_open, type Turn } from './turn.js';
import { step_variables } from './variables.js';

/** A ready control step begins. */
export function start_control(turn: Turn, at: At, cause: number): void {
  const { state, step } = at;
  state.held = false;
  state.since = turn.now;
  state.status = 'running';
  turn.emit('step.started', at, { cause });
  let config: JsonObject;
  try {
    config = step.config.resolve(step_variables(turn, at));
  } catch (thrown) {
    end_in_error(turn, at, expression_error(thrown));
    return;
  }
  const fault = step.config.is_static ? null : step.type.check_config(config);
  if (fault !== null) {
    end_in_error(turn, at, error_info('STEP_CONFIG_INVALID', `step '${step.step_id}': ${fault}`));
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
  if (!is_open(at) || control === null || type === null) return null;
  try {
    const reaction = type.react(occurrence, view_of(turn, at, control));
    if (reaction.state !== undefined) control.state = reaction.state;
    return reaction;
  } catch (thrown) {
    end_in_error(turn, at, expression_error(thrown));
    return null;
  }
}

function view_of(turn: Turn, at: At, control: ControlState): ControlView<JsonObject, unknown> {
  let known: Variables | null = null;
  const variables = (): Variables => {
    known ??= step_variables(turn, at);
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
    if (!is_open(at)) return;
  }
  if (!is_told_more(turn, at, before)) note_waiting(turn, at);
}

/** A wait for a signal that came before is over as soon as it begins. */
function is_told_more(turn: Turn, { state }: At, from: number): boolean {
  for (let place = from; place < turn.todo.length; place++) {
    const todo = turn.todo[place];
    if (todo?.what === 'react' && todo.at.state === state) return true;
  }
  return false;
}

/** A control step that waits for the outside world says so once. */
function note_waiting(turn: Turn, at: At): void {
  const { control, status } = at.state;
  if (control === null) return;
  const waiting_for = waits_for(turn, at, control);
  if (waiting_for === null) at.state.status = 'running';
  else if (status !== 'waiting') {
    at.state.status = 'waiting';
    turn.emit('step.waiting', at, { payload: { waiting_for } });
  }
}

/** What a control step waits for outside the run's own steps, or null. */
export function waits_for(turn: Pick<Turn, 'run'>, at: At, control: ControlState): string | null {
  if (control.scopes.size > 0) return null;
  if (control.task !== null && control.task.status !== 'closed') return `task ${control.task.task_id}`;
  const key = step_key(at.scope.path, at.step.step_id);
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
      complete_step(turn, at, directive.ports, turn.now - at.state.since);
      return;
    case 'fail':
      end_in_error(turn, at, directive.error);
      return;
    case 'open_scope':
      open_scope(turn, at, directive);
      return;
    case 'close_scope': {
      const scope = turn.run.scopes.get(iteration_scope(step_key(at.scope.path, at.step.step_id), directive.index));
      if (scope !== undefined) close_scope(turn, at, scope);
      return;
    }
    case 'start_timer':
      start_timer(turn, at, directive);
      return;
    case 'stop_timer':
      stop_timer(turn, at, directive.name);
      return;
    case 'wait_signal':
      wait_signal(turn, at, directive.name, directive.correlation);
      return;
    case 'open_task':
    case 'escalate_task':
      change_task(turn, at, directive);
      return;
    case 'start_child':
      start_child(turn, at, directive);
      return;
    case 'cancel_upstream':
      for (const index of turn.plan.exclusive_upstream(at.step.index)) {
        const step = turn.plan.steps[index];
        if (step !== undefined) cancel_step(turn, locate(at.scope, step));
      }
      return;
    case 'emit':
      turn.emit(directive.event_type, at, { payload: directive.payload, severity: directive.severity ?? 'info' });
  }
}

function end_in_error(turn: Turn, at: At, error: ErrorInfo): void {
  release(turn, at);
  fail_step(turn, at, error, turn.now - at.state.since);
}

type DirectiveOf<Do extends Directive['do']> = Extract<Directive, { do: Do }>;

/** One iteration: the steps of the region, with the body's value on the edges that enter it. */
function open_scope(turn: Turn, at: At, directive: DirectiveOf<'open_scope'>): void {
  const path = iteration_scope(step_key(at.scope.path, at.step.step_id), directive.index);
  if (directive.index >= caps.loop_iterations) {
    end_in_error(
      turn,
      at,
      limit_error(`step '${at.step.step_id}' wanted more than ${caps.loop_iterations} iterations`),
    );
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
    end_in_error(turn, at, expression_error(thrown));
    return;
  }
  at.step.body.forEach((edge, place) => {
    deliver(turn, scope, edge, taken[place] ? directive.value : undefined, at.state.event);
  });
  if (region.length === 0) turn.todo.push({ what: 'finish_scope', scope });
}

function start_timer(turn: Turn, at: At, directive: DirectiveOf<'start_timer'>): void {
  const { control } = at.state;
  if (control === null) return;
  stop_timer(turn, at, directive.name);
  const step = step_key(at.scope.path, at.step.step_id);
  const id = `${step}:${directive.name}:${++control.timers_armed}`;
  const due_at = directive.at ?? turn.now + Math.ceil((directive.after_seconds ?? 0) * 1_000);
  control.timers.set(directive.name, id);
  arm(turn, id, { due_at, kind: 'control', step, name: directive.name });
}

function stop_timer(turn: Turn, at: At, name: string): void {
  const id = at.state.control?.timers.get(name);
  if (id === undefined) return;
  at.state.control?.timers.delete(name);
  disarm(turn, id);
}

function wait_signal(turn: Turn, at: At, name: string, correlation: string | null): void {
  const { run } = turn;
  const place = run.signals.findIndex((signal) => matches(signal, name, correlation));
  const [early] = place < 0 ? [] : run.signals.splice(place, 1);
  if (early === undefined) {
    run.waits.push({ name, correlation, step: step_key(at.scope.path, at.step.step_id) });
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

function change_task(turn: Turn, at: At, directive: DirectiveOf<'open_task'> | DirectiveOf<'escalate_task'>): void {
  const { control } = at.state;
  if (control === null) return;
  const { key, request } = turn.run;
  if (directive.do === 'open_task') {
    const task: HumanTask = {
      task_id: task_id(key.run_id, step_key(at.scope.path, at.step.step_id)),
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
    show_task(turn, at, task);
    const { task_type, title, assignee } = task.request;
    turn.emit('human.task_created', at, { payload: { task_id: task.task_id, task_type, title, assignee } });
    if (assignee !== null) turn.emit('human.task_assigned', at, { payload: { task_id: task.task_id, assignee } });
    return;
  }
  if (control.task === null || control.task.status === 'closed') return;
  const { assignee, due_at } = directive;
  const escalation_level = control.task.escalation_level + 1;
  const request_now = { ...control.task.request, assignee, due_at: due_at ?? control.task.request.due_at };
  show_task(turn, at, { ...control.task, status: 'open', claimed_by: null, escalation_level, request: request_now });
  const payload = { task_id: control.task.task_id, assignee, escalation_level };
  turn.emit('human.task_escalated', at, { payload, severity: 'warning' });
}

export function on_claimed(turn: Turn, at: At, by: string): void {
  const task = at.state.control?.task;
  if (!is_open(at) || !task || task.status !== 'open') return;
  show_task(turn, at, { ...task, status: 'claimed', claimed_by: by });
  turn.emit('human.task_assigned', at, { payload: { task_id: task.task_id, assignee: by } });
}

/** The first answer the control type accepts wins; what comes later finds the task closed. */
export function on_answered(turn: Turn, at: At, answer: NonNullable<HumanTask['answer']>): void {
  const task = at.state.control?.task;
  if (!is_open(at) || !task || task.status === 'closed') return;
  const reaction = ask(turn, at, { kind: 'task_answered', answer });
  if (reaction === null || reaction.directives.length === 0) return;
  show_task(turn, at, { ...task, status: 'closed', answer });
  const payload = { task_id: task.task_id, decision: answer.decision, answered_by: answer.answered_by };
  turn.emit('human.task_completed', at, { payload });
  apply(turn, at, reaction);
}

function start_child(turn: Turn, at: At, directive: DirectiveOf<'start_child'>): void {
  const { control } = at.state;
  const { run } = turn;
  if (control === null) return;
  const depth = (run.request.parent?.depth ?? 0) + 1;
  if (depth > caps.subworkflow_depth) {
    end_in_error(turn, at, limit_error(`subworkflows are nested deeper than ${caps.subworkflow_depth}`));
    return;
  }
  if (run.children_started >= caps.child_runs_per_run) {
    end_in_failure(turn, limit_error(`the run started more than ${caps.child_runs_per_run} child runs`));
  }
  const run_id = `${run.key.run_id}.${++run.children_started}`;
  const { segment_ref, input } = directive;
  control.child = { run_id, segment_ref, input, at: turn.now, seq: run.seq };
  run.children.set(step_key(at.scope.path, at.step.step_id), run_id);
  turn.effects.push(child_effect(turn, at, control.child));
}

/** The same for a first start and for one anew after a takeover. */
export function child_effect(turn: Pick<Turn, 'run'>, at: At, child: NonNullable<ControlState['child']>): StartChild {
  const { request, deadline_at } = turn.run;
  const { run_id, segment_ref, input } = child;
  return {
    kind: 'start_child',
    run_id,
    segment_ref,
    input,
    step: step_key(at.scope.path, at.step.step_id),
    depth: (request.parent?.depth ?? 0) + 1,
    instance_id: request.instance_id,
    correlation_id: request.correlation_id,
    trace_id: request.trace_id,
    at: child.at,
    deadline_at,
  };
}

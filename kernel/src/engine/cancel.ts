/**
 * Purpose: cancels steps, scopes and child runs.
 * Owns: the order of cancellation (children and scopes before the step that opened them).
 * Does not own: what follows; nothing is delivered along edges here, that is up to the caller.
 */
import type { HumanTask } from '@llmteam/contracts';
import { stepOfScope } from './find-step.js';
import { jobId } from './job-id.js';
import { isEnded, type ScopeState, type StepState } from './state.js';
import { disarm, disarmStepTimer } from './timers.js';
import { decide, isOpen, type StepInstance, type Turn } from './turn.js';

/** Cancels an undecided step, whatever its status. */
export function cancelStep(turn: Turn, instance: StepInstance): void {
  if (!isOpen(instance)) return;
  const wasReady = instance.state.since >= 0;
  release(turn, instance);
  if (wasReady) turn.emit('step.cancelled', instance, {});
  decide(turn, instance, 'cancelled');
}

/** Releases everything an undecided step holds: its job, timers, waits, scopes, task and child run. */
export function release(turn: Turn, instance: StepInstance): void {
  const { state } = instance;
  disarmStepTimer(turn, instance);
  if (holdsJob(state, instance)) {
    turn.run.in_flight--;
    turn.effects.push({ kind: 'cancel_jobs', job_ids: [jobId(turn.run.key.run_id, instance, state.attempt)] });
  }
  if (state.control !== null) releaseControl(turn, instance);
}

/** Whether an attempt of the step is queued or running on a worker. */
export function holdsJob(state: StepState, at: Pick<StepInstance, 'step'>): boolean {
  return at.step.type.control === null && (state.status === 'queued' || state.status === 'running');
}

function releaseControl(turn: Turn, instance: StepInstance): void {
  const { control } = instance.state;
  if (control === null) return;
  const { run } = turn;
  for (const id of control.timers.values()) disarm(turn, id);
  control.timers.clear();
  for (const path of [...control.scopes]) {
    const scope = run.scopes.get(path);
    if (scope !== undefined) closeScope(turn, instance, scope);
  }
  const key = keyOf(instance);
  for (let index = run.waits.length - 1; index >= 0; index--) {
    if (run.waits[index]?.step === key) run.waits.splice(index, 1);
  }
  if (control.task !== null && control.task.status !== 'closed')
    showTask(turn, instance, { ...control.task, status: 'closed' });
  const child = run.children.get(key);
  if (child !== undefined) cancelChild(turn, key, child);
}

function keyOf(instance: StepInstance): string {
  return instance.scope.path === '' ? instance.step.step_id : `${instance.scope.path}/${instance.step.step_id}`;
}

function cancelChild(turn: Turn, step: string, child: string): void {
  turn.run.children.delete(step);
  turn.run.cancelled_children.add(child);
  turn.effects.push({ kind: 'control_child', run_id: child, action: 'cancel', seq: 0, at: turn.now });
}

/** Stores a task's new state and publishes it to the task index. */
export function showTask(turn: Turn, instance: StepInstance, task: HumanTask): void {
  if (instance.state.control !== null) instance.state.control.task = task;
  turn.effects.push({ kind: 'show_task', task });
}

/** Ends an iteration: cancels its undecided steps and removes its scope. */
export function closeScope(turn: Turn, owner: StepInstance, scope: ScopeState): void {
  cancelScope(turn, scope);
  owner.state.control?.scopes.delete(scope.path);
  turn.run.scopes.delete(scope.path);
}

/** Cancels every undecided step of a scope. */
export function cancelScope(turn: Turn, scope: ScopeState): void {
  for (const [stepId, state] of scope.steps) {
    const step = stepOfScope(turn.run, turn.plan, scope, stepId);
    if (step !== undefined) cancelStep(turn, { scope, step, state });
  }
}

/** Whether the run is still going and the scope still open. */
export function isLive(turn: Turn, scope: ScopeState): boolean {
  return !isEnded(turn.run) && turn.run.scopes.get(scope.path) === scope;
}

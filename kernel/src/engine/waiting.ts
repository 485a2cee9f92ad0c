import { queueName, stepKey, type WaitingFor } from '@llmteam/contracts';
import { isoTime } from './moment.js';
import type { ControlState, Run, RunState } from './state.js';
import type { StepInstance } from './turn.js';

/** What an unfinished step waits for; null if only for other steps of the run. */
export function waitsFor(run: Run, instance: StepInstance): WaitingFor | null {
  const { step, state } = instance;
  if (state.held) return run.state.status === 'paused' ? { kind: 'resume' } : { kind: 'slot' };
  if (state.status === 'queued') {
    return { kind: 'worker', queue: queueName(step.type_id, step.type.metadata.version) };
  }
  if (state.status === 'retrying') return { kind: 'retry', due_at: dueAt(run.state, state.timer ?? '') };
  if (state.status !== 'waiting' || state.control === null) return null;
  return controlWaitsFor(run.state, instance, state.control);
}

/** What a control step waits for; null if only for other steps of the run. */
export function controlWaitsFor(run: RunState, instance: StepInstance, control: ControlState): WaitingFor | null {
  if (control.scopes.size > 0) return null;
  if (control.task !== null && control.task.status !== 'closed') {
    return { kind: 'task', task_id: control.task.task_id };
  }
  const key = stepKey(instance.scope.path, instance.step.step_id);
  const child = run.children.get(key);
  if (child !== undefined) return { kind: 'child_run', run_id: child };
  const wait = run.waits.find((candidate) => candidate.step === key);
  if (wait !== undefined) return { kind: 'signal', name: wait.name, correlation: wait.correlation };
  for (const [name, id] of control.timers) return { kind: 'timer', name, due_at: dueAt(run, id) };
  return null;
}

function dueAt(run: RunState, timer: string): string {
  return isoTime(run.timers.get(timer)?.due_at ?? run.at);
}

import type { Job } from '@llmteam/contracts';
import { buildJob } from './attempts.js';
import { holdsJob } from './cancel.js';
import { childEffect } from './controls.js';
import type { Effect } from './effects.js';
import { endEffects } from './ending.js';
import { stepOfScope } from './find-step.js';
import { jobId } from './job-id.js';
import type { Run } from './state.js';
import { type StepInstance, Turn } from './turn.js';

/**
 * The effects that, by its history, a run may still need: a new owner of the partition performs them again after a
 * takeover. Each has the same id as the first time.
 */
export function outstandingEffects(run: Run): Effect[] {
  const { state } = run;
  const effects: Effect[] = [];
  for (const runId of state.cancelled_children) {
    effects.push({ kind: 'control_child', run_id: runId, action: 'cancel', seq: 0, at: state.at });
  }
  const turn = rebuilding(run);
  for (const instance of stepOccurrences(run)) effects.push(...outstandingOf(turn, run, instance));
  for (const [timer, { due_at }] of state.timers) effects.push({ kind: 'arm_timer', timer, due_at });
  effects.push(...endEffects(state));
  return effects;
}

/** The attempts queued or running as jobs; `build` returns the job as first dispatched, but for a deadline moved by pauses. */
export function* jobsInFlight(run: Run): Iterable<{ readonly job_id: string; readonly build: () => Job }> {
  for (const instance of stepOccurrences(run)) {
    if (!holdsJob(instance.state, instance)) continue;
    const build = (): Job => buildJob(rebuilding(run), instance);
    yield { job_id: jobId(run.state.key.run_id, instance, instance.state.attempt), build };
  }
}

/** A turn that changes nothing. What it evaluates was evaluated before, within the limits of the turns of that time. */
function rebuilding(run: Run): Turn {
  const turn = new Turn(run, run.state.at, null);
  turn.work.left = Number.POSITIVE_INFINITY;
  return turn;
}

function* stepOccurrences({ state, plan }: Run): Iterable<StepInstance> {
  for (const scope of state.scopes.values()) {
    for (const [stepId, stepState] of scope.steps) {
      const step = stepOfScope(state, plan, scope, stepId);
      if (step !== undefined) yield { scope, step, state: stepState };
    }
  }
}

function outstandingOf(turn: Turn, run: Run, instance: StepInstance): Effect[] {
  const { control } = instance.state;
  const effects: Effect[] = [];
  if (holdsJob(instance.state, instance)) effects.push({ kind: 'dispatch', job: buildJob(turn, instance) });
  if (control?.task) effects.push({ kind: 'show_task', task: control.task });
  if (!control?.child || !isRunningChild(run, control.child.run_id)) return effects;
  const { run_id, seq } = control.child;
  effects.push(childEffect(turn, instance, control.child));
  const request = run.state.told_children;
  if (request !== null && request.seq > seq) effects.push({ kind: 'control_child', run_id, ...request });
  return effects;
}

function isRunningChild(run: Run, childRunId: string): boolean {
  for (const id of run.state.children.values()) if (id === childRunId) return true;
  return false;
}

import type { Job } from '@llmteam/contracts';
import { build_job } from './attempts.js';
import { holds_job } from './cancel.js';
import { child_effect } from './controls.js';
import type { Effect } from './effects.js';
import { end_effects } from './ending.js';
import { job_id } from './job-id.js';
import type { Run } from './state.js';
import { type At, Turn } from './turn.js';

/**
 * The effects a run still needs done, as far as its history tells: what a new owner of the partition does again after a takeover.
 * All of them carry the ids of the first time.
 */
export function outstanding_effects(run: Run): Effect[] {
  const { state } = run;
  const effects: Effect[] = [];
  for (const run_id of state.cancelled_children) {
    effects.push({ kind: 'control_child', run_id, action: 'cancel', seq: 0, at: state.at });
  }
  const turn = new Turn(run, state.at, null);
  for (const at of step_occurrences(run)) effects.push(...outstanding_of(turn, run, at));
  for (const [timer, { due_at }] of state.timers) effects.push({ kind: 'arm_timer', timer, due_at });
  effects.push(...end_effects(state));
  return effects;
}

/** The attempts that are queued or running as jobs, by id; `build` gives the job as it was given first. */
export function* jobs_in_flight(run: Run): Iterable<{ readonly job_id: string; readonly build: () => Job }> {
  for (const at of step_occurrences(run)) {
    if (!holds_job(at.state, at)) continue;
    const build = (): Job => build_job(new Turn(run, run.state.at, null), at);
    yield { job_id: job_id(run.state.key.run_id, at, at.state.attempt), build };
  }
}

function* step_occurrences({ state, plan }: Run): Iterable<At> {
  for (const scope of state.scopes.values()) {
    for (const [step_id, step_state] of scope.steps) {
      const step = plan.by_id.get(step_id);
      if (step !== undefined) yield { scope, step, state: step_state };
    }
  }
}

function outstanding_of(turn: Turn, run: Run, at: At): Effect[] {
  const { control } = at.state;
  const effects: Effect[] = [];
  if (holds_job(at.state, at)) effects.push({ kind: 'dispatch', job: build_job(turn, at) });
  if (control?.task) effects.push({ kind: 'show_task', task: control.task });
  if (!control?.child || !is_running_child(run, control.child.run_id)) return effects;
  const { run_id, seq } = control.child;
  effects.push(child_effect(turn, at, control.child));
  const told = run.state.told_children;
  if (told !== null && told.seq > seq) effects.push({ kind: 'control_child', run_id, ...told });
  return effects;
}

function is_running_child(run: Run, child_run_id: string): boolean {
  for (const known of run.state.children.values()) if (known === child_run_id) return true;
  return false;
}

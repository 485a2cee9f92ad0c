/**
 * Purpose: arms and disarms timers, and stops the clocks of a paused run.
 * Owns: which clocks stop: those that measure the run's own work, namely its timeout, the timeouts of control steps and the timers of steps
 * with a region. Those of the world outside go on: jobs already dispatched, retries, delays, people and signals.
 */
import { stepKey } from '@llmteam/contracts';
import { findStep, stepOfKey } from './find-step.js';
import type { TimerState } from './state.js';
import type { StepInstance, Turn } from './turn.js';

/** Id of the timer that ends the run. */
export const runTimer = 'run:timeout';

/** Arms a timer; `id` must be unique within the run. */
export function arm(turn: Turn, id: string, timer: TimerState): void {
  if (turn.run.status === 'paused' && measuresWork(turn, timer)) {
    stop(turn, id, timer);
    return;
  }
  turn.run.timers.set(id, timer);
  turn.effects.push({ kind: 'arm_timer', timer: id, due_at: timer.due_at });
}

export function disarm(turn: Turn, id: string): void {
  turn.run.stopped_timers.delete(id);
  if (turn.run.timers.delete(id)) turn.effects.push({ kind: 'disarm_timer', timer: id });
}

/** Arms a step's single timer, replacing the previous one. */
export function armStepTimer(
  turn: Turn,
  instance: StepInstance,
  kind: 'retry' | 'attempt' | 'queue',
  afterMs: number,
): void {
  const step = stepKey(instance.scope.path, instance.step.step_id);
  const id = `${step}#${instance.state.attempt}:${kind}`;
  disarmStepTimer(turn, instance);
  instance.state.timer = id;
  arm(turn, id, { due_at: turn.now + Math.ceil(afterMs), kind, step, name: '' });
}

export function disarmStepTimer(turn: Turn, instance: StepInstance): void {
  if (instance.state.timer === null) return;
  disarm(turn, instance.state.timer);
  instance.state.timer = null;
}

/** Stops the clocks of a run that is paused now. */
export function stopClocks(turn: Turn): void {
  for (const [id, timer] of [...turn.run.timers]) {
    if (!measuresWork(turn, timer)) continue;
    disarm(turn, id);
    stop(turn, id, timer);
  }
}

/** Arms the stopped timers again, with what remained of them, under new ids: the old ones may have fired without effect. */
export function restartClocks(turn: Turn): void {
  const { run } = turn;
  const stopped = [...run.stopped_timers];
  run.stopped_timers.clear();
  for (const [id, { remaining_ms, kind, step, name }] of stopped) {
    const newId = `${originalTimer(id)}@${run.seq}`;
    const dueAt = turn.now + remaining_ms;
    if (kind === 'run') run.deadline_at = dueAt;
    else if (!renameTimer(findStep(run, turn.plan, step), name, id, newId)) continue;
    arm(turn, newId, { due_at: dueAt, kind, step, name });
  }
}

/** The id of a timer before any pause. */
export function originalTimer(id: string): string {
  return id.replace(/@\d+$/, '');
}

/** Returns false if the step no longer has the timer. */
function renameTimer(instance: StepInstance | null, name: string, id: string, newId: string): boolean {
  if (instance === null) return false;
  const { state } = instance;
  if (state.timer === id) state.timer = newId;
  else if (state.control?.timers.get(name) === id) state.control.timers.set(name, newId);
  else return false;
  return true;
}

function stop(turn: Turn, id: string, { due_at, kind, step, name }: TimerState): void {
  turn.run.stopped_timers.set(id, { remaining_ms: Math.max(0, due_at - turn.now), kind, step, name });
}

function measuresWork(turn: Turn, { kind, step }: TimerState): boolean {
  if (kind === 'run') return true;
  const control = stepOfKey(turn.plan, step)?.type.control ?? null;
  if (control === null) return false;
  return kind === 'attempt' || (kind === 'control' && control.hasRegion === true);
}

import { stepKey } from '@llmteam/contracts';
import type { TimerState } from './state.js';
import type { StepInstance, Turn } from './turn.js';

/** Arms a timer; `id` is unique within the run. */
export function arm(turn: Turn, id: string, timer: TimerState): void {
  turn.run.timers.set(id, timer);
  turn.effects.push({ kind: 'arm_timer', timer: id, due_at: timer.due_at });
}

export function disarm(turn: Turn, id: string): void {
  if (turn.run.timers.delete(id)) turn.effects.push({ kind: 'disarm_timer', timer: id });
}

/** Arms a task step's single timer, replacing the previous one. */
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

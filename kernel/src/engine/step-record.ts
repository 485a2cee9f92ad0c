import { type JsonObject, type StepDetail, type StepRecord, stepKey } from '@llmteam/contracts';
import { isoTime } from './moment.js';
import type { RunState } from './state.js';
import { isOpen, type StepInstance, type Turn } from './turn.js';
import { inputsOf, stepVariables } from './variables.js';

/** A step occurrence as lists show it. */
export function stepRecord(run: RunState, { scope, step, state }: StepInstance): StepRecord {
  const endedAt = isOpen({ scope, step, state }) ? null : run.at;
  return {
    step: stepKey(scope.path, step.step_id),
    step_id: step.step_id,
    scope: scope.path,
    type: step.type_id,
    status: state.status,
    attempt: state.attempt,
    ready_at: state.since < 0 ? null : isoTime(state.since),
    ended_at: endedAt === null ? null : isoTime(endedAt),
    error: state.error,
  };
}

/** The same with the values it got and gave. Call it while its inputs are still known: before, or just as it is decided. */
export function stepDetail(at: Pick<Turn, 'run' | 'plan'>, instance: StepInstance): StepDetail {
  const { run } = at;
  const { state } = instance;
  return {
    ...stepRecord(run, instance),
    inputs: inputsOf(run, instance),
    config: state.control?.config ?? filledConfig(at, instance),
    outputs: state.outputs === null ? null : { ...state.outputs },
  };
}

/** Null if it was never filled in, or cannot be. */
function filledConfig(at: Pick<Turn, 'run' | 'plan'>, instance: StepInstance): JsonObject | null {
  if (instance.state.since < 0) return null;
  try {
    return instance.step.config.resolve(stepVariables(at, instance));
  } catch {
    return null;
  }
}

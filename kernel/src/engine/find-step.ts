import { splitStepKey } from '@llmteam/contracts';
import type { Plan } from './plan.js';
import type { RunState } from './state.js';
import type { StepInstance } from './turn.js';

/** The step occurrence with this key; null if there is none or its scope is closed. */
export function findStep(run: RunState, plan: Plan, key: string): StepInstance | null {
  const { scope: path, step_id } = splitStepKey(key);
  const scope = run.scopes.get(path);
  const step = plan.byId.get(step_id);
  const state = scope?.steps.get(step_id);
  return scope === undefined || step === undefined || state === undefined ? null : { scope, step, state };
}

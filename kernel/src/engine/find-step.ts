import { splitIterationScope, splitStepKey } from '@llmteam/contracts';
import type { Plan } from './plan.js';
import type { RunState, ScopeState } from './state.js';
import type { StepPlan } from './step-plan.js';
import type { StepInstance } from './turn.js';

/** The step occurrence with this key; null if there is none or its scope is closed. */
export function findStep(run: RunState, plan: Plan, key: string): StepInstance | null {
  const { scope: path, step_id } = splitStepKey(key);
  const scope = run.scopes.get(path);
  const state = scope?.steps.get(step_id);
  if (scope === undefined || state === undefined) return null;
  const step = stepOfScope(run, plan, scope, step_id);
  return step === undefined ? null : { scope, step, state };
}

/** What an open scope holds under an id: a step of the segment, or if a control step opened it for one, an inner step. */
export function stepOfScope(run: RunState, plan: Plan, { owner }: ScopeState, stepId: string): StepPlan | undefined {
  if (owner === null) return plan.byId.get(stepId);
  const outer = run.scopes.get(owner.scope);
  const opener = outer === undefined ? undefined : stepOfScope(run, plan, outer, owner.step_id);
  return within(opener, plan, stepId);
}

/** The step that occurrences with this key are of, whether or not there are any. */
export function stepOfKey(plan: Plan, key: string): StepPlan | undefined {
  const { scope, step_id } = splitStepKey(key);
  const iteration = splitIterationScope(scope);
  return within(iteration === null ? undefined : stepOfKey(plan, iteration.owner), plan, step_id);
}

function within(opener: StepPlan | undefined, plan: Plan, stepId: string): StepPlan | undefined {
  return opener === undefined || opener.inner.size === 0 ? plan.byId.get(stepId) : opener.inner.get(stepId);
}

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
  const step = stepOfScope(plan, scope, step_id);
  return step === undefined ? null : { scope, step, state };
}

/** What a scope holds under an id: a step of the segment, or in a scope in which a job runs, the job. */
export function stepOfScope(plan: Plan, { owner }: Pick<ScopeState, 'owner'>, stepId: string): StepPlan | undefined {
  return among(plan, owner === null ? null : owner.step_id, stepId);
}

/** The step that occurrences with this key are of, whether or not there are any. */
export function stepOfKey(plan: Plan, key: string): StepPlan | undefined {
  const { scope, step_id } = splitStepKey(key);
  const iteration = splitIterationScope(scope);
  return among(plan, iteration === null ? null : splitStepKey(iteration.owner).step_id, step_id);
}

function among(plan: Plan, ownerId: string | null, stepId: string): StepPlan | undefined {
  const owner = ownerId === null ? undefined : plan.byId.get(ownerId);
  return owner === undefined || owner.jobs.size === 0 ? plan.byId.get(stepId) : owner.jobs.get(stepId);
}

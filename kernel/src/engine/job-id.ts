import { step_key } from '@llmteam/contracts';
import type { StepPlan } from './plan.js';
import type { ScopeState } from './state.js';

/** `<run_id>/<step key>#<attempt>` */
export function job_id(run_id: string, at: { scope: ScopeState; step: StepPlan }, attempt: number): string {
  return `${run_id}/${step_key(at.scope.path, at.step.step_id)}#${attempt}`;
}

import { stepKey } from '@llmteam/contracts';
import type { ScopeState } from './state.js';
import type { StepPlan } from './step-plan.js';

/** `<run_id>/<step key>#<attempt>` */
export function jobId(runId: string, at: { scope: ScopeState; step: StepPlan }, attempt: number): string {
  return `${runId}/${stepKey(at.scope.path, at.step.step_id)}#${attempt}`;
}

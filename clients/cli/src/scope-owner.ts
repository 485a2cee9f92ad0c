import { splitIterationScope, splitStepKey } from '@llmteam/contracts';

/**
 * The step that opened a scope; null for the root scope. A step of the graph runs in scopes of the loop around it. Any other step in a scope
 * is an inner step, which may have the id of one.
 */
export function scopeOwner(scope: string): string | null {
  const iteration = splitIterationScope(scope);
  return iteration === null ? null : splitStepKey(iteration.owner).step_id;
}

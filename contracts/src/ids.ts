import { Type } from 'typebox';

/** Id of a segment, step or step type. */
export const Identifier = Type.String({ pattern: '^[a-z][a-z0-9_]*$', maxLength: 64 });

/** A port name. */
export const PortName = Type.String({ pattern: '^[a-z][a-z0-9_]*$', maxLength: 64 });

/** Ids supplied by callers: tenants, instances, runs, correlation ids. */
export const Name = Type.String({ pattern: '^[A-Za-z0-9][A-Za-z0-9._-]*$', maxLength: 128 });

/**
 * Identifies an occurrence of a step within a run by scope and step id: `research`, `each[3]/fetch`,
 * `each[3]/retry[0]/call`; `each#2[3]/fetch` belongs to the second attempt of `each`.
 */
export const StepKey = Type.String({ minLength: 1, maxLength: 2_048 });

/** `stepKey('each[3]', 'fetch')` is `each[3]/fetch`; the root scope is the empty string. */
export function stepKey(scope: string, stepId: string): string {
  return scope === '' ? stepId : `${scope}/${stepId}`;
}

/** The scope of iteration `index` of the loop step occurrence `owner`: `each[3]`, or `each#2[3]` in its second attempt. */
export function iterationScope(owner: string, index: number, attempt = 1): string {
  return attempt > 1 ? `${owner}#${attempt}[${index}]` : `${owner}[${index}]`;
}

/** The inverse of {@link iterationScope}; null for the root scope. */
export function splitIterationScope(scope: string): { owner: string; index: number; attempt: number } | null {
  const [, owner, attempt = '1', index] = /^(.+?)(?:#(\d+))?\[(\d+)\]$/.exec(scope) ?? [];
  return owner === undefined ? null : { owner, index: Number(index), attempt: Number(attempt) };
}

/** The inverse of {@link stepKey}. */
export function splitStepKey(key: string): { scope: string; step_id: string } {
  const slash = key.lastIndexOf('/');
  return slash < 0 ? { scope: '', step_id: key } : { scope: key.slice(0, slash), step_id: key.slice(slash + 1) };
}

import { Type } from 'typebox';

/** `^[a-z][a-z0-9_]*$`, at most 64 characters: segments, steps and step types are named so. */
export const Identifier = Type.String({ pattern: '^[a-z][a-z0-9_]*$', maxLength: 64 });

/** A port name. */
export const PortName = Type.String({ pattern: '^[a-z][a-z0-9_]*$', maxLength: 64 });

/** Ids that come from callers (tenants, instances, runs, correlation ids): at most 128 characters of `[A-Za-z0-9._-]`. */
export const Name = Type.String({ pattern: '^[A-Za-z0-9][A-Za-z0-9._-]*$', maxLength: 128 });

/**
 * An occurrence of a step: its scope and its id, e.g. `research` or `each[3]/fetch` or `each[3]/retry[0]/call`.
 * Unique within a run.
 */
export const StepKey = Type.String({ minLength: 1, maxLength: 2_048 });

/** `stepKey('each[3]', 'fetch')` is `each[3]/fetch`; the root scope is the empty string. */
export function stepKey(scope: string, stepId: string): string {
  return scope === '' ? stepId : `${scope}/${stepId}`;
}

/** The scope of iteration `index` that the occurrence `owner` of a loop type opened. */
export function iterationScope(owner: string, index: number): string {
  return `${owner}[${index}]`;
}

/** The inverse of {@link stepKey}. */
export function splitStepKey(key: string): { scope: string; step_id: string } {
  const slash = key.lastIndexOf('/');
  return slash < 0 ? { scope: '', step_id: key } : { scope: key.slice(0, slash), step_id: key.slice(slash + 1) };
}

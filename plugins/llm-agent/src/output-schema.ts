import { type Json, type JsonObject, LlmteamError } from '@llmteam/contracts';
import { Errors } from 'typebox/schema';
import { isObject, referredSchema, schemasWithin } from './schema-walk.js';

const types: readonly Json[] = ['array', 'boolean', 'integer', 'null', 'number', 'object', 'string'];
/** A regular expression on model output could block the process for minutes (ReDoS); dynamic references are unsupported. */
export const refusedKeywords: readonly string[] = ['pattern', 'patternProperties', '$dynamicRef', '$recursiveRef'];
const shownProblems = 10;

/** @throws LlmteamError `STEP_CONFIG_INVALID` if answers cannot be validated against it. */
export function checkOutputSchema(schema: JsonObject): void {
  for (const part of schemasWithin(schema)) {
    const problem = problemOf(part, schema);
    if (problem !== undefined) throw unusable(problem);
  }
}

function problemOf(part: JsonObject, root: JsonObject): string | undefined {
  const keyword = refusedKeywords.find((key) => Object.hasOwn(part, key));
  if (keyword !== undefined) return `'${keyword}' is not available in this version; use 'enum' or lengths`;
  const named = Array.isArray(part.type) ? (part.type as readonly Json[]) : [part.type ?? 'null'];
  const unknown = named.find((type) => !types.includes(type));
  if (unknown !== undefined) return `${JSON.stringify(unknown)} is not a JSON type`;
  if (part.$ref === undefined) return undefined;
  const target = typeof part.$ref === 'string' ? referredSchema(root, part.$ref) : undefined;
  return isObject(target) || typeof target === 'boolean'
    ? undefined
    : `'$ref' ${JSON.stringify(part.$ref)} leads to no schema in it`;
}

/**
 * Returns where and why a value does not match; empty if it does.
 * @throws LlmteamError `STEP_CONFIG_INVALID` if the schema cannot be applied, e.g. because it refers to itself endlessly.
 */
export function problemsOf(schema: JsonObject, value: Json): readonly string[] {
  try {
    const [matches, errors] = Errors(schema, value);
    if (matches) return [];
    const problems = errors
      .slice(0, shownProblems)
      .map(({ instancePath, message }) => `${instancePath || '/'} ${message}`);
    return problems.length > 0 ? problems : ['/ does not match'];
  } catch (cause) {
    throw unusable('it cannot be applied', cause);
  }
}

function unusable(problem: string, cause?: unknown): LlmteamError {
  return new LlmteamError('STEP_CONFIG_INVALID', `\`output_schema\`: ${problem}`, { cause });
}

/** Whether providers accept the schema in strict mode: every object is closed and every key required. */
export function isStrictSchema(schema: JsonObject): boolean {
  for (const part of schemasWithin(schema)) {
    const properties = isObject(part.properties) ? Object.keys(part.properties) : [];
    if (part.type !== 'object' && properties.length === 0) continue;
    const required = Array.isArray(part.required) ? (part.required as readonly Json[]) : [];
    if (part.additionalProperties !== false || properties.some((key) => !required.includes(key))) return false;
  }
  return true;
}

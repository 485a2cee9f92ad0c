import { type Json, type JsonObject, LlmteamError } from '@llmteam/contracts';
import { Errors } from 'typebox/schema';
import { is_object, referred_schema, schemas_within } from './schema-walk.js';

const types: readonly Json[] = ['array', 'boolean', 'integer', 'null', 'number', 'object', 'string'];
/** A pattern of the author against text of a model is a way to block the process for minutes. */
const refused: readonly string[] = ['pattern', 'patternProperties', '$dynamicRef', '$recursiveRef'];
const shown_problems = 10;

/** @throws LlmteamError `STEP_CONFIG_INVALID` if answers cannot be checked by it. */
export function check_output_schema(schema: JsonObject): void {
  for (const part of schemas_within(schema)) {
    const problem = problem_of(part, schema);
    if (problem !== undefined) throw unusable(problem);
  }
}

function problem_of(part: JsonObject, root: JsonObject): string | undefined {
  const keyword = refused.find((key) => Object.hasOwn(part, key));
  if (keyword !== undefined) return `'${keyword}' is not available in this version; use 'enum' or lengths`;
  const named = Array.isArray(part.type) ? (part.type as readonly Json[]) : [part.type ?? 'null'];
  const unknown = named.find((type) => !types.includes(type));
  if (unknown !== undefined) return `${JSON.stringify(unknown)} is not a type of JSON`;
  if (part.$ref === undefined) return undefined;
  const target = typeof part.$ref === 'string' ? referred_schema(root, part.$ref) : undefined;
  return is_object(target) || typeof target === 'boolean'
    ? undefined
    : `'$ref' ${JSON.stringify(part.$ref)} leads to no schema in it`;
}

/**
 * Where and why a value does not match; empty if it does.
 * @throws LlmteamError `STEP_CONFIG_INVALID` if the schema cannot be applied, e.g. refers to itself without end.
 */
export function problems_of(schema: JsonObject, value: Json): readonly string[] {
  try {
    const [matches, errors] = Errors(schema, value);
    if (matches) return [];
    const problems = errors
      .slice(0, shown_problems)
      .map(({ instancePath, message }) => `${instancePath || '/'} ${message}`);
    return problems.length > 0 ? problems : ['/ does not match'];
  } catch (cause) {
    throw unusable('it cannot be applied', cause);
  }
}

function unusable(problem: string, cause?: unknown): LlmteamError {
  return new LlmteamError('STEP_CONFIG_INVALID', `\`output_schema\`: ${problem}`, { cause });
}

/** Whether a provider can promise an answer of this schema: every object closed, every key required. */
export function is_strict_schema(schema: JsonObject): boolean {
  for (const part of schemas_within(schema)) {
    const properties = is_object(part.properties) ? Object.keys(part.properties) : [];
    if (part.type !== 'object' && properties.length === 0) continue;
    const required = Array.isArray(part.required) ? (part.required as readonly Json[]) : [];
    if (part.additionalProperties !== false || properties.some((key) => !required.includes(key))) return false;
  }
  return true;
}

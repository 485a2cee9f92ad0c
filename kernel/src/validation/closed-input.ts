import type { JsonObject } from '@llmteam/contracts';
import { asObject } from './draft.js';

/** A key that no input of the run can have, and the keys that it can have there. */
export interface ExcludedKey {
  readonly key: string;
  readonly known: readonly string[];
}

/** The first key of a path into the run's input that the segment's `input_schema` excludes; null if all are possible. */
export function excludedKey(inputSchema: JsonObject | null, path: readonly string[]): ExcludedKey | null {
  let schema = inputSchema;
  for (const key of path) {
    const properties = asObject(schema?.properties) ?? {};
    if (schema === null) return null;
    if (Object.hasOwn(properties, key)) schema = asObject(properties[key]);
    else return isClosed(schema) ? { key, known: Object.keys(properties) } : null;
  }
  return null;
}

/** Whether objects have no keys besides `properties`, whatever the other keywords say. */
function isClosed({ additionalProperties, patternProperties }: JsonObject): boolean {
  return additionalProperties === false && patternProperties === undefined;
}

import { configKeywords, type JsonObject } from '@llmteam/contracts';
import type { ErrorObject } from 'ajv/dist/2020.js';
import { ClosestName } from '../validation/closest-name.js';
import { addConfigFormats, makeAjv } from '../validation/schemas/ajv.js';
import { onePerCause } from '../validation/schemas/causes.js';
import { SchemaErrors } from '../validation/schemas/schema-errors.js';
import { schemaProblems } from '../validation/schemas/schema-problems.js';

/** Returns what is wrong with a config in one line and in words, or null if it is valid. */
export type ConfigChecker = (schema: JsonObject, config: JsonObject) => string | null;

/** For all plugin schemas. Plugins are operator code, so their patterns are trusted. Schemas are compiled on first use. */
export function configChecker(): ConfigChecker {
  const own = { verbose: true, strictTypes: false, keywords: [...configKeywords] };
  const errors = new SchemaErrors((options) => addConfigFormats(makeAjv({ ...options, ...own })));
  return (schema, config) => {
    const found = errors.of(schema, config);
    return found.length === 0 ? null : told(found);
  };
}

/** In the words of the validator, which sees what is not known before the run. */
function told(errors: readonly ErrorObject[]): string {
  const context = { base: '', closest: new ClosestName(), subject: () => ({ name: 'config', depth: 0 }) };
  return schemaProblems(onePerCause(errors), context)
    .map(({ message }) => message)
    .join('; ');
}

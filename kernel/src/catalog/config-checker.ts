import { configKeywords, type JsonObject } from '@llmteam/contracts';
import type { ErrorObject } from 'ajv/dist/2020.js';
import { ClosestName } from '../validation/closest-name.js';
import { addConfigFormats, makeAjv } from '../validation/schemas/ajv.js';
import { onePerCause } from '../validation/schemas/causes.js';
import { SchemaErrors } from '../validation/schemas/schema-errors.js';
import { schemaProblems } from '../validation/schemas/schema-problems.js';

/** Returns what is wrong with a value in one line and in words, or null if it is valid. `subject`, by default `config`, names it. */
export type ConfigChecker = (schema: JsonObject, value: JsonObject, subject?: string) => string | null;

/** For all plugin schemas. Plugins are operator code, so their patterns are trusted. Schemas are compiled on first use. */
export function configChecker(): ConfigChecker {
  const own = { verbose: true, strictTypes: false, keywords: [...configKeywords] };
  const errors = new SchemaErrors((options) => addConfigFormats(makeAjv({ ...options, ...own })));
  return (schema, value, subject = 'config') => {
    const found = errors.of(schema, value);
    return found.length === 0 ? null : told(found, subject);
  };
}

/** In the words of the validator, which sees what is not known before the run. */
function told(errors: readonly ErrorObject[], name: string): string {
  const context = { base: '', closest: new ClosestName(), subject: () => ({ name, depth: 0 }) };
  return schemaProblems(onePerCause(errors), context)
    .map(({ message }) => message)
    .join('; ');
}

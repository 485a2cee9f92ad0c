import { configKeywords, type JsonObject } from '@llmteam/contracts';
import type { ErrorObject, ValidateFunction } from 'ajv/dist/2020.js';
import { addConfigFormats, makeAjv } from '../validation/schemas/ajv.js';

/** Returns what is wrong with a config in one line, or null if it is valid. */
export type ConfigChecker = (schema: JsonObject, config: JsonObject) => string | null;

/** One Ajv for all plugin schemas. Plugins are operator code, so their patterns are trusted. Schemas are compiled on first use. */
export function configChecker(): ConfigChecker {
  const ajv = addConfigFormats(makeAjv({ allErrors: true, strictTypes: false, keywords: [...configKeywords] }));
  const compiled = new WeakMap<JsonObject, ValidateFunction>();
  return (schema, config) => {
    let validate = compiled.get(schema);
    if (validate === undefined) {
      validate = ajv.compile(schema);
      compiled.set(schema, validate);
    }
    return validate(config) ? null : (validate.errors ?? []).map(describe).join('; ');
  };
}

function describe(error: ErrorObject): string {
  const where = error.instancePath === '' ? 'config' : `config${error.instancePath}`;
  const named = error.keyword === 'additionalProperties' ? ` '${String(error.params.additionalProperty)}'` : '';
  const allowed = error.keyword === 'enum' ? ` ${JSON.stringify(error.params.allowedValues)}` : '';
  return `${where} ${error.message ?? 'is invalid'}${named}${allowed}`;
}

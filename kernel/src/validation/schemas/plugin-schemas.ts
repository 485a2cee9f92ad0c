import { cel_keyword, type JsonObject, LlmteamError, literal_keyword } from '@llmteam/contracts';
import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js';
import { add_formats } from '../../catalog/formats.js';
import type { CatalogEntry, StepCatalog } from '../../catalog/step-catalog.js';

import { compare_as_text } from './comparisons.js';

/** What is wrong with a config, before it is put in words. */
type ConfigErrors = (entry: CatalogEntry, config: JsonObject) => readonly ErrorObject[];

/** One Ajv for each catalog: it keeps what it compiles, and goes when the catalog goes. */
const by_catalog = new WeakMap<StepCatalog, ConfigErrors>();

/** The catalog's own check gives one line; this one gives places. Plugins are operator code: their schemas are trusted. */
export function config_errors_of(catalog: StepCatalog): ConfigErrors {
  const known = by_catalog.get(catalog) ?? make_check();
  by_catalog.set(catalog, known);
  return known;
}

function make_check(): ConfigErrors {
  const ajv = new Ajv2020({
    allErrors: true,
    verbose: true,
    strict: false,
    logger: false,
    meta: false,
    validateSchema: false,
    keywords: [cel_keyword, literal_keyword],
  });
  add_formats(ajv);
  compare_as_text(ajv, () => undefined);
  const compiled = new Map<JsonObject, ValidateFunction>();
  return ({ metadata }, config) => {
    const { config_schema } = metadata;
    const validate = compiled.get(config_schema) ?? compile(ajv, metadata.type_id, config_schema);
    compiled.set(config_schema, validate);
    return validate(config) ? [] : (validate.errors ?? []);
  };
}

function compile(ajv: Ajv2020, type_id: string, schema: JsonObject): ValidateFunction {
  try {
    return ajv.compile(schema);
  } catch (cause) {
    throw new LlmteamError('PLUGIN_INVALID', `the config schema of step type '${type_id}' is not valid`, { cause });
  }
}

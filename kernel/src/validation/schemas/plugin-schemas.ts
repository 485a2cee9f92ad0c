import { configKeywords, type JsonObject, LlmteamError } from '@llmteam/contracts';
import type { Ajv2020, ErrorObject, ValidateFunction } from 'ajv/dist/2020.js';
import type { CatalogEntry, StepCatalog } from '../../catalog/step-catalog.js';
import { addFormats, makeVerboseAjv } from './ajv.js';

/** Returns Ajv's errors for a config. */
type ConfigErrors = (entry: CatalogEntry, config: JsonObject) => readonly ErrorObject[];

/** One Ajv per catalog: compiled schemas are cached and collected together with the catalog. */
const byCatalog = new WeakMap<StepCatalog, ConfigErrors>();

/** Unlike the catalog's one-line check, this one locates each error. Plugins are operator code, so their schemas are trusted. */
export function configErrorsOf(catalog: StepCatalog): ConfigErrors {
  const known = byCatalog.get(catalog) ?? makeCheck();
  byCatalog.set(catalog, known);
  return known;
}

function makeCheck(): ConfigErrors {
  const ajv = addFormats(makeVerboseAjv({ keywords: [...configKeywords] }));
  const compiled = new Map<JsonObject, ValidateFunction>();
  return ({ metadata }, config) => {
    const { config_schema } = metadata;
    const validate = compiled.get(config_schema) ?? compile(ajv, metadata.type_id, config_schema);
    compiled.set(config_schema, validate);
    return validate(config) ? [] : (validate.errors ?? []);
  };
}

function compile(ajv: Ajv2020, typeId: string, schema: JsonObject): ValidateFunction {
  try {
    return ajv.compile(schema);
  } catch (cause) {
    throw new LlmteamError('PLUGIN_INVALID', `the config schema of step type '${typeId}' is not valid`, { cause });
  }
}

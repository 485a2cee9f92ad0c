import { configKeywords, type JsonObject, LlmteamError } from '@llmteam/contracts';
import type { ErrorObject } from 'ajv/dist/2020.js';
import type { CatalogEntry, StepCatalog } from '../../catalog/step-catalog.js';
import { addConfigFormats, makeVerboseAjv } from './ajv.js';
import { SchemaErrors } from './schema-errors.js';

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
  const errors = new SchemaErrors((options) =>
    addConfigFormats(makeVerboseAjv({ ...options, keywords: [...configKeywords] })),
  );
  return ({ metadata }, config) => {
    try {
      return errors.of(metadata.config_schema, config);
    } catch (cause) {
      const message = `the config schema of step type '${metadata.type_id}' is not valid`;
      throw new LlmteamError('PLUGIN_INVALID', message, { cause });
    }
  };
}

import { configKeywords, type JsonObject } from '@llmteam/contracts';
import type { Ajv2020, Options, ValidateFunction } from 'ajv/dist/2020.js';
import { addConfigFormats, makeAjv } from '../validation/schemas/ajv.js';

/** A config with the defaults of its schema filled in; the same one if the schema has none. */
export type CompleteConfig = (schema: JsonObject, config: JsonObject) => JsonObject;

/** Schemas are compiled on first use. Defaults count where Ajv fills them in: in `properties` and `items`, not below `oneOf` or `anyOf`. */
export function configDefaults(): CompleteConfig {
  const known = new WeakMap<JsonObject, ValidateFunction | null>();
  const options: Options = { useDefaults: true, strict: false, logger: false, keywords: [...configKeywords] };
  const own: { ajv?: Ajv2020 } = {};
  const compile = (schema: JsonObject): ValidateFunction | null => {
    if (!hasDefaults(schema)) return null;
    own.ajv ??= addConfigFormats(makeAjv(options));
    return own.ajv.compile(schema);
  };
  return (schema, config) => {
    const found = known.get(schema);
    const fill = found === undefined ? compile(schema) : found;
    known.set(schema, fill);
    if (fill === null) return config;
    const completed = structuredClone(config);
    fill(completed);
    return completed;
  };
}

function hasDefaults(schema: unknown): boolean {
  if (typeof schema !== 'object' || schema === null) return false;
  const { properties, items, prefixItems, allOf, $defs } = schema as Readonly<Record<string, unknown>>;
  const members = [properties, $defs].flatMap((group) =>
    typeof group === 'object' && group !== null ? Object.values(group) : [],
  );
  const lists = [prefixItems, allOf].flatMap((list) => (Array.isArray(list) ? list : []));
  return [...members, ...lists, items].some(
    (part) => typeof part === 'object' && part !== null && ('default' in part || hasDefaults(part)),
  );
}

import type { Json, JsonObject } from '@llmteam/contracts';

/**
 * A schema in which a property with a default is not required: the runtime fills it in. TypeBox requires every property that is not
 * `Optional`, because its types say what there is after that.
 */
export function withOptionalDefaults(schema: JsonObject): JsonObject {
  return relaxed(schema) as JsonObject;
}

/** Keywords whose members are schemas by name; a name is no keyword. */
const maps: readonly string[] = ['properties', 'patternProperties', '$defs', 'definitions', 'dependentSchemas'];
/** Keywords whose values are data, in which `required` would be a member like any other. */
const data: readonly string[] = ['default', 'const', 'enum', 'examples'];

function relaxed(schema: Json): Json {
  if (Array.isArray(schema)) return schema.map(relaxed);
  if (!isObject(schema)) return schema;
  const { required, ...rest } = mapped(schema, (part, key) => {
    if (maps.includes(key) && isObject(part)) return mapped(part, relaxed);
    return data.includes(key) ? part : relaxed(part);
  });
  if (!Array.isArray(required)) return required === undefined ? rest : { ...rest, required: required as Json };
  const properties = (rest.properties ?? {}) as Readonly<Record<string, JsonObject>>;
  const needed = (required as readonly string[]).filter((key) => properties[key]?.default === undefined);
  return needed.length === 0 ? rest : { ...rest, required: needed };
}

function mapped(object: JsonObject, change: (part: Json, key: string) => Json): Record<string, Json> {
  return Object.fromEntries(Object.entries(object).map(([key, part]) => [key, change(part, key)]));
}

function isObject(value: Json): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

import type { Json, JsonObject } from '@llmteam/contracts';

/**
 * A schema in which a property with a default is not required: the runtime fills it in. TypeBox requires every property that is not
 * `Optional`, because its types say what there is after that.
 */
export function withOptionalDefaults(schema: JsonObject): JsonObject {
  return relaxed(schema) as JsonObject;
}

function relaxed(schema: Json): Json {
  if (Array.isArray(schema)) return schema.map(relaxed);
  if (typeof schema !== 'object' || schema === null) return schema;
  const { required, ...rest } = Object.fromEntries(
    Object.entries(schema as JsonObject).map(([key, part]) => [key, isData(key) ? part : relaxed(part)]),
  );
  if (!Array.isArray(required)) return required === undefined ? rest : { ...rest, required: required as Json };
  const properties = (rest.properties ?? {}) as Readonly<Record<string, JsonObject>>;
  const needed = (required as readonly string[]).filter((key) => properties[key]?.default === undefined);
  return needed.length === 0 ? rest : { ...rest, required: needed };
}

/** Keywords whose values are data, in which `required` would be a member like any other. */
function isData(key: string): boolean {
  return key === 'default' || key === 'const' || key === 'enum' || key === 'examples';
}

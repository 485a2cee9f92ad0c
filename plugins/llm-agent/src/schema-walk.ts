import type { Json, JsonObject } from '@llmteam/contracts';

const single = [
  ...['additionalItems', 'additionalProperties', 'contains', 'contentSchema', 'else', 'if', 'items', 'not'],
  ...['propertyNames', 'then', 'unevaluatedItems', 'unevaluatedProperties'],
];
const lists = ['allOf', 'anyOf', 'oneOf', 'prefixItems', 'items'];
const maps = ['$defs', 'definitions', 'dependentSchemas', 'patternProperties', 'properties'];

/** Yields a schema and all schemas nested in it. References are not followed. */
export function* schemasWithin(schema: Json | undefined): Generator<JsonObject> {
  if (!isObject(schema)) return;
  yield schema;
  for (const key of single) yield* schemasWithin(schema[key]);
  for (const key of lists) {
    const list = schema[key];
    if (Array.isArray(list)) for (const item of list as readonly Json[]) yield* schemasWithin(item);
  }
  for (const key of maps) {
    const map = schema[key];
    if (isObject(map)) for (const item of Object.values(map)) yield* schemasWithin(item);
  }
}

/** Resolves e.g. `#/$defs/article`, or an anchor, within `root`; undefined if it does not exist or points outside. */
export function referredSchema(root: JsonObject, reference: string): Json | undefined {
  if (!reference.startsWith('#')) return undefined;
  if (reference !== '#' && !reference.startsWith('#/')) return anchored(root, reference.slice(1));
  let found: Json | undefined = root;
  for (const token of decode(reference).split('/').slice(1)) {
    const key = token.replaceAll('~1', '/').replaceAll('~0', '~');
    found =
      typeof found === 'object' && found !== null && Object.hasOwn(found, key) ? (found as JsonObject)[key] : undefined;
  }
  return found;
}

const anchors = new WeakMap<JsonObject, ReadonlyMap<string, JsonObject>>();

function anchored(root: JsonObject, name: string): JsonObject | undefined {
  const known = anchors.get(root) ?? anchorsIn(root);
  anchors.set(root, known);
  return known.get(name);
}

function anchorsIn(root: JsonObject): ReadonlyMap<string, JsonObject> {
  const found = new Map<string, JsonObject>();
  for (const schema of schemasWithin(root)) if (typeof schema.$anchor === 'string') found.set(schema.$anchor, schema);
  return found;
}

function decode(reference: string): string {
  try {
    return decodeURIComponent(reference);
  } catch {
    return reference;
  }
}

export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

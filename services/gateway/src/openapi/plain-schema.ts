import type { TSchema } from 'typebox';

export type PlainSchema = Record<string, unknown>;

/** The schema as plain JSON without `$id`s, for validators. */
export function plainSchema(schema: TSchema): PlainSchema {
  return walk(JSON.parse(JSON.stringify(schema)), () => null) as PlainSchema;
}

/** The schema as plain JSON in which every schema with an `$id` is a reference into `components`. */
export function namedSchema(schema: TSchema, components: Map<string, PlainSchema>): PlainSchema {
  return nameSchemas(JSON.parse(JSON.stringify(schema), openFreeObjects), components) as PlainSchema;
}

/** A schema without `$id`s for the document. */
export function openSchema(schema: Readonly<Record<string, unknown>>): PlainSchema {
  return walk(JSON.parse(JSON.stringify(schema), openFreeObjects), () => null) as PlainSchema;
}

const shapeKeywords = ['properties', 'patternProperties', 'additionalProperties', 'propertyNames'];

/** Says outright that a free object may have any key: generators take its absence for an object without keys. */
function openFreeObjects(_key: string, value: unknown): unknown {
  const isObject = typeof value === 'object' && value !== null && 'type' in value && value.type === 'object';
  return isObject && !shapeKeywords.some((keyword) => keyword in value)
    ? { ...value, additionalProperties: true }
    : value;
}

function nameSchemas(value: unknown, components: Map<string, PlainSchema>): unknown {
  return walk(value, (name, inner) => {
    if (!components.has(name)) {
      components.set(name, {});
      components.set(name, nameSchemas(inner, components) as PlainSchema);
    }
    return { $ref: `#/components/schemas/${name}` };
  });
}

/** Removes every `$id`; `name` may return a replacement for the schema that had it. */
function walk(value: unknown, name: (id: string, inner: PlainSchema) => PlainSchema | null): unknown {
  if (Array.isArray(value)) return value.map((item) => walk(item, name));
  if (typeof value !== 'object' || value === null) return value;
  const { $id, ...rest } = value as PlainSchema;
  if (typeof $id === 'string') {
    const instead = name($id, rest);
    if (instead !== null) return instead;
  }
  return Object.fromEntries(Object.entries(rest).map(([key, member]) => [key, walk(member, name)]));
}

import type { Json, JsonObject } from '@llmteam/contracts';
import { Skipped } from './check-report.js';

/**
 * A value that fits a schema: what the schema gives as `default`, `examples`, `const` or `enum`, else the smallest one of its type.
 * @throws Skipped for what cannot be made up, such as a text that matches a pattern
 */
export function sampleOf(schema: JsonObject, root: JsonObject = schema, depth = 0): Json {
  if (depth > 16) throw new Skipped('its schema is nested too deep to make up a value');
  const given = givenValue(schema);
  if (given !== undefined) return given;
  if (typeof schema.$ref === 'string') return sampleOf(referenced(schema.$ref, root), root, depth + 1);
  const [first] = [schema.anyOf, schema.oneOf, schema.allOf].flatMap((list) => (Array.isArray(list) ? list : []));
  if (first !== undefined) return sampleOf(first as JsonObject, root, depth + 1);
  return ofType(schema, root, depth);
}

function givenValue(schema: JsonObject): Json | undefined {
  const [example] = Array.isArray(schema.examples) ? (schema.examples as Json[]) : [];
  const [member] = Array.isArray(schema.enum) ? (schema.enum as Json[]) : [];
  return schema.const ?? schema.default ?? example ?? member;
}

function referenced(ref: string, root: JsonObject): JsonObject {
  if (ref === '#') return root;
  const definitions = { ...(root.definitions as JsonObject), ...(root.$defs as JsonObject) };
  const found = definitions[ref.split('/').at(-1) ?? ''];
  if (found === undefined) throw new Skipped(`no value can be made up for $ref '${ref}'`);
  return found as JsonObject;
}

function ofType(schema: JsonObject, root: JsonObject, depth: number): Json {
  const type = Array.isArray(schema.type) ? schema.type[0] : schema.type;
  switch (type) {
    case 'string':
      return sampleText(schema);
    case 'integer':
    case 'number':
      return sampleNumber(schema);
    case 'boolean':
      return false;
    case 'array':
      return Array.from({ length: Number(schema.minItems ?? 0) }, () =>
        sampleOf((schema.items ?? {}) as JsonObject, root, depth + 1),
      );
    case 'object':
      return sampleObject(schema, root, depth);
    default:
      return type === 'null' ? null : 'sample';
  }
}

function sampleText({ minLength, maxLength, pattern, format }: JsonObject): string {
  if (pattern !== undefined || format !== undefined) {
    throw new Skipped(`no text can be made up for ${JSON.stringify(pattern ?? format)}: give the schema \`examples\``);
  }
  return 'sample'.padEnd(Number(minLength ?? 0), '.').slice(0, Number(maxLength ?? Number.POSITIVE_INFINITY));
}

function sampleNumber({ type, minimum, exclusiveMinimum, maximum, multipleOf }: JsonObject): number {
  const least = Number(
    minimum ?? (exclusiveMinimum === undefined ? Math.min(1, Number(maximum ?? 1)) : Number(exclusiveMinimum) + 1),
  );
  const step = Number(multipleOf ?? (type === 'integer' ? 1 : 0));
  return step > 0 ? Math.ceil(least / step) * step : least;
}

function sampleObject({ required, properties }: JsonObject, root: JsonObject, depth: number): JsonObject {
  const names = Array.isArray(required) ? (required as string[]) : [];
  const schemas = (properties ?? {}) as Readonly<Record<string, JsonObject>>;
  return Object.fromEntries(names.map((name) => [name, sampleOf(schemas[name] ?? {}, root, depth + 1)]));
}

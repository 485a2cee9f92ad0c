/**
 * Purpose: generates a value that matches a JSON Schema; deterministic, and its strings show that no model produced it.
 * Owns: the choice of values. Does not own: validation (output-schema.ts).
 * Invariants:
 *  O1 it returns a matching value or throws
 *  O2 it terminates even for recursive schemas: beyond some depth only required properties are generated, and both depth
 *     and number of values are bounded
 */
import { type Json, type JsonObject, LlmteamError } from '@llmteam/contracts';
import { problemsOf } from '../output-schema.js';
import { isObject, referredSchema } from '../schema-walk.js';

const mark = '[offline]';
const generousDepth = 4;
const maxDepth = 32;
const maxValues = 10_000;

/** @throws LlmteamError `LLM_REFUSED` if no match is found. */
export function offlineInstance(schema: JsonObject): Json {
  const value = instanceOf(schema, { root: schema, name: '', depth: 0, made: { values: 0 } });
  const [problem] = problemsOf(schema, value);
  if (problem !== undefined) throw refused(problem);
  return value;
}

interface Place {
  readonly root: JsonObject;
  /** The property the value is for. */
  readonly name: string;
  readonly depth: number;
  readonly made: { values: number };
}

function refused(problem: string): LlmteamError {
  return new LlmteamError(
    'LLM_REFUSED',
    `the offline model cannot generate a value that matches \`output_schema\`: ${problem}`,
  );
}

function instanceOf(schema: Json | undefined, place: Place): Json {
  place.made.values += 1;
  if (place.depth > maxDepth) throw refused(`nested deeper than ${maxDepth} levels`);
  if (place.made.values > maxValues) throw refused(`it needs more than ${maxValues} values`);
  if (!isObject(schema)) return textFor({}, place);
  if (schema.const !== undefined) return schema.const;
  if (schema.default !== undefined) return schema.default;
  if (Array.isArray(schema.enum)) return (schema.enum as readonly Json[])[0] ?? null;
  const inner = { ...place, depth: place.depth + 1 };
  const resolved = resolveOnce(schema, place.root);
  return resolved === schema ? byType(schema, place) : instanceOf(resolved, inner);
}

/** The schema with its first reference or combinator resolved; the schema itself if it has none. */
function resolveOnce(schema: JsonObject, root: JsonObject): JsonObject {
  const { $ref, anyOf, oneOf, allOf, ...rest } = schema;
  if (typeof $ref === 'string') return merged({ ...omit(schema, '$ref') }, referredSchema(root, $ref));
  if (Array.isArray(allOf)) return (allOf as readonly Json[]).reduce<JsonObject>(merged, omit(schema, 'allOf'));
  const choices = anyOf ?? oneOf;
  if (!Array.isArray(choices)) return schema;
  return merged(rest, (choices as readonly Json[])[0]);
}

function omit(schema: JsonObject, key: string): JsonObject {
  return Object.fromEntries(Object.entries(schema).filter(([name]) => name !== key));
}

function merged(base: JsonObject, more: Json | undefined): JsonObject {
  if (!isObject(more)) return base;
  const properties =
    isObject(base.properties) && isObject(more.properties) ? { ...base.properties, ...more.properties } : undefined;
  const required = [...listOf(base.required), ...listOf(more.required)];
  return { ...base, ...more, ...(properties && { properties }), ...(required.length > 0 && { required }) };
}

function listOf(value: Json | undefined): readonly Json[] {
  return Array.isArray(value) ? (value as readonly Json[]) : [];
}

function byType(schema: JsonObject, place: Place): Json {
  switch (typeOf(schema)) {
    case 'object':
      return objectFor(schema, place);
    case 'array':
      return listFor(schema, place);
    case 'integer':
      return numberFor(schema, 1);
    case 'number':
      return numberFor(schema, 0);
    case 'boolean':
      return false;
    case 'null':
      return null;
    default:
      return textFor(schema, place);
  }
}

function typeOf({ type, properties, required, items }: JsonObject): Json | undefined {
  if (Array.isArray(type)) return (type as readonly Json[]).find((one) => one !== 'null') ?? 'null';
  if (type !== undefined) return type;
  if (properties !== undefined || required !== undefined) return 'object';
  return items === undefined ? undefined : 'array';
}

function objectFor(schema: JsonObject, place: Place): JsonObject {
  const properties = isObject(schema.properties) ? schema.properties : {};
  const required = listOf(schema.required).map(String);
  const optional = place.depth < generousDepth ? Object.keys(properties) : [];
  const entries = [...new Set([...optional, ...required])].map((name): [string, Json] => {
    const own = Object.hasOwn(properties, name) ? properties[name] : schema.additionalProperties;
    return [name, instanceOf(own, { ...place, name, depth: place.depth + 1 })];
  });
  return Object.fromEntries(entries);
}

function listFor(schema: JsonObject, place: Place): Json {
  const first = listOf(schema.prefixItems);
  const length = Math.min(Math.max(Number(schema.minItems ?? 0), 0), maxValues);
  return Array.from({ length }, (_, index) => {
    const name = schema.uniqueItems === true ? `${place.name} ${index + 1}` : place.name;
    return instanceOf(first[index] ?? schema.items, { ...place, name, depth: place.depth + 1 });
  });
}

/** 0 if allowed, else a value at, near or between the bounds. */
function numberFor(schema: JsonObject, step: number): number {
  const { minimum, exclusiveMinimum, maximum, exclusiveMaximum, multipleOf } = schema;
  const unit = Number(multipleOf ?? step) || 1;
  const bounds = [minimum, exclusiveMinimum, maximum, exclusiveMaximum].map(Number).filter(Number.isFinite);
  const between = bounds.reduce((sum, bound) => sum + bound, 0) / Math.max(bounds.length, 1);
  const grid = [...bounds, between].flatMap((near) => [Math.floor(near / unit) * unit, Math.ceil(near / unit) * unit]);
  const candidates = [0, ...bounds, between, ...grid, ...grid.flatMap((near) => [near + unit, near - unit])];
  return candidates.find((candidate) => problemsOf(schema, candidate).length === 0) ?? 0;
}

function textFor(schema: JsonObject, { name }: Place): string {
  const format = typeof schema.format === 'string' ? formats.get(schema.format) : undefined;
  if (format !== undefined) return format;
  const text = name === '' ? mark : `${mark} ${name}`;
  const least = Math.min(Number(schema.minLength ?? 0), 1_000_000);
  return text.padEnd(least, '.').slice(0, Number(schema.maxLength ?? text.length + least));
}

/** Formats that cannot contain the literal mark. */
const formats: ReadonlyMap<string, string> = new Map([
  ['date-time', '2000-01-01T00:00:00Z'],
  ['date', '2000-01-01'],
  ['time', '00:00:00Z'],
  ['duration', 'PT0S'],
  ['email', 'offline@example.com'],
  ['hostname', 'offline.example.com'],
  ['ipv4', '192.0.2.0'],
  ['ipv6', '2001:db8::'],
  ['uri', 'https://example.com/offline'],
  ['url', 'https://example.com/offline'],
  ['uuid', '00000000-0000-0000-0000-000000000000'],
]);

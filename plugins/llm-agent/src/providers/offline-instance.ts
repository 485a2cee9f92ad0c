/**
 * Purpose: a value that matches a JSON Schema, always the same one, whose strings show that no model made it.
 * Owns: the choice of values. Does not own: what matches (output-schema.ts).
 * Invariants:
 *  O1 what comes back matches, or an error does
 *  O2 it ends, with schemas that refer to themselves too: from some depth on only what is required is made, and depth
 *     and number of values are bounded
 */
import { type Json, type JsonObject, LlmteamError } from '@llmteam/contracts';
import { problems_of } from '../output-schema.js';
import { is_object, referred_schema } from '../schema-walk.js';

const mark = '[offline]';
const generous_depth = 4;
const deepest = 32;
const most_values = 10_000;

/** @throws LlmteamError `LLM_REFUSED` if no match is found. */
export function offline_instance(schema: JsonObject): Json {
  const value = instance_of(schema, { root: schema, name: '', depth: 0, made: { values: 0 } });
  const [problem] = problems_of(schema, value);
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
  return new LlmteamError('LLM_REFUSED', `the offline model finds no value that matches \`output_schema\`: ${problem}`);
}

function instance_of(schema: Json | undefined, place: Place): Json {
  place.made.values += 1;
  if (place.depth > deepest) throw refused(`nested deeper than ${deepest} levels`);
  if (place.made.values > most_values) throw refused(`it needs more than ${most_values} values`);
  if (!is_object(schema)) return text_for({}, place);
  if (schema.const !== undefined) return schema.const;
  if (schema.default !== undefined) return schema.default;
  if (Array.isArray(schema.enum)) return (schema.enum as readonly Json[])[0] ?? null;
  const inner = { ...place, depth: place.depth + 1 };
  const resolved = one_schema(schema, place.root);
  return resolved === schema ? by_type(schema, place) : instance_of(resolved, inner);
}

/** The schema itself, or what it is once its first reference or combination is put into it. */
function one_schema(schema: JsonObject, root: JsonObject): JsonObject {
  const { $ref, anyOf, oneOf, allOf, ...rest } = schema;
  if (typeof $ref === 'string') return merged({ ...omit(schema, '$ref') }, referred_schema(root, $ref));
  if (Array.isArray(allOf)) return (allOf as readonly Json[]).reduce<JsonObject>(merged, omit(schema, 'allOf'));
  const choices = anyOf ?? oneOf;
  if (!Array.isArray(choices)) return schema;
  return merged(rest, (choices as readonly Json[])[0]);
}

function omit(schema: JsonObject, key: string): JsonObject {
  return Object.fromEntries(Object.entries(schema).filter(([name]) => name !== key));
}

function merged(base: JsonObject, more: Json | undefined): JsonObject {
  if (!is_object(more)) return base;
  const properties =
    is_object(base.properties) && is_object(more.properties) ? { ...base.properties, ...more.properties } : undefined;
  const required = [...list_of(base.required), ...list_of(more.required)];
  return { ...base, ...more, ...(properties && { properties }), ...(required.length > 0 && { required }) };
}

function list_of(value: Json | undefined): readonly Json[] {
  return Array.isArray(value) ? (value as readonly Json[]) : [];
}

function by_type(schema: JsonObject, place: Place): Json {
  switch (type_of(schema)) {
    case 'object':
      return object_for(schema, place);
    case 'array':
      return list_for(schema, place);
    case 'integer':
      return number_for(schema, 1);
    case 'number':
      return number_for(schema, 0);
    case 'boolean':
      return false;
    case 'null':
      return null;
    default:
      return text_for(schema, place);
  }
}

function type_of({ type, properties, required, items }: JsonObject): Json | undefined {
  if (Array.isArray(type)) return (type as readonly Json[]).find((one) => one !== 'null') ?? 'null';
  if (type !== undefined) return type;
  if (properties !== undefined || required !== undefined) return 'object';
  return items === undefined ? undefined : 'array';
}

function object_for(schema: JsonObject, place: Place): JsonObject {
  const properties = is_object(schema.properties) ? schema.properties : {};
  const required = list_of(schema.required).map(String);
  const optional = place.depth < generous_depth ? Object.keys(properties) : [];
  const entries = [...new Set([...optional, ...required])].map((name): [string, Json] => {
    const own = Object.hasOwn(properties, name) ? properties[name] : schema.additionalProperties;
    return [name, instance_of(own, { ...place, name, depth: place.depth + 1 })];
  });
  return Object.fromEntries(entries);
}

function list_for(schema: JsonObject, place: Place): Json {
  const first = list_of(schema.prefixItems);
  const length = Math.min(Math.max(Number(schema.minItems ?? 0), 0), most_values);
  return Array.from({ length }, (_, index) => {
    const name = schema.uniqueItems === true ? `${place.name} ${index + 1}` : place.name;
    return instance_of(first[index] ?? schema.items, { ...place, name, depth: place.depth + 1 });
  });
}

/** 0 if it is allowed, else a bound, or what lies beside or between the bounds. */
function number_for(schema: JsonObject, step: number): number {
  const { minimum, exclusiveMinimum, maximum, exclusiveMaximum, multipleOf } = schema;
  const unit = Number(multipleOf ?? step) || 1;
  const bounds = [minimum, exclusiveMinimum, maximum, exclusiveMaximum].map(Number).filter(Number.isFinite);
  const between = bounds.reduce((sum, bound) => sum + bound, 0) / Math.max(bounds.length, 1);
  const grid = [...bounds, between].flatMap((near) => [Math.floor(near / unit) * unit, Math.ceil(near / unit) * unit]);
  const candidates = [0, ...bounds, between, ...grid, ...grid.flatMap((near) => [near + unit, near - unit])];
  return candidates.find((candidate) => problems_of(schema, candidate).length === 0) ?? 0;
}

function text_for(schema: JsonObject, { name }: Place): string {
  const format = typeof schema.format === 'string' ? formats.get(schema.format) : undefined;
  if (format !== undefined) return format;
  const text = name === '' ? mark : `${mark} ${name}`;
  const least = Math.min(Number(schema.minLength ?? 0), 1_000_000);
  return text.padEnd(least, '.').slice(0, Number(schema.maxLength ?? text.length + least));
}

/** These cannot hold the mark as it is. */
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

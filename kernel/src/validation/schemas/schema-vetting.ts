/**
 * Purpose: decides whether a user-written schema may be compiled.
 * Owns: size and depth, refused keywords, references, patterns, formats. Does not own: the form of keyword values, which the
 * meta-schema checks.
 * Invariants: a schema that passes makes Ajv fetch nothing and run no JavaScript regular expression.
 */
import type { Json, JsonObject } from '@llmteam/contracts';
import { RE2JS } from 're2js';
import { compilePattern } from '../../expressions/patterns.js';
import { childPointer, toPointer } from '../../json/json-pointer.js';
import type { ClosestName } from '../closest-name.js';
import { asObject, listOf } from '../draft.js';
import { hint, quoted } from '../wording.js';
import { knownKeywords, refusedKeywords, schemaLists, schemaMaps, singleSchemas } from './keyword-table.js';

/** Limits on values and on schemas among them; Ajv takes up to a millisecond to compile each schema. */
const schemaNodes = 10_000;
const subschemas = 1_000;
const schemaDepth = 32;
const dialect = 'https://json-schema.org/draft/2020-12/schema';

export interface SchemaFault {
  readonly kind: 'limit' | 'violation';
  /** Within the schema. */
  readonly pointer: string;
  readonly text: string;
  readonly suggestion?: string | undefined;
}

/** Called with a subschema and its pointer within the whole. */
type Visit = (schema: JsonObject, pointer: string) => void;

export function vetSchema(schema: Json, formats: ReadonlySet<string>, closest: ClosestName): SchemaFault[] {
  const tooLarge = findExcess(schema);
  if (tooLarge !== null) return [{ kind: 'limit', pointer: '', text: tooLarge }];
  const faults: SchemaFault[] = [];
  let count = 0;
  eachSubschema(schema, '', (subschema, pointer) => {
    count++;
    for (const [keyword, value] of Object.entries(subschema)) {
      const fault = judge(keyword, value, pointer, formats, closest);
      if (fault !== null) faults.push({ kind: 'violation', pointer: childPointer(pointer, keyword), ...fault });
    }
    for (const pattern of Object.keys(asObject(subschema.patternProperties) ?? {})) {
      const text = patternFault(pattern);
      const path = childPointer(childPointer(pointer, 'patternProperties'), pattern);
      if (text !== null) faults.push({ kind: 'violation', pointer: path, text });
    }
  });
  if (count <= subschemas) return faults;
  return [{ kind: 'limit', pointer: '', text: `contains more than ${subschemas} schemas` }];
}

function findExcess(schema: Json): string | null {
  let nodes = 0;
  const isTooDeep = (value: Json, depth: number): boolean => {
    nodes++;
    if (typeof value !== 'object' || value === null || nodes > schemaNodes) return false;
    return depth >= schemaDepth || Object.values<Json>(value).some((member) => isTooDeep(member, depth + 1));
  };
  if (isTooDeep(schema, 0)) return `is nested deeper than ${schemaDepth}`;
  return nodes > schemaNodes ? `has more than ${schemaNodes} values` : null;
}

/** Visits all object subschemas, starting with the whole. Depth is bounded by {@link findExcess}. */
export function eachSubschema(schema: Json | undefined, pointer: string, visit: Visit): void {
  const whole = asObject(schema);
  if (whole === null) return;
  visit(whole, pointer);
  for (const [keyword, value] of Object.entries(whole)) {
    for (const [name, member] of membersOf(keyword, value)) {
      eachSubschema(member, toPointer(name === null ? [keyword] : [keyword, name], pointer), visit);
    }
  }
}

/** The schemas in a keyword's value, by key or index; the key is null if the value itself is the schema. */
function membersOf(keyword: string, value: Json): [string | number | null, Json][] {
  if (singleSchemas.has(keyword)) return [[null, value]];
  if (schemaLists.has(keyword)) return [...listOf(value).entries()];
  return schemaMaps.has(keyword) ? Object.entries(asObject(value) ?? {}) : [];
}

function judge(
  keyword: string,
  value: Json,
  pointer: string,
  formats: ReadonlySet<string>,
  closest: ClosestName,
): Pick<SchemaFault, 'text' | 'suggestion'> | null {
  if (refusedKeywords.has(keyword) && !(keyword === '$id' && pointer === '')) return { text: 'is not allowed here' };
  if (keyword === '$schema' && value !== dialect)
    return { text: `must be ${quoted(dialect)}, the only supported dialect` };
  if (keyword === '$ref' && typeof value === 'string' && !value.startsWith('#'))
    return { text: 'must begin with #: references to other documents are not supported' };
  if (keyword === 'pattern' && typeof value === 'string') {
    const text = patternFault(value);
    return text === null ? null : { text };
  }
  if (keyword === 'format' && typeof value === 'string' && !formats.has(value)) {
    const suggestion = closest.find(value, formats);
    return { text: `${quoted(value)} is not a known format${hint(suggestion)}`, suggestion };
  }
  if (knownKeywords.has(keyword) || refusedKeywords.has(keyword) || keyword.startsWith('x-')) return null;
  const suggestion = closest.find(keyword, knownKeywords);
  return { text: `is not a keyword of JSON Schema${hint(suggestion)}`, suggestion };
}

function patternFault(source: string): string | null {
  const compiled = compilePattern(RE2JS.translateRegExp(source));
  return 'reason' in compiled ? compiled.reason : null;
}

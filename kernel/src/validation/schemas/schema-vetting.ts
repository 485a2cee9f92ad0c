/**
 * Purpose: decides whether a schema that a user wrote may be compiled.
 * Owns: size and depth, refused keywords, references, patterns, formats. Does not own: whether keyword values have the right
 * form; the meta-schema says that.
 * Invariants: a schema that passes makes Ajv fetch nothing and run no regular expression of JavaScript's.
 */
import type { Json, JsonObject } from '@llmteam/contracts';
import { RE2JS } from 're2js';
import { compile_pattern } from '../../expressions/patterns.js';
import { child_pointer, to_pointer } from '../../json/json-pointer.js';
import type { ClosestName } from '../closest-name.js';
import { as_object, list_of } from '../draft.js';
import { hint, quoted } from '../wording.js';
import { known_keywords, refused_keywords, schema_lists, schema_maps, single_schemas } from './keyword-table.js';

/** Values in all, and schemas among them: each takes Ajv a good part of a millisecond to compile. */
const schema_nodes = 10_000;
const subschemas = 1_000;
const schema_depth = 32;
const dialect = 'https://json-schema.org/draft/2020-12/schema';

export interface SchemaFault {
  readonly kind: 'limit' | 'violation';
  /** Within the schema. */
  readonly pointer: string;
  readonly text: string;
  readonly suggestion?: string | undefined;
}

/** A subschema and what it is called within the whole. */
type Visit = (schema: JsonObject, pointer: string) => void;

export function vet_schema(schema: Json, formats: ReadonlySet<string>, closest: ClosestName): SchemaFault[] {
  const too_large = find_excess(schema);
  if (too_large !== null) return [{ kind: 'limit', pointer: '', text: too_large }];
  const faults: SchemaFault[] = [];
  let count = 0;
  each_subschema(schema, '', (subschema, pointer) => {
    count++;
    for (const [keyword, value] of Object.entries(subschema)) {
      const fault = judge(keyword, value, pointer, formats, closest);
      if (fault !== null) faults.push({ kind: 'violation', pointer: child_pointer(pointer, keyword), ...fault });
    }
    for (const pattern of Object.keys(as_object(subschema.patternProperties) ?? {})) {
      const text = pattern_fault(pattern);
      const path = child_pointer(child_pointer(pointer, 'patternProperties'), pattern);
      if (text !== null) faults.push({ kind: 'violation', pointer: path, text });
    }
  });
  if (count <= subschemas) return faults;
  return [{ kind: 'limit', pointer: '', text: `has more than ${subschemas} schemas within` }];
}

function find_excess(schema: Json): string | null {
  let nodes = 0;
  const is_too_deep = (value: Json, depth: number): boolean => {
    nodes++;
    if (typeof value !== 'object' || value === null || nodes > schema_nodes) return false;
    return depth >= schema_depth || Object.values<Json>(value).some((member) => is_too_deep(member, depth + 1));
  };
  if (is_too_deep(schema, 0)) return `is nested deeper than ${schema_depth}`;
  return nodes > schema_nodes ? `has more than ${schema_nodes} values` : null;
}

/** Subschemas that are objects, the whole first. Depth is bounded by {@link find_excess}. */
export function each_subschema(schema: Json | undefined, pointer: string, visit: Visit): void {
  const whole = as_object(schema);
  if (whole === null) return;
  visit(whole, pointer);
  for (const [keyword, value] of Object.entries(whole)) {
    for (const [name, member] of members_of(keyword, value)) {
      each_subschema(member, to_pointer(name === null ? [keyword] : [keyword, name], pointer), visit);
    }
  }
}

/** The schemas that a keyword's value is or holds, by their name in it. */
function members_of(keyword: string, value: Json): [string | number | null, Json][] {
  if (single_schemas.has(keyword)) return [[null, value]];
  if (schema_lists.has(keyword)) return [...list_of(value).entries()];
  return schema_maps.has(keyword) ? Object.entries(as_object(value) ?? {}) : [];
}

function judge(
  keyword: string,
  value: Json,
  pointer: string,
  formats: ReadonlySet<string>,
  closest: ClosestName,
): Pick<SchemaFault, 'text' | 'suggestion'> | null {
  if (refused_keywords.has(keyword) && !(keyword === '$id' && pointer === '')) return { text: 'is not allowed here' };
  if (keyword === '$schema' && value !== dialect)
    return { text: `must be ${quoted(dialect)}, the only dialect there is` };
  if (keyword === '$ref' && typeof value === 'string' && !value.startsWith('#'))
    return { text: 'must begin with #: other documents are not read' };
  if (keyword === 'pattern' && typeof value === 'string') {
    const text = pattern_fault(value);
    return text === null ? null : { text };
  }
  if (keyword === 'format' && typeof value === 'string' && !formats.has(value)) {
    const suggestion = closest.find(value, formats);
    return { text: `${quoted(value)} is no known format${hint(suggestion)}`, suggestion };
  }
  if (known_keywords.has(keyword) || refused_keywords.has(keyword) || keyword.startsWith('x-')) return null;
  const suggestion = closest.find(keyword, known_keywords);
  return { text: `is not a keyword of JSON Schema${hint(suggestion)}`, suggestion };
}

function pattern_fault(source: string): string | null {
  const compiled = compile_pattern(RE2JS.translateRegExp(source));
  return 'reason' in compiled ? compiled.reason : null;
}

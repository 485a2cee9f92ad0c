/**
 * Purpose: decides whether a user-written schema may be compiled.
 * Owns: size and depth, refused keywords, references, patterns, formats. Does not own: the form of keyword values, which the
 * meta-schema checks.
 * Invariants: a schema that passes makes Ajv fetch nothing and run no JavaScript regular expression.
 */
import type { Json, JsonObject } from '@llmteam/contracts';
import { RE2JS } from 're2js';
import { compilePattern } from '../../expressions/patterns.js';
import { childPointer, splitPointer, toPointer } from '../../json/json-pointer.js';
import type { Work } from '../../slices/slices.js';
import type { ClosestName } from '../closest-name.js';
import { asObject, listOf } from '../draft.js';
import { hint, quoted } from '../wording.js';
import { knownKeywords, refusedKeywords, schemaLists, schemaMaps, singleSchemas } from './keyword-table.js';

/** Limits on values and on schemas among them; Ajv takes up to a millisecond to compile each schema. */
const schemaNodes = 10_000;
const subschemas = 1_000;
const schemaDepth = 32;
/** Of the earlier drafts, which a step type may support. */
const additionalItems = 'additionalItems';
const dialect = 'https://json-schema.org/draft/2020-12/schema';

export interface SchemaFault {
  readonly kind: 'limit' | 'violation';
  /** JSON Pointer within the schema. */
  readonly pointer: string;
  readonly text: string;
  readonly suggestion?: string | undefined;
}

export function* vetSchema(schema: Json, formats: ReadonlySet<string>, closest: ClosestName): Work<SchemaFault[]> {
  const tooLarge = findExcess(schema);
  if (tooLarge !== null) return [{ kind: 'limit', pointer: '', text: tooLarge }];
  const faults: SchemaFault[] = [];
  const anchors = anchorsOf(schema);
  let count = 0;
  for (const [subschema, pointer] of subschemasOf(schema)) {
    count++;
    for (const [keyword, value] of Object.entries(subschema)) {
      yield;
      const fault = judge(keyword, value, { root: schema, anchors, pointer, formats, closest });
      if (fault !== null) faults.push({ kind: 'violation', pointer: childPointer(pointer, keyword), ...fault });
    }
    for (const pattern of Object.keys(asObject(subschema.patternProperties) ?? {})) {
      yield;
      const text = patternFault(pattern);
      const path = childPointer(childPointer(pointer, 'patternProperties'), pattern);
      if (text !== null) faults.push({ kind: 'violation', pointer: path, text });
    }
  }
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

/** All object subschemas with their pointers, starting with the whole. Depth is bounded by {@link findExcess}. */
export function* subschemasOf(schema: Json | undefined, pointer = ''): Iterable<readonly [JsonObject, string]> {
  const whole = asObject(schema);
  if (whole === null) return;
  yield [whole, pointer];
  for (const [keyword, value] of Object.entries(whole)) {
    for (const [name, member] of membersOf(keyword, value)) {
      yield* subschemasOf(member, toPointer(name === null ? [keyword] : [keyword, name], pointer));
    }
  }
}

/** The schemas in a keyword's value, by key or index; the key is null if the value itself is the schema. */
function membersOf(keyword: string, value: Json): [string | number | null, Json][] {
  // A list of `items` is a tuple of the earlier drafts.
  if (schemaLists.has(keyword) || (singleSchemas.has(keyword) && Array.isArray(value)))
    return [...listOf(value).entries()];
  if (singleSchemas.has(keyword) || keyword === additionalItems) return [[null, value]];
  return schemaMaps.has(keyword) ? Object.entries(asObject(value) ?? {}) : [];
}

interface Surroundings {
  readonly root: Json;
  readonly anchors: ReadonlySet<string>;
  readonly pointer: string;
  readonly formats: ReadonlySet<string>;
  readonly closest: ClosestName;
}

function judge(keyword: string, value: Json, surroundings: Surroundings): Judgement | null {
  if (typeof value === 'string' && Object.hasOwn(textFaults, keyword)) {
    return textFaults[keyword]?.(value, surroundings) ?? null;
  }
  const { pointer, closest } = surroundings;
  if (refusedKeywords.has(keyword) && !(keyword === '$id' && pointer === '')) return { text: 'is not allowed here' };
  if (knownKeywords.has(keyword) || refusedKeywords.has(keyword) || keyword.startsWith('x-')) return null;
  const suggestion = closest.find(keyword, knownKeywords);
  return { text: `is not a keyword of JSON Schema${hint(suggestion)}`, suggestion };
}

type Judgement = Pick<SchemaFault, 'text' | 'suggestion'>;
type JudgeText = (text: string, surroundings: Surroundings) => Judgement | null;

/** Keywords whose value is a text that may be wrong in itself. */
const textFaults: Readonly<Record<string, JudgeText>> = {
  $schema: (text) => (text === dialect ? null : { text: `must be ${quoted(dialect)}, the only supported dialect` }),
  $ref: (text, { root, anchors }) => fault(referenceFault(text, root, anchors)),
  pattern: (text) => fault(patternFault(text)),
  format(text, { formats, closest }) {
    if (formats.has(text)) return null;
    const suggestion = closest.find(text, formats);
    return { text: `${quoted(text)} is not a known format${hint(suggestion)}`, suggestion };
  },
};

function fault(text: string | null): Judgement | null {
  return text === null ? null : { text };
}

/** Why a `$ref` leads to no schema in `root`; null if it does. */
export function referenceFault(reference: string, root: Json, anchors: ReadonlySet<string>): string | null {
  if (!reference.startsWith('#')) {
    return `is ${quoted(reference)}, but must begin with #: references to other documents are not supported`;
  }
  const isPointer = reference === '#' || reference.startsWith('#/');
  const leadsSomewhere = isPointer ? isSchema(valueAt(reference, root)) : anchors.has(reference.slice(1));
  return leadsSomewhere ? null : `leads to no schema: there is nothing at ${quoted(reference)}`;
}

/** What `$ref` may name besides pointers. */
export function anchorsOf(root: Json): ReadonlySet<string> {
  const anchors = new Set<string>();
  for (const [{ $anchor }] of subschemasOf(root)) if (typeof $anchor === 'string') anchors.add($anchor);
  return anchors;
}

function valueAt(reference: string, root: Json): Json | undefined {
  let value: Json | undefined = root;
  for (const token of splitPointer(decoded(reference.slice(1)))) {
    const holder: object = typeof value === 'object' && value !== null ? value : {};
    value = Object.hasOwn(holder, token) ? Reflect.get(holder, token) : undefined;
  }
  return value;
}

function decoded(fragment: string): string {
  try {
    return decodeURIComponent(fragment);
  } catch {
    return fragment;
  }
}

function isSchema(value: Json | undefined): boolean {
  return typeof value === 'boolean' || asObject(value) !== null;
}

function patternFault(source: string): string | null {
  const compiled = compilePattern(RE2JS.translateRegExp(source));
  return 'reason' in compiled ? compiled.reason : null;
}

/**
 * Purpose: converts a TypeBox schema to plain JSON Schema (2020-12).
 * Invariants: TypeBox's internal keys (`~kind`) are removed; a named schema occurs once, under `$defs`; the output is deterministic.
 */
import { isDeepStrictEqual } from 'node:util';

const dialect = 'https://json-schema.org/draft/2020-12/schema';

/** The root of a schema file and the named schemas it uses, by name. */
export function plainSchema(schema) {
  const definitions = new Map();
  const { $id: _, ...root } = plain(schema, definitions, true);
  const sorted = [...definitions].sort(([one], [other]) => (one < other ? -1 : 1));
  return { root, definitions: new Map(sorted) };
}

/** `name` is that of the file; the `$id` never changes. */
export function schemaFile(name, schema) {
  const { root, definitions } = plainSchema(schema);
  const $defs = definitions.size === 0 ? {} : { $defs: Object.fromEntries(definitions) };
  return { $schema: dialect, $id: `urn:llmteam:schema:${name}`, ...root, ...$defs };
}

function plain(value, definitions, isRoot = false) {
  if (Array.isArray(value)) return value.map((item) => plain(item, definitions));
  if (typeof value !== 'object' || value === null) return typeof value === 'string' ? withoutLinks(value) : value;
  const known = Object.entries(value).filter(([key]) => !key.startsWith('~'));
  const copy = Object.fromEntries(known.map(([key, part]) => [key, plain(part, definitions)]));
  return isRoot || !isNamed(copy) ? copy : reference(copy, definitions);
}

/** A property may also be called `$id`; then it is a schema, not a string. */
function isNamed({ $id }) {
  return typeof $id === 'string';
}

function reference({ $id, ...schema }, definitions) {
  const known = definitions.get($id);
  if (known !== undefined && !isDeepStrictEqual(known, schema)) throw new Error(`two schemas are named '${$id}'`);
  definitions.set($id, schema);
  return { $ref: `#/$defs/${$id}` };
}

/** Replaces `{@link Definition}`, which only code editors understand. */
function withoutLinks(text) {
  return text.replaceAll(/\{@link (\w+)\}/g, '`$1`');
}

/**
 * Purpose: a schema of the code as a JSON Schema file (2020-12) that any tool can read.
 * Invariants: what the schema library notes for itself (`~kind`) is gone; a schema that has a name stands once, under `$defs`;
 * the same schema gives the same text.
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

/** `name` as in the file name; the `$id` never changes. */
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

/** A property may be called `$id` too; then it is a schema and not a text. */
function isNamed({ $id }) {
  return typeof $id === 'string';
}

function reference({ $id, ...schema }, definitions) {
  const known = definitions.get($id);
  if (known !== undefined && !isDeepStrictEqual(known, schema)) throw new Error(`two schemas are named '${$id}'`);
  definitions.set($id, schema);
  return { $ref: `#/$defs/${$id}` };
}

/** `{@link Definition}` is for editors of code. */
function withoutLinks(text) {
  return text.replaceAll(/\{@link (\w+)\}/g, '`$1`');
}

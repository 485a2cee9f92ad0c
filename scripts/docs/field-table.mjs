/**
 * Purpose: renders the keys of an object schema as a table.
 * Nested keys are written `position.x`, those of list items `cases[].port`, those of map values `clients.<name>.base_url`.
 */
import { conditionSentences, ruleWords, typeWords } from './field-words.mjs';
import { code, table } from './markdown.mjs';

const headings = ['key', 'type', 'required', 'default', 'rule'];

/** `link` renders the name of a schema for the column `type`. */
export function fieldTable(schema, link = code) {
  if (schema.anyOf?.every(({ properties }) => properties?.kind?.const !== undefined)) return kindTable(schema);
  const rows = rowsOf(schema, '', link);
  const sentences = conditionSentences(schema);
  const fields = rows.length === 0 ? 'No keys.' : table(headings, rows);
  return sentences.length === 0 ? fields : `${fields}\n\n${sentences.join(' ')}`;
}

/** A union discriminated by `kind`, one row per member. */
function kindTable({ anyOf }) {
  const rows = anyOf.map(({ description = '', properties: { kind, ...fields } }) => {
    const words = Object.entries(fields).map(([key, field]) =>
      [code(key), field.description].filter((part) => part !== undefined).join(': '),
    );
    return [code(kind.const), description, words.join('; ')];
  });
  return table(['kind', 'meaning', 'fields'], rows);
}

function rowsOf({ properties = {}, required = [] }, prefix, link) {
  return Object.entries(properties).flatMap(([key, field]) => {
    const path = `${prefix}${key}`;
    const fallback = field.default === undefined ? '' : code(JSON.stringify(field.default));
    const row = [code(path), typeWords(field, link), required.includes(key) ? 'yes' : '', fallback, ruleWords(field)];
    const { suffix, schema } = inner(field);
    return schema === undefined ? [row] : [row, ...rowsOf(schema, `${path}${suffix}.`, link)];
  });
}

/** The object schema inside the field, if it is an object, a list of objects or a map of objects. */
function inner(field) {
  if (field.properties !== undefined) return { suffix: '', schema: field };
  const item = oneOfMany(field.items);
  if (item?.properties !== undefined) return { suffix: '[]', schema: item };
  const [byName] = Object.values(field.patternProperties ?? {});
  return byName?.properties === undefined ? {} : { suffix: '.<name>', schema: byName };
}

/** Merges a union of objects: all their keys; required are those that every member requires. */
function oneOfMany(schema) {
  const kinds = schema?.anyOf;
  if (kinds === undefined || kinds.some(({ properties }) => properties === undefined)) return schema;
  const required = kinds.map((kind) => kind.required ?? []);
  return {
    properties: Object.assign({}, ...kinds.map(({ properties }) => properties)),
    required: required.reduce((all, keys) => all.filter((key) => keys.includes(key))),
  };
}

/** Describes a JSON Schema in words, for a table cell. */
import { code } from './markdown.mjs';

/** `string`, `list of integer`, `"a"`, `"b"`; `link` renders a named schema. */
export function typeWords(schema, link) {
  if (schema.$ref !== undefined) return link(schema.$ref.split('/').at(-1));
  if (schema.const !== undefined) return code(schema.const);
  if (schema.enum?.length > 12) return 'one of those listed below';
  if (schema.enum !== undefined) return schema.enum.map((value) => code(value)).join(', ');
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices !== undefined) return [...new Set(choices.map((choice) => typeWords(choice, link)))].join(' or ');
  if (schema.type === 'array') return listWords(schema, link);
  if (schema.type === 'object') return objectWords(schema, link);
  return schema.type ?? 'any JSON';
}

function listWords({ items }, link) {
  return items === undefined || items.properties !== undefined ? 'list' : `list of ${oneThing(items, link)}`;
}

function oneThing(schema, link) {
  const words = typeWords(schema, link);
  return words.includes(' or ') ? `(${words})` : words;
}

function objectWords({ additionalProperties, patternProperties }, link) {
  const [byPattern] = Object.values(patternProperties ?? {});
  const values = byPattern ?? additionalProperties;
  if (typeof values !== 'object') return 'object';
  return values.properties === undefined ? `object of ${oneThing(values, link)}` : 'object by name';
}

/** The constraints besides the type, then the description. */
export function ruleWords(schema) {
  const { description = '' } = schema;
  const known = [...limits(schema), ...celWords(schema), ...literalWords(schema)].join(', ');
  return [known, description].filter((words) => words !== '').join('. ');
}

function limits(schema) {
  const words = [];
  if (schema.anyOf !== undefined) words.push(...schema.anyOf.flatMap(limits));
  if (schema.pattern !== undefined) words.push(code(schema.pattern));
  if (schema.format !== undefined) words.push(schema.format);
  if (schema.exclusiveMinimum !== undefined) words.push(`> ${schema.exclusiveMinimum}`);
  words.push(...range(schema.minimum ?? null, schema.maximum ?? null, ''));
  words.push(...range(schema.minLength ?? null, schema.maxLength ?? null, ' characters'));
  words.push(...range(schema.minItems ?? null, schema.maxItems ?? null, ' items'));
  words.push(...range(schema.minProperties ?? null, schema.maxProperties ?? null, ' keys'));
  if (schema.uniqueItems === true) words.push('unique items');
  if (schema.type === 'array' && schema.items !== undefined && schema.items.properties === undefined) {
    words.push(...limits(schema.items).map((limit) => `each ${limit}`));
  }
  return words;
}

function celWords({ 'x-cel': result, description = '' }) {
  if (result === undefined || description.startsWith('CEL')) return [];
  return [result === 'any' ? 'CEL' : `CEL that returns a ${result}`];
}

/** Wherever else a string may hold `${…}`, it is filled in. */
function literalWords({ 'x-literal': isLiteral }) {
  return isLiteral === true ? ['no `${…}`'] : [];
}

function range(least, most, unit) {
  const number = (value) => value.toLocaleString('en');
  if (least !== null && most !== null) return [`${number(least)} … ${number(most)}${unit}`];
  if (least === 1 && unit !== '') return ['not empty'];
  if (least !== null) return [`≥ ${number(least)}${unit}`];
  return most === null ? [] : [`≤ ${number(most)}${unit}`];
}

/** The constraints between the keys of an object: `oneOf` of required keys, keys that exclude others, `if` … `else`. */
export function conditionSentences(schema) {
  const choices = schema.oneOf?.map(({ required = [] }) => required[0]);
  const oneOf = choices === undefined ? [] : [`Exactly one of ${choices.map((key) => code(key)).join(' and ')}.`];
  const conditions = [schema, ...(schema.allOf ?? [])].filter((part) => part.if !== undefined);
  return [...oneOf, ...exclusionSentence(schema), ...conditions.flatMap(conditionSentence)];
}

/** `dependentSchemas` in which each key excludes those after it. */
function exclusionSentence({ dependentSchemas = {} }) {
  const [first] = Object.entries(dependentSchemas);
  if (first === undefined) return [];
  const [key, { properties }] = first;
  return [`At most one of ${[key, ...Object.keys(properties)].map((name) => code(name)).join(', ')}.`];
}

function conditionSentence({ if: when, else: otherwise }) {
  const [[key, test]] = Object.entries(when.properties);
  if (test.enum === undefined) return [];
  return [`Unless ${code(key)} is ${test.enum.map((value) => code(value)).join(' or ')}: ${demands(otherwise)}.`];
}

function demands({ required = [], properties = {} }) {
  const needed = required.map((key) => `${code(key)} is required`);
  const others = Object.entries(properties).flatMap(([key, schema]) => demand(key, schema));
  return [...needed, ...others].join(', ');
}

function demand(key, schema) {
  if (schema === false) return [`${code(key)} must be absent`];
  if (schema.enum !== undefined) return [`${code(key)} is ${schema.enum.map((value) => code(value)).join(' or ')}`];
  return schema.minItems === undefined ? [] : [`${code(key)} has at least ${schema.minItems} item`];
}

import type { JsonObject, ProblemCode } from '@llmteam/contracts';
import type { ErrorObject } from 'ajv';
import type { ClosestName } from '../closest-name.js';
import { hint, listed, quoted } from '../wording.js';
import { noBranch, oneOfKeys, severalBranches } from './causes.js';
import { patternWords } from './pattern-words.js';

/** The predicate of a message, to follow the name of its subject. */
export interface ErrorDescription {
  readonly code: ProblemCode;
  /** For example `must be a number`; about the member `key` if that is set. */
  readonly text: string;
  /** The missing or unknown member. */
  readonly key?: string;
  /** Missing members of which any one suffices. */
  readonly keys?: readonly string[];
  readonly suggestion?: string | undefined;
}

type Describe = (error: ErrorObject, closest: ClosestName) => ErrorDescription;

const violation = (text: string, suggestion?: string): ErrorDescription => ({
  code: 'SCHEMA_VIOLATION',
  text,
  suggestion,
});
const limit =
  (format: (value: number) => string): Describe =>
  (error) =>
    violation(format(Number(error.params.limit)));

const byKeyword: Readonly<Record<string, Describe>> = {
  required: (error) => ({ code: 'MISSING_FIELD', text: 'is missing', key: String(error.params.missingProperty) }),
  dependentRequired: (error) => missingDependency(error),
  additionalProperties: (error, closest) => unknownKey(error, String(error.params.additionalProperty), closest),
  unevaluatedProperties: (error, closest) => unknownKey(error, String(error.params.unevaluatedProperty), closest),
  propertyNames: (error) => wrongName(error),
  'false schema': () => violation('is not allowed with the other values'),
  type: (error) => wrongType(error),
  enum: (error, closest) => wrongValue(error, [...(error.params.allowedValues ?? [])], closest),
  const: (error, closest) => wrongValue(error, [error.params.allowedValue], closest),
  minimum: limit((value) => `must be at least ${value}`),
  maximum: limit((value) => `must be at most ${value}`),
  exclusiveMinimum: limit((value) => `must be more than ${value}`),
  exclusiveMaximum: limit((value) => `must be less than ${value}`),
  multipleOf: (error) => violation(`must be a multiple of ${error.params.multipleOf}`),
  minLength: limit((value) => (value === 1 ? 'must not be empty' : `must have at least ${value} characters`)),
  maxLength: limit((value) => `must have at most ${value} characters`),
  minItems: limit((value) => (value === 1 ? 'must not be empty' : `must have at least ${value} items`)),
  maxItems: limit((value) => `must have at most ${value} items`),
  minProperties: limit((value) => (value === 1 ? 'must not be empty' : `must have at least ${value} keys`)),
  maxProperties: limit((value) => `must have at most ${value} keys`),
  uniqueItems: () => violation('must not have the same item twice'),
  pattern: (error) => violation(patternText(error.parentSchema, String(error.params.pattern))),
  format: (error) => violation(formatText(String(error.params.format))),
  contains: () => violation('must contain a matching item'),
  not: () => violation('must not match the excluded schema'),
  [oneOfKeys]: (error) => oneKey(error),
  [severalBranches]: () => violation('matches more than one of the allowed forms; it must match exactly one'),
  [noBranch]: () => violation('matches none of the allowed forms'),
};

export function describeError(error: ErrorObject, closest: ClosestName): ErrorDescription {
  const describe = Object.hasOwn(byKeyword, error.keyword) ? byKeyword[error.keyword] : undefined;
  return describe === undefined ? violation(error.message ?? 'is invalid') : describe(error, closest);
}

function patternText(schema: JsonObject | undefined, pattern: string): string {
  const words = patternWords(schema ?? {});
  return words === undefined ? `must match ${pattern}` : `must be ${words}`;
}

const formatExamples: ReadonlyMap<string, string> = new Map([
  ['date', '2030-01-31'],
  ['date-time', '2030-01-31T12:00:00+01:00'],
  ['email', 'ada@example.com'],
  ['uri', 'https://example.com/path'],
]);

function formatText(format: string): string {
  const example = formatExamples.get(format);
  return `must be a string of format ${quoted(format)}${example === undefined ? '' : `, such as ${example}`}`;
}

function missingDependency(error: ErrorObject): ErrorDescription {
  const dependent = quoted(String(error.params.property));
  return {
    code: 'MISSING_FIELD',
    text: `is missing, but ${dependent} requires it`,
    key: String(error.params.missingProperty),
  };
}

function unknownKey(error: ErrorObject, key: string, closest: ClosestName): ErrorDescription {
  const properties: unknown = error.parentSchema?.properties;
  const known = typeof properties === 'object' && properties !== null ? Object.keys(properties) : [];
  const data: object = typeof error.data === 'object' && error.data !== null ? error.data : {};
  const unused = known.filter((name) => !Object.hasOwn(data, name));
  const suggestion = closest.find(key, unused);
  return { code: 'UNKNOWN_FIELD', text: hint(suggestion, known), key, suggestion };
}

function wrongName({ schema, params }: ErrorObject): ErrorDescription {
  const words = typeof schema === 'object' && schema !== null ? patternWords(schema as JsonObject) : undefined;
  const expected = words === undefined ? '' : `: a key must be ${words}`;
  return violation(`must not have a key ${quoted(String(params.propertyName))}${expected}`);
}

const typeNames: Readonly<Record<string, string>> = {
  string: 'a string',
  number: 'a number',
  integer: 'a whole number',
  boolean: 'true or false',
  object: 'an object',
  array: 'a list',
  null: 'null',
};

function wrongType(error: ErrorObject): ErrorDescription {
  const wanted = [...new Set([error.params.type].flat().map(String))].map((type) => typeNames[type] ?? type);
  return { code: 'INVALID_TYPE', text: `must be ${wanted.join(' or ')}, not ${kindOf(error.data)}` };
}

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'number') return `the number ${value}`;
  if (typeof value === 'boolean') return String(value);
  return typeNames[typeof value] ?? `a ${typeof value}`;
}

function wrongValue(error: ErrorObject, allowed: readonly unknown[], closest: ClosestName): ErrorDescription {
  const given = error.data;
  const names = allowed.filter((value) => typeof value === 'string');
  const suggestion = typeof given === 'string' ? closest.find(given, names) : undefined;
  const actual = typeof given === 'string' ? `, not ${quoted(given)}` : `, not ${kindOf(given)}`;
  const wanted =
    names.length === allowed.length ? listed(names) : allowed.map((one) => JSON.stringify(one)).join(' or ');
  return violation(`must be ${wanted}${actual}${hint(suggestion)}`, suggestion);
}

function oneKey(error: ErrorObject): ErrorDescription {
  const keys: string[] = error.params.keys;
  if (error.params.given === true) return violation(`must have only one of ${listed(keys, 'and')}`);
  return { code: 'MISSING_FIELD', text: `must have ${listed(keys)}`, keys };
}

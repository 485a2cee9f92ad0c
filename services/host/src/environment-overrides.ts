/**
 * Purpose: environment variables `LLMTEAM_<SECTION>_<KEY>` that override keys of the configuration file.
 * Owns: which variables exist (one per schema key that can be addressed by a path) and parsing their text.
 * Does not own: validation; the schema validates values as for the file.
 */
import type { JsonObject } from '@llmteam/contracts';

/** The subset of JSON Schema that the configuration uses. */
export interface SchemaNode {
  readonly type?: string;
  readonly enum?: readonly unknown[];
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly patternProperties?: Readonly<Record<string, SchemaNode>>;
  readonly items?: SchemaNode;
}

interface Variable {
  readonly path: readonly string[];
  readonly schema: SchemaNode;
}

export interface Overrides {
  /** The file's value with the overrides applied. */
  readonly value: unknown;
  /** By JSON Pointer: the variable that set the value. */
  readonly givenBy: ReadonlyMap<string, string>;
  /** Variables with our prefix that match no key: misspelt, or set by the platform that runs the process. */
  readonly unknown: readonly string[];
}

type Environment = Readonly<Record<string, string | undefined>>;

const prefix = 'LLMTEAM_';

export function override(value: unknown, schema: SchemaNode, environment: Environment): Overrides {
  const set = Object.entries(environment).filter(([name, text]) => name.startsWith(prefix) && (text ?? '') !== '');
  if (set.length === 0) return { value, givenBy: new Map(), unknown: [] };
  const known = variablesOf(schema);
  const givenBy = new Map<string, string>();
  let merged = value;
  for (const [name, text] of set) {
    const variable = known.get(name);
    if (variable === undefined) continue;
    merged = withValue(merged, variable.path, parseValue(text ?? '', variable.schema));
    givenBy.set(pointer(variable.path), name);
  }
  return { value: merged, givenBy, unknown: unknownNames(set, known, schema) };
}

/** By name: every leaf of the schema that is reachable through fixed property names. */
function variablesOf(schema: SchemaNode): Map<string, Variable> {
  const found = new Map<string, Variable>();
  const visit = (node: SchemaNode, path: readonly string[]): void => {
    if (node.properties !== undefined) {
      for (const [key, part] of Object.entries(node.properties)) visit(part, [...path, key]);
    } else if (canBeText(node)) {
      found.set(`${prefix}${path.join('_').toUpperCase()}`, { path, schema: node });
    }
  };
  const { $schema: _, ...properties } = schema.properties ?? {};
  visit({ properties }, []);
  return found;
}

/** Whether a value can be written as one line of text: scalars, lists of scalars, maps of numbers. */
function canBeText({ type, patternProperties }: SchemaNode): boolean {
  if (type !== 'object') return true;
  const values = Object.values(patternProperties ?? {});
  return values.length > 0 && values.every((value) => value.type === 'integer' || value.type === 'number');
}

/** `a,b` for a list, `a=1,b=2` for a map. Text that cannot be parsed is kept, so that schema validation reports it. */
function parseValue(text: string, schema: SchemaNode): unknown {
  if (schema.type === 'array') return partsOf(text).map((part) => parseValue(part, schema.items ?? {}));
  if (schema.type === 'object') return byName(text, Object.values(schema.patternProperties ?? {})[0] ?? {});
  if (schema.type === 'boolean' && (text === 'true' || text === 'false')) return text === 'true';
  const isNumber =
    schema.type === 'integer' || schema.type === 'number' || schema.enum?.some((one) => typeof one === 'number');
  return isNumber === true && /^-?[0-9]+(\.[0-9]+)?$/.test(text) ? Number(text) : text;
}

function byName(text: string, schema: SchemaNode): unknown {
  const pairs = partsOf(text).map((part) => [part.split('=', 1)[0] ?? '', part.slice(part.indexOf('=') + 1)] as const);
  return Object.fromEntries(pairs.map(([name, value]) => [name.trim(), parseValue(value.trim(), schema)]));
}

function partsOf(text: string): string[] {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

/** Sets a value in a copy. A non-object on the path is kept, so that schema validation reports it. */
function withValue(whole: unknown, path: readonly string[], value: unknown): unknown {
  const [key, ...rest] = path;
  if (key === undefined) return value;
  const object = whole === undefined ? {} : whole;
  if (typeof object !== 'object' || object === null || Array.isArray(object)) return object;
  const known = object as JsonObject;
  return { ...known, [key]: withValue(known[key], rest, value) };
}

/** Needs no escaping: no schema key contains a slash or a tilde. */
function pointer(path: readonly string[]): string {
  return path.map((key) => `/${key}`).join('');
}

/** Unknown names are not errors because Kubernetes sets variables such as `LLMTEAM_WORKER_SERVICE_HOST`. */
function unknownNames(
  set: readonly (readonly [string, string | undefined])[],
  known: ReadonlyMap<string, Variable>,
  schema: SchemaNode,
): string[] {
  const sections = Object.entries(schema.properties ?? {}).filter(([, { properties }]) => properties !== undefined);
  const starts = sections.map(([name]) => `${prefix}${name.toUpperCase()}_`);
  const names = set.map(([name]) => name).filter((name) => !known.has(name));
  return names.filter((name) => starts.some((start) => name.startsWith(start))).sort();
}

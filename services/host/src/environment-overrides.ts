/**
 * Purpose: `LLMTEAM_<SECTION>_<KEY>`: environment variables that stand for keys of the configuration file and go before them.
 * Owns: which variables there are (every key of the schema that can be named by a path) and how their text becomes a value.
 * Does not own: judging the value; that is the schema's, as for the file.
 */
import type { JsonObject } from '@llmteam/contracts';

/** As much of JSON Schema as the configuration uses. */
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
  /** The file's value with those of the variables in it. */
  readonly value: unknown;
  /** By JSON Pointer: the variable that gave the value there. */
  readonly givenBy: ReadonlyMap<string, string>;
  /** Variables that begin like one of ours and name no key: misspelt, or set by the machinery that runs the process. */
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

/** By name: every leaf that is reached through keys with names of their own. */
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

/** What has one line of text: plain values, lists of them, plain values by name. */
function canBeText({ type, patternProperties }: SchemaNode): boolean {
  if (type !== 'object') return true;
  const values = Object.values(patternProperties ?? {});
  return values.length > 0 && values.every((value) => value.type === 'integer' || value.type === 'number');
}

/** `a,b` for a list, `a=1,b=2` for values by name. What does not fit is left as text: the schema says what is wrong with it. */
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

/** A copy along the path. What stands in the way and is no object stays: the schema refuses it. */
function withValue(whole: unknown, path: readonly string[], value: unknown): unknown {
  const [key, ...rest] = path;
  if (key === undefined) return value;
  const object = whole === undefined ? {} : whole;
  if (typeof object !== 'object' || object === null || Array.isArray(object)) return object;
  const known = object as JsonObject;
  return { ...known, [key]: withValue(known[key], rest, value) };
}

/** Escapes are not needed: no key of the schema has a slash or a tilde. */
function pointer(path: readonly string[]): string {
  return path.map((key) => `/${key}`).join('');
}

/** Kubernetes sets `LLMTEAM_WORKER_SERVICE_HOST` and the like by itself, so an unknown name is no error. */
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

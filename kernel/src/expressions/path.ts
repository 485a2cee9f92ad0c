import type { Variables } from '../engine/expression.js';
import { type Code, Failure } from './evaluation.js';
import type { Key, PathTerm } from './term.js';
import { type CelMap, type CelValue, described, isList, isMap } from './values.js';

/** A computed key may be as long as any string. */
export function shownKey(key: string): string {
  return key.length > 256 ? `${key.slice(0, 256)}…` : key;
}

/** Reads an own property of a map; inherited ones (`constructor`, `toString`) are not data. */
export function readKey(value: CelValue, key: string, offset: number): CelValue {
  const found = own(mapOf(value, key, offset), key);
  if (found === undefined) throw new Failure(`no such key: '${shownKey(key)}'`, offset);
  return found;
}

function own(map: CelMap, key: string): CelValue | undefined {
  return Object.hasOwn(map, key) ? map[key] : undefined;
}

function mapOf(value: CelValue, key: string, offset: number): CelMap {
  if (isMap(value)) return value;
  const hint = key === 'length' && (isList(value) || typeof value === 'string') ? '; write size(x)' : '';
  throw new Failure(`cannot read '${shownKey(key)}' of ${described(value)}${hint}`, offset);
}

export function compilePath(path: PathTerm): Code {
  const { root, keys } = path;
  if (root === 'steps') return compileStepPath(path);
  const readRoot = rootReaders[root];
  if (keys.length === 0) return (run) => readRoot(run.variables, path.offset);
  return (run) => {
    let value = readRoot(run.variables, path.offset);
    for (const { name, offset } of keys) value = readKey(value, name, offset);
    return value;
  };
}

type RootReader = (variables: Variables, offset: number) => CelValue;

const rootReaders: Readonly<Record<Exclude<PathTerm['root'], 'steps'>, RootReader>> = {
  value: ({ value }, offset) => {
    if (value === undefined) throw new Failure("'value' is known only in the condition of an edge", offset);
    return value;
  },
  input: ({ input }, offset) => {
    if (input === undefined)
      throw new Failure("'input' is not known here: the step has nothing on port 'input'", offset);
    return input;
  },
  ports: ({ ports }, offset) => {
    if (ports === undefined) throw new Failure("'ports' is not known here", offset);
    return ports;
  },
  run: ({ run }) => ({ id: run.id, input: run.input, segment_id: run.segment_id, tenant_id: run.tenant_id }),
  loop: ({ loop }, offset) => {
    if (loop === undefined) throw new Failure("'loop' is known only inside a loop", offset);
    return { index: loop.index, item: loop.item };
  },
};

/** `steps.<id>`, `steps.<id>.<port>` and longer paths; the reader ensures that there is an id. */
function compileStepPath({ keys }: PathTerm): Code {
  const [step, port, ...rest] = keys as [Key, ...Key[]];
  return (run) => {
    const fired = run.variables.step(step.name);
    if (fired === undefined) throw new Failure(`step '${step.name}' was skipped or has not completed`, step.offset);
    if (port === undefined) return fired;
    let value = own(fired, port.name);
    if (value === undefined) throw new Failure(`step '${step.name}' has fired no port '${port.name}'`, port.offset);
    for (const { name, offset } of rest) value = readKey(value, name, offset);
    return value;
  };
}

/** Whether a map has the field; fails if the value is not a map. */
export function hasKey(value: CelValue, key: string, offset: number): boolean {
  return own(mapOf(value, key, offset), key) !== undefined;
}

/**
 * Compiles `has(path)`. All keys but the last must exist, except with `steps`: a skipped step, or a port that was not
 * fired, has no fields.
 */
export function compileHasPath(path: PathTerm): Code {
  const last = path.keys.at(-1) as Key;
  const holder = { ...path, keys: path.keys.slice(0, -1) };
  if (path.root === 'steps') return compileHasStep(holder, last);
  const of = compilePath(holder);
  return (run) => hasKey(of(run), last.name, last.offset);
}

function compileHasStep(holder: PathTerm, last: Key): Code {
  const [step, port] = holder.keys;
  if (step === undefined) return (run) => run.variables.step(last.name) !== undefined;
  const of = compileStepPath(holder);
  return (run) => {
    const fired = run.variables.step(step.name);
    if (fired === undefined || (port !== undefined && own(fired, port.name) === undefined)) return false;
    return hasKey(of(run), last.name, last.offset);
  };
}

import type { Evaluation } from './evaluation.js';
import { type CelValue, type KindOrAny, kindOf, type ValueOf } from './values.js';

/** One signature of a function or operator with its implementation; a method's receiver is its first argument. */
export interface Overload {
  readonly takes: readonly KindOrAny[];
  readonly gives: KindOrAny;
  readonly call: (run: Evaluation, offset: number, ...values: CelValue[]) => CelValue;
}

type ValuesOf<T extends readonly KindOrAny[]> = { [I in keyof T]: ValueOf<T[I]> };

/** Declares an overload; the parameter types of `call` follow from the kinds in `takes`. */
export function overload<const T extends readonly KindOrAny[]>(
  takes: T,
  gives: KindOrAny,
  call: (run: Evaluation, offset: number, ...values: ValuesOf<T>) => CelValue,
): Overload {
  // The cast is safe: findOverload() checks the kinds before `call` is called.
  return { takes, gives, call: call as Overload['call'] };
}

/** The overload that accepts these values, or undefined if there is none. */
export function findOverload(overloads: readonly Overload[], values: readonly CelValue[]): Overload | undefined {
  const kinds = values.map(kindOf);
  for (const candidate of overloads) if (accepts(candidate.takes, kinds)) return candidate;
  return undefined;
}

/** A loop, as this is the innermost work of an evaluation. */
function accepts(takes: readonly KindOrAny[], kinds: readonly KindOrAny[]): boolean {
  if (takes.length !== kinds.length) return false;
  for (let index = 0; index < kinds.length; index += 1) {
    if (takes[index] !== 'any' && takes[index] !== kinds[index]) return false;
  }
  return true;
}

/** The overloads that may apply when some kinds are not known before evaluation. */
export function possibleOverloads(overloads: readonly Overload[], kinds: readonly KindOrAny[]): readonly Overload[] {
  return overloads.filter(
    ({ takes }) =>
      takes.length === kinds.length &&
      takes.every((kind, index) => kind === 'any' || kinds[index] === 'any' || kind === kinds[index]),
  );
}

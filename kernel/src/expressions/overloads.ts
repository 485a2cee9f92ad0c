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

/** The overload for values of these kinds; undefined if there is none. */
export function findOverload(overloads: readonly Overload[], values: readonly CelValue[]): Overload | undefined {
  return overloads.find(
    ({ takes }) =>
      takes.length === values.length &&
      takes.every((kind, index) => kind === 'any' || kind === kindOf(values[index] as CelValue)),
  );
}

/** The overloads that may apply when some kinds are not known before evaluation. */
export function possibleOverloads(overloads: readonly Overload[], kinds: readonly KindOrAny[]): readonly Overload[] {
  return overloads.filter(
    ({ takes }) =>
      takes.length === kinds.length &&
      takes.every((kind, index) => kind === 'any' || kinds[index] === 'any' || kind === kinds[index]),
  );
}

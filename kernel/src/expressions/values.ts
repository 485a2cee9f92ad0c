/**
 * Purpose: the values expressions compute with.
 * Invariants:
 * V1 Every JSON value is a CEL value without conversion, so large inputs cost nothing: a JSON number that is a safe
 *    integer is an int, any other is a double.
 * V2 There is no int beyond the safe integers. A double that would be taken for an int is boxed in {@link Double}.
 * V3 Kinds that JSON lacks are instances of {@link Special}; kinds are never inferred from an object's keys, which belong
 *    to the data.
 */

export type CelValue = null | boolean | number | string | Special | readonly CelValue[] | CelMap;
export type CelMap = { readonly [key: string]: CelValue };
export type CelInt = number;
export type CelDouble = number | Double;
export type CelNumber = CelInt | CelDouble;

/** A value that JSON cannot represent. */
export abstract class Special {
  declare protected readonly isSpecial: true;
}

export class Double extends Special {
  constructor(readonly value: number) {
    super();
  }
}

export class Bytes extends Special {
  constructor(readonly value: Uint8Array) {
    super();
  }
}

/** Nanoseconds since 1970 UTC. */
export class Timestamp extends Special {
  constructor(readonly nanoseconds: bigint) {
    super();
  }
}

export class Duration extends Special {
  constructor(readonly nanoseconds: bigint) {
    super();
  }
}

/** The result of `type(x)`. */
export class CelType extends Special {
  constructor(readonly kind: Kind) {
    super();
  }
}

interface TypeByKind {
  null: null;
  bool: boolean;
  int: CelInt;
  double: CelDouble;
  string: string;
  bytes: Bytes;
  list: readonly CelValue[];
  map: CelMap;
  timestamp: Timestamp;
  duration: Duration;
  type: CelType;
}

export type Kind = keyof TypeByKind;
/** `any` if the kind is unknown or does not matter. */
export type KindOrAny = Kind | 'any';
export type ValueOf<K extends KindOrAny> = K extends Kind ? TypeByKind[K] : CelValue;

export function kindOf(value: CelValue): Kind {
  switch (typeof value) {
    case 'number':
      return Number.isSafeInteger(value) ? 'int' : 'double';
    case 'string':
      return 'string';
    case 'boolean':
      return 'bool';
    default:
      if (value === null) return 'null';
      if (value instanceof Special) return kindOfSpecial(value);
      return Array.isArray(value) ? 'list' : 'map';
  }
}

function kindOfSpecial(value: Special): Kind {
  if (value instanceof Double) return 'double';
  if (value instanceof Timestamp) return 'timestamp';
  if (value instanceof Duration) return 'duration';
  return value instanceof Bytes ? 'bytes' : 'type';
}

export function isList(value: CelValue): value is readonly CelValue[] {
  return Array.isArray(value);
}

export function isMap(value: CelValue): value is CelMap {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Special);
}

/** A kind in messages: `a string`, `an int`, `null`. */
export function withArticle(kind: KindOrAny): string {
  if (kind === 'null') return 'null';
  if (kind === 'any') return 'data';
  return kind === 'int' ? 'an int' : `a ${kind === 'bool' ? 'boolean' : kind}`;
}

/** The kind of a value in messages. */
export function described(value: CelValue): string {
  return withArticle(kindOf(value));
}

/** Sets an own property of any name; plain assignment to `__proto__` would change the prototype instead. */
export function setOwn<T>(target: Record<string, T>, key: string, value: T): void {
  if (key === '__proto__') {
    Object.defineProperty(target, key, { value, enumerable: true, writable: true, configurable: true });
  } else {
    target[key] = value;
  }
}

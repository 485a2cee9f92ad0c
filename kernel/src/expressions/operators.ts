/** The binary operators, by sign. `&&`, `||` and `?:` are not among them, as they may not evaluate every operand. */

import { cost, perCharacter } from './cost.js';
import { equal } from './equality.js';
import { type Evaluation, Failure } from './evaluation.js';
import { type ArithmeticSign, calculate } from './numbers.js';
import { type Overload, overload } from './overloads.js';
import { duration, timestamp } from './time.js';
import { Bytes, type CelNumber, type CelValue, Double, Duration, type KindOrAny, Timestamp } from './values.js';

const signs = ['+', '-', '*', '/', '%', '==', '!=', '<', '<=', '>', '>=', 'in'] as const;
export type Sign = (typeof signs)[number];

export function isSign(text: string): text is Sign {
  return (signs as readonly string[]).includes(text);
}

function numeric(sign: ArithmeticSign): Overload[] {
  const work = (_: Evaluation, offset: number, left: CelNumber, right: CelNumber) =>
    calculate(sign, left, right, offset);
  const mixed = [
    overload(['int', 'double'], 'double', work),
    overload(['double', 'int'], 'double', work),
    overload(['double', 'double'], 'double', work),
  ];
  return [overload(['int', 'int'], 'int', work), ...(sign === '%' ? [] : mixed)];
}

const additions = [
  overload(['string', 'string'], 'string', (run, offset, left, right) => {
    run.chargeText(left.length + right.length, offset);
    return left + right;
  }),
  overload(['list', 'list'], 'list', (run, offset, left, right) => {
    run.chargeList(left.length + right.length, offset);
    return [...left, ...right];
  }),
  overload(['bytes', 'bytes'], 'bytes', (run, offset, left, right) => {
    run.chargeText(left.value.length + right.value.length, offset);
    run.charge(cost.bytes, offset);
    return new Bytes(Buffer.concat([left.value, right.value]));
  }),
  overload(['timestamp', 'duration'], 'timestamp', (_, offset, left, right) =>
    timestamp(left.nanoseconds + right.nanoseconds, offset),
  ),
  overload(['duration', 'timestamp'], 'timestamp', (_, offset, left, right) =>
    timestamp(left.nanoseconds + right.nanoseconds, offset),
  ),
  overload(['duration', 'duration'], 'duration', (_, offset, left, right) =>
    duration(left.nanoseconds + right.nanoseconds, offset),
  ),
];

const subtractions = [
  overload(['timestamp', 'timestamp'], 'duration', (_, offset, left, right) =>
    duration(left.nanoseconds - right.nanoseconds, offset),
  ),
  overload(['timestamp', 'duration'], 'timestamp', (_, offset, left, right) =>
    timestamp(left.nanoseconds - right.nanoseconds, offset),
  ),
  overload(['duration', 'duration'], 'duration', (_, offset, left, right) =>
    duration(left.nanoseconds - right.nanoseconds, offset),
  ),
];

/** Moments and spans are counted in bigints. */
type Comparable = number | bigint | string | boolean;

const orderedKinds: readonly (readonly [KindOrAny, KindOrAny])[] = [
  ['int', 'int'],
  ['int', 'double'],
  ['double', 'int'],
  ['double', 'double'],
  ['string', 'string'],
  ['bool', 'bool'],
  ['timestamp', 'timestamp'],
  ['duration', 'duration'],
];

function comparable(value: CelValue): Comparable {
  if (value instanceof Double) return value.value;
  if (value instanceof Timestamp || value instanceof Duration) return value.nanoseconds;
  return value as Comparable;
}

function comparison(holds: (left: Comparable, right: Comparable) => boolean): Overload[] {
  return orderedKinds.map((kinds) =>
    overload(kinds, 'bool', (run, offset, left, right) => {
      if (typeof left === 'string') run.charge(left.length * perCharacter.copied, offset);
      return holds(comparable(left), comparable(right));
    }),
  );
}

/** Whether a list contains an element, or a map has a key. */
const membership = [
  overload(['any', 'list'], 'bool', (run, offset, wanted, list) =>
    list.some((item) => equal(run, offset, item, wanted)),
  ),
  overload(['any', 'map'], 'bool', (run, offset, wanted, map) => {
    if (typeof wanted === 'string') {
      run.charge(wanted.length * perCharacter.copied, offset);
      return Object.hasOwn(map, wanted);
    }
    throw new Failure('the keys of a map are strings', offset);
  }),
];

export const operators: Readonly<Record<Sign, readonly Overload[]>> = {
  '+': [...numeric('+'), ...additions],
  '-': [...numeric('-'), ...subtractions],
  '*': numeric('*'),
  '/': numeric('/'),
  '%': numeric('%'),
  '==': [overload(['any', 'any'], 'bool', (run, offset, left, right) => equal(run, offset, left, right))],
  '!=': [overload(['any', 'any'], 'bool', (run, offset, left, right) => !equal(run, offset, left, right))],
  '<': comparison((left, right) => left < right),
  '<=': comparison((left, right) => left <= right),
  '>': comparison((left, right) => left > right),
  '>=': comparison((left, right) => left >= right),
  in: membership,
};

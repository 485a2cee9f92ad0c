/** The binary operators, by sign. `&&`, `||` and `?:` are no operators in this sense: they may leave an operand alone. */

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
  const work = (_: Evaluation, at: number, left: CelNumber, right: CelNumber) => calculate(sign, left, right, at);
  const mixed = [
    overload(['int', 'double'], 'double', work),
    overload(['double', 'int'], 'double', work),
    overload(['double', 'double'], 'double', work),
  ];
  return [overload(['int', 'int'], 'int', work), ...(sign === '%' ? [] : mixed)];
}

const added = [
  overload(['string', 'string'], 'string', (run, at, left, right) => {
    run.chargeText(left.length + right.length, at);
    return left + right;
  }),
  overload(['list', 'list'], 'list', (run, at, left, right) => {
    run.chargeList(left.length + right.length, at);
    return [...left, ...right];
  }),
  overload(['bytes', 'bytes'], 'bytes', (run, at, left, right) => {
    run.chargeText(left.value.length + right.value.length, at);
    return new Bytes(Buffer.concat([left.value, right.value]));
  }),
  overload(['timestamp', 'duration'], 'timestamp', (_, at, left, right) =>
    timestamp(left.nanoseconds + right.nanoseconds, at),
  ),
  overload(['duration', 'timestamp'], 'timestamp', (_, at, left, right) =>
    timestamp(left.nanoseconds + right.nanoseconds, at),
  ),
  overload(['duration', 'duration'], 'duration', (_, at, left, right) =>
    duration(left.nanoseconds + right.nanoseconds, at),
  ),
];

const subtracted = [
  overload(['timestamp', 'timestamp'], 'duration', (_, at, left, right) =>
    duration(left.nanoseconds - right.nanoseconds, at),
  ),
  overload(['timestamp', 'duration'], 'timestamp', (_, at, left, right) =>
    timestamp(left.nanoseconds - right.nanoseconds, at),
  ),
  overload(['duration', 'duration'], 'duration', (_, at, left, right) =>
    duration(left.nanoseconds - right.nanoseconds, at),
  ),
];

type Comparable = number | bigint | string | boolean;

const ordered: readonly (readonly [KindOrAny, KindOrAny])[] = [
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
  return ordered.map((kinds) =>
    overload(kinds, 'bool', (run, at, left, right) => {
      if (typeof left === 'string') run.charge(left.length, at);
      return holds(comparable(left), comparable(right));
    }),
  );
}

/** Whether a list has the element, or a map the key. */
const contained = [
  overload(['any', 'list'], 'bool', (run, at, wanted, list) => list.some((item) => equal(run, at, item, wanted))),
  overload(['any', 'map'], 'bool', (_, at, wanted, map) => {
    if (typeof wanted === 'string') return Object.hasOwn(map, wanted);
    throw new Failure('the keys of a map are strings', at);
  }),
];

export const operators: Readonly<Record<Sign, readonly Overload[]>> = {
  '+': [...numeric('+'), ...added],
  '-': [...numeric('-'), ...subtracted],
  '*': numeric('*'),
  '/': numeric('/'),
  '%': numeric('%'),
  '==': [overload(['any', 'any'], 'bool', (run, at, left, right) => equal(run, at, left, right))],
  '!=': [overload(['any', 'any'], 'bool', (run, at, left, right) => !equal(run, at, left, right))],
  '<': comparison((left, right) => left < right),
  '<=': comparison((left, right) => left <= right),
  '>': comparison((left, right) => left > right),
  '>=': comparison((left, right) => left >= right),
  in: contained,
};

/** Functions that turn a value of one kind into another, and `size()`. */

import { cost, Failure } from './evaluation.js';
import { double, int, unboxed } from './numbers.js';
import { type Overload, overload } from './overloads.js';
import { textSize } from './text-functions.js';
import { durationText, nanosecondsPerSecond, timestampText } from './time.js';
import { Bytes, type CelNumber, CelType, kindOf } from './values.js';

const truths: ReadonlyMap<string, boolean> = new Map([
  ...['1', 't', 'true', 'TRUE', 'True'].map((text) => [text, true] as const),
  ...['0', 'f', 'false', 'FALSE', 'False'].map((text) => [text, false] as const),
]);

function toBool(text: string, at: number): boolean {
  const truth = truths.get(text);
  if (truth === undefined) throw new Failure('bool() takes "true" or "false"', at);
  return truth;
}

function toInt(text: string, at: number) {
  if (text.length > 20 || !/^[+-]?\d+$/.test(text)) throw new Failure('int() takes text like "-12"', at);
  return int(BigInt(text.replace('+', '')), at);
}

function toDouble(text: string, at: number) {
  if (text.length > 400 || !/^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/.test(text)) {
    throw new Failure('double() takes text like "-1.5e3"', at);
  }
  return double(Number(text), at);
}

function toText(bytes: Uint8Array, at: number): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new Failure('string(): the bytes are not UTF-8 text', at);
  }
}

const numberText = (value: CelNumber): string => String(unboxed(value));

export const sizeOverloads: readonly Overload[] = [
  overload(['string'], 'int', (run, at, text) => {
    run.charge(text.length, at);
    return textSize(text);
  }),
  overload(['bytes'], 'int', (_, __, { value }) => value.length),
  overload(['list'], 'int', (_, __, list) => list.length),
  overload(['map'], 'int', (run, at, map) => {
    const size = Object.keys(map).length;
    run.charge(size * cost.mapEntry, at);
    return size;
  }),
];

export const conversions: Readonly<Record<string, readonly Overload[]>> = {
  size: sizeOverloads,
  dyn: [overload(['any'], 'any', (_, __, value) => value)],
  type: [overload(['any'], 'type', (_, __, value) => new CelType(kindOf(value)))],
  bool: [
    overload(['bool'], 'bool', (_, __, value) => value),
    overload(['string'], 'bool', (_, at, text) => toBool(text, at)),
  ],
  int: [
    overload(['int'], 'int', (_, __, value) => value),
    overload(['double'], 'int', (_, at, value) => int(BigInt(Math.trunc(Number(unboxed(value)))), at)),
    overload(['string'], 'int', (_, at, text) => toInt(text, at)),
    overload(['timestamp'], 'int', (_, at, { nanoseconds }) => int(nanoseconds / nanosecondsPerSecond, at)),
  ],
  double: [
    overload(['double'], 'double', (_, __, value) => value),
    overload(['int'], 'double', (_, at, value) => double(Number(value), at)),
    overload(['string'], 'double', (_, at, text) => toDouble(text, at)),
  ],
  string: [
    overload(['string'], 'string', (_, __, text) => text),
    overload(['bool'], 'string', (_, __, value) => String(value)),
    overload(['int'], 'string', (_, __, value) => numberText(value)),
    overload(['double'], 'string', (_, __, value) => numberText(value)),
    overload(['timestamp'], 'string', (_, __, value) => timestampText(value)),
    overload(['duration'], 'string', (_, __, value) => durationText(value)),
    overload(['bytes'], 'string', (run, at, { value }) => {
      run.charge(value.length, at);
      return toText(value, at);
    }),
  ],
  bytes: [
    overload(['bytes'], 'bytes', (_, __, value) => value),
    overload(['string'], 'bytes', (run, at, text) => {
      run.chargeText(text.length, at);
      return new Bytes(Buffer.from(text, 'utf8'));
    }),
  ],
};

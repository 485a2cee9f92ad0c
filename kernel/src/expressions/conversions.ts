/** Functions that convert between kinds, and `size()`. */

import { cost, perCharacter } from './cost.js';
import { Failure } from './evaluation.js';
import { double, int, unboxed } from './numbers.js';
import { type Overload, overload } from './overloads.js';
import { textSize } from './text-functions.js';
import { durationText, nanosecondsPerSecond, timestampText } from './time.js';
import { Bytes, type CelNumber, CelType, kindOf } from './values.js';

const booleans: ReadonlyMap<string, boolean> = new Map([
  ...['1', 't', 'true', 'TRUE', 'True'].map((text) => [text, true] as const),
  ...['0', 'f', 'false', 'FALSE', 'False'].map((text) => [text, false] as const),
]);

function toBool(text: string, offset: number): boolean {
  const value = booleans.get(text);
  if (value === undefined) throw new Failure('bool() takes "true" or "false"', offset);
  return value;
}

function toInt(text: string, offset: number) {
  if (text.length > 20 || !/^[+-]?\d+$/.test(text)) throw new Failure('int() takes text like "-12"', offset);
  return int(Number(text), offset);
}

function toDouble(text: string, offset: number) {
  if (text.length > 400 || !/^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/.test(text)) {
    throw new Failure('double() takes text like "-1.5e3"', offset);
  }
  return double(Number(text), offset);
}

function toText(bytes: Uint8Array, offset: number): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new Failure('string(): the bytes are not UTF-8 text', offset);
  }
}

const numberText = (value: CelNumber): string => String(unboxed(value));

export const sizeOverloads: readonly Overload[] = [
  overload(['string'], 'int', (run, offset, text) => textSize(run, offset, text)),
  overload(['bytes'], 'int', (_, __, { value }) => value.length),
  overload(['list'], 'int', (_, __, list) => list.length),
  overload(['map'], 'int', (run, offset, map) => {
    const size = Object.keys(map).length;
    run.charge(size * cost.mapEntry, offset);
    return size;
  }),
];

export const conversions: Readonly<Record<string, readonly Overload[]>> = {
  size: sizeOverloads,
  dyn: [overload(['any'], 'any', (_, __, value) => value)],
  type: [overload(['any'], 'type', (_, __, value) => new CelType(kindOf(value)))],
  bool: [
    overload(['bool'], 'bool', (_, __, value) => value),
    overload(['string'], 'bool', (run, offset, text) => {
      run.charge(text.length * perCharacter.copied, offset);
      return toBool(text, offset);
    }),
  ],
  int: [
    overload(['int'], 'int', (_, __, value) => value),
    overload(['double'], 'int', (_, offset, value) => int(Math.trunc(unboxed(value)), offset)),
    overload(['string'], 'int', (_, offset, text) => toInt(text, offset)),
    overload(['timestamp'], 'int', (_, offset, { nanoseconds }) =>
      int(Number(nanoseconds / nanosecondsPerSecond), offset),
    ),
  ],
  double: [
    overload(['double'], 'double', (_, __, value) => value),
    overload(['int'], 'double', (_, offset, value) => double(value, offset)),
    overload(['string'], 'double', (run, offset, text) => {
      run.charge(cost.format, offset);
      return toDouble(text, offset);
    }),
  ],
  string: [
    overload(['string'], 'string', (_, __, text) => text),
    overload(['bool'], 'string', (_, __, value) => String(value)),
    overload(['int'], 'string', (_, __, value) => numberText(value)),
    overload(['double'], 'string', (run, offset, value) => {
      run.charge(cost.format, offset);
      return numberText(value);
    }),
    overload(['timestamp'], 'string', (run, offset, value) => {
      run.charge(cost.format, offset);
      return timestampText(value);
    }),
    overload(['duration'], 'string', (run, offset, value) => {
      run.charge(cost.format, offset);
      return durationText(value);
    }),
    overload(['bytes'], 'string', (run, offset, { value }) => {
      run.charge(cost.format + value.length * perCharacter.encoded, offset);
      return toText(value, offset);
    }),
  ],
  bytes: [
    overload(['bytes'], 'bytes', (_, __, value) => value),
    overload(['string'], 'bytes', (run, offset, text) => {
      run.chargeText(text.length, offset);
      run.charge(cost.bytes + text.length * perCharacter.encoded, offset);
      return new Bytes(Buffer.from(text, 'utf8'));
    }),
  ],
};

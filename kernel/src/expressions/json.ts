/** Converts CEL values to JSON and measures JSON text. */

import { caps, type Json } from '@llmteam/contracts';
import { Failure } from './evaluation.js';
import { durationText, timestampText } from './time.js';
import { Bytes, type CelMap, type CelValue, Double, Duration, isList, Special, setOwn, Timestamp } from './values.js';

/** Remaining bytes of JSON text. */
interface Budget {
  bytes: number;
}

/**
 * Converts to JSON: bytes to base64, timestamps to RFC 3339, durations to seconds (`90s`). Parts that are JSON already
 * are returned as they are, not copied.
 */
export function toJson(value: CelValue, offset: number): Json {
  return converted(value, { bytes: caps.value_bytes }, offset, 1);
}

/** The size of the value's JSON text in bytes; fails above `max`. */
export function jsonBytes(value: Json, max: number, offset: number): number {
  const budget = { bytes: max };
  converted(value, budget, offset, 1);
  return max - budget.bytes;
}

function take(budget: Budget, bytes: number, offset: number): void {
  budget.bytes -= bytes;
  if (budget.bytes < 0)
    throw new Failure(`gives a value larger than ${caps.value_bytes} bytes (cap value_bytes)`, offset, true);
}

function converted(value: CelValue, budget: Budget, offset: number, depth: number): Json {
  switch (typeof value) {
    case 'string':
      take(budget, value.length, offset);
      take(budget, textBytes(value) - value.length, offset);
      return value;
    case 'number':
      take(budget, String(value).length, offset);
      return value;
    case 'boolean':
      take(budget, value ? 4 : 5, offset);
      return value;
    case 'bigint':
      throw new Failure(`gives ${value}, an integer that JSON numbers do not hold exactly; string() does`, offset);
    default:
      if (value === null) {
        take(budget, 4, offset);
        return null;
      }
      if (value instanceof Special) return converted(plain(value, offset), budget, offset, depth);
      if (depth > caps.json_depth)
        throw new Failure(`gives a value nested deeper than ${caps.json_depth} levels (cap json_depth)`, offset, true);
      return isList(value) ? convertedList(value, budget, offset, depth) : convertedMap(value, budget, offset, depth);
  }
}

function plain(value: Special, offset: number): number | string {
  if (value instanceof Double) return value.value + 0;
  if (value instanceof Timestamp) return timestampText(value);
  if (value instanceof Duration) return durationText(value);
  if (value instanceof Bytes) return Buffer.from(value.value).toString('base64');
  throw new Failure('gives a type, which is no JSON value; compare it with ==', offset);
}

function convertedList(list: readonly CelValue[], budget: Budget, offset: number, depth: number): Json {
  take(budget, 2 + Math.max(0, list.length - 1), offset);
  let changed: Json[] | undefined;
  for (const [index, item] of list.entries()) {
    const json = converted(item, budget, offset, depth + 1);
    if (json !== item) changed ??= list.slice(0, index) as Json[];
    changed?.push(json);
  }
  return changed ?? (list as readonly Json[]);
}

function convertedMap(map: CelMap, budget: Budget, offset: number, depth: number): Json {
  const keys = Object.keys(map);
  take(budget, 2 + Math.max(0, keys.length - 1), offset);
  let changed: Record<string, Json> | undefined;
  for (const [index, key] of keys.entries()) {
    take(budget, textBytes(key) + 1, offset);
    const item = map[key] as CelValue;
    const json = converted(item, budget, offset, depth + 1);
    if (json !== item && changed === undefined) {
      changed = {};
      for (const before of keys.slice(0, index)) setOwn(changed, before, map[before] as Json);
    }
    if (changed !== undefined) setOwn(changed, key, json);
  }
  return changed ?? (map as Json);
}

/** The size of a string's JSON text in bytes, including quotes and escapes. */
function textBytes(text: string): number {
  if (text.length > 64) return Buffer.byteLength(JSON.stringify(text));
  for (let index = 0; index < text.length; index += 1) {
    const unit = text.charCodeAt(index);
    if (unit < 0x20 || unit > 0x7e || unit === 0x22 || unit === 0x5c) return Buffer.byteLength(JSON.stringify(text));
  }
  return text.length + 2;
}

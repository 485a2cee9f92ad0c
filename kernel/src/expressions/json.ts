/** Converts CEL values to JSON and measures JSON text. */

import { caps, type Json } from '@llmteam/contracts';
import { cost, perCharacter } from './cost.js';
import { type Evaluation, Failure } from './evaluation.js';
import { escapeBytes, needsEscape } from './json-escapes.js';
import { durationText, timestampText } from './time.js';
import { Bytes, type CelMap, type CelValue, Double, Duration, isList, Special, setOwn, Timestamp } from './values.js';

/** Remaining bytes of JSON text, and who pays for the conversion. */
interface Budget {
  readonly run: Evaluation;
  bytes: number;
}

/**
 * Converts to JSON: bytes to base64, timestamps to RFC 3339, durations to seconds (`90s`). Parts that are JSON already
 * are returned as they are, not copied.
 */
export function toJson(run: Evaluation, value: CelValue, offset: number): Json {
  return convert(value, { run, bytes: caps.value_bytes }, offset, 1);
}

/** The size of the value's JSON text in bytes; fails above `max`. */
export function jsonBytes(run: Evaluation, value: Json, max: number, offset: number): number {
  const budget = { run, bytes: max };
  convert(value, budget, offset, 1);
  return max - budget.bytes;
}

function take(budget: Budget, bytes: number, offset: number): void {
  budget.bytes -= bytes;
  if (budget.bytes < 0)
    throw new Failure(`gives a value larger than ${caps.value_bytes} bytes (cap value_bytes)`, offset, true);
}

function convert(value: CelValue, budget: Budget, offset: number, depth: number): Json {
  budget.run.charge(cost.jsonValue, offset);
  switch (typeof value) {
    case 'string':
      takeText(budget, value, offset);
      return value;
    case 'number':
      if (!Number.isSafeInteger(value)) budget.run.charge(cost.jsonDouble, offset);
      take(budget, String(value).length, offset);
      return value;
    case 'boolean':
      take(budget, value ? 4 : 5, offset);
      return value;
    default:
      if (value === null) {
        take(budget, 4, offset);
        return null;
      }
      if (value instanceof Special) return convert(plain(value, budget.run, offset), budget, offset, depth);
      if (depth > caps.json_depth)
        throw new Failure(`gives a value nested deeper than ${caps.json_depth} levels (cap json_depth)`, offset, true);
      return isList(value) ? convertList(value, budget, offset, depth) : convertMap(value, budget, offset, depth);
  }
}

function plain(value: Special, run: Evaluation, offset: number): number | string {
  run.charge(cost.format, offset);
  if (value instanceof Double) return value.value + 0;
  if (value instanceof Timestamp) return timestampText(value);
  if (value instanceof Duration) return durationText(value);
  if (value instanceof Bytes) {
    run.charge(value.value.length * perCharacter.encoded, offset);
    return Buffer.from(value.value).toString('base64');
  }
  throw new Failure('gives a type, which is no JSON value; compare it with ==', offset);
}

function convertList(list: readonly CelValue[], budget: Budget, offset: number, depth: number): Json {
  take(budget, 2 + Math.max(0, list.length - 1), offset);
  let changed: Json[] | undefined;
  for (const [index, item] of list.entries()) {
    const json = convert(item, budget, offset, depth + 1);
    if (json !== item) changed ??= list.slice(0, index) as Json[];
    changed?.push(json);
  }
  return changed ?? (list as readonly Json[]);
}

function convertMap(map: CelMap, budget: Budget, offset: number, depth: number): Json {
  const keys = Object.keys(map);
  take(budget, 2 + Math.max(0, keys.length - 1), offset);
  let changed: Record<string, Json> | undefined;
  for (const [index, key] of keys.entries()) {
    budget.run.charge(cost.mapEntry, offset);
    takeText(budget, key, offset);
    take(budget, 1, offset);
    const item = map[key] as CelValue;
    const json = convert(item, budget, offset, depth + 1);
    if (json !== item && changed === undefined) {
      changed = {};
      for (const before of keys.slice(0, index)) setOwn(changed, before, map[before] as Json);
    }
    if (changed !== undefined) setOwn(changed, key, json);
  }
  return changed ?? (map as Json);
}

function takeText(budget: Budget, text: string, offset: number): void {
  const bytes = Buffer.byteLength(text);
  budget.run.charge(cost.jsonString + bytes * perCharacter.json, offset);
  if (bytes > caps.json_string_bytes) {
    const reason = `gives a string of ${bytes} bytes; at most ${caps.json_string_bytes} are allowed (cap json_string_bytes)`;
    throw new Failure(reason, offset, true);
  }
  take(budget, bytes + 2, offset);
  if (!needsEscape(text)) return;
  budget.run.charge(cost.bytes + text.length * perCharacter.escapes, offset);
  take(budget, escapeBytes(text), offset);
}

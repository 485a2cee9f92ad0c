import type { Json, JsonObject } from '@llmteam/contracts';

export function isList(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value);
}

export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !isList(value);
}

/** For messages: `null`, `true or false`, `a number`, `a string`, `a list`, `an object`. */
export function kindOf(value: Json): string {
  if (value === null) return 'null';
  if (typeof value === 'boolean') return 'true or false';
  if (typeof value === 'object') return isList(value) ? 'a list' : 'an object';
  return `a ${typeof value}`;
}

/** JSON equality: key order is ignored, element order is not, and `1` equals `1.0`. */
export function jsonEqual(left: Json, right: Json): boolean {
  if (left === right) return true;
  if (isList(left)) return isList(right) && listsEqual(left, right);
  return isObject(left) && isObject(right) && objectsEqual(left, right);
}

function listsEqual(left: readonly Json[], right: readonly Json[]): boolean {
  return left.length === right.length && left.every((value, index) => jsonEqual(value, right[index] ?? null));
}

function objectsEqual(left: JsonObject, right: JsonObject): boolean {
  const entries = Object.entries(left);
  return (
    entries.length === Object.keys(right).length &&
    entries.every(([key, value]) => Object.hasOwn(right, key) && jsonEqual(value, right[key] ?? null))
  );
}

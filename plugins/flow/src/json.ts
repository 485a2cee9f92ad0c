import type { Json, JsonObject } from '@llmteam/contracts';

export function is_list(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value);
}

export function is_object(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !is_list(value);
}

/** For messages: `null`, `true or false`, `a number`, `a string`, `a list`, `an object`. */
export function kind_of(value: Json): string {
  if (value === null) return 'null';
  if (typeof value === 'boolean') return 'true or false';
  if (typeof value === 'object') return is_list(value) ? 'a list' : 'an object';
  return `a ${typeof value}`;
}

/** Equal as JSON: the order of keys does not count, the order of list elements does, and `1` is `1.0`. */
export function json_equal(left: Json, right: Json): boolean {
  if (left === right) return true;
  if (is_list(left)) return is_list(right) && lists_equal(left, right);
  return is_object(left) && is_object(right) && objects_equal(left, right);
}

function lists_equal(left: readonly Json[], right: readonly Json[]): boolean {
  return left.length === right.length && left.every((value, index) => json_equal(value, right[index] ?? null));
}

function objects_equal(left: JsonObject, right: JsonObject): boolean {
  const entries = Object.entries(left);
  return (
    entries.length === Object.keys(right).length &&
    entries.every(([key, value]) => Object.hasOwn(right, key) && json_equal(value, right[key] ?? null))
  );
}

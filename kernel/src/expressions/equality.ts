import { caps } from '@llmteam/contracts';
import { cost, type Evaluation, Failure } from './evaluation.js';
import { is_number, unboxed } from './numbers.js';
import { Bytes, type CelMap, CelType, type CelValue, Duration, is_list, is_map, Special, Timestamp } from './values.js';

/** Deeper than any value from outside plus anything an expression can wrap around it. */
const deepest = 2 * caps.json_depth;

/**
 * Whether two values are equal: numbers by value (`1 == 1.0`), lists by their elements, maps by their entries in any order.
 * Values of different kinds are unequal.
 */
export function equal(run: Evaluation, at: number, left: CelValue, right: CelValue, depth = 0): boolean {
  if (depth > deepest) throw new Failure(`compares values nested deeper than ${deepest} levels`, at, true);
  if (typeof left === 'string') {
    run.charge(cost.comparison + left.length, at);
    return left === right;
  }
  run.charge(cost.comparison, at);
  if (left === right) return true;
  if (is_number(left)) return is_number(right) && equal_numbers(unboxed(left), unboxed(right));
  if (is_list(left)) return is_list(right) && equal_lists(run, at, left, right, depth);
  if (is_map(left)) return is_map(right) && equal_maps(run, at, left, right, depth);
  return left instanceof Special && right instanceof Special && equal_specials(run, at, left, right);
}

function equal_numbers(left: number | bigint, right: number | bigint): boolean {
  return !(left < right) && !(left > right);
}

function equal_lists(
  run: Evaluation,
  at: number,
  left: readonly CelValue[],
  right: readonly CelValue[],
  depth: number,
): boolean {
  if (left.length !== right.length) return false;
  return left.every((item, index) => equal(run, at, item, right[index] as CelValue, depth + 1));
}

function equal_maps(run: Evaluation, at: number, left: CelMap, right: CelMap, depth: number): boolean {
  const keys = Object.keys(left);
  run.charge(keys.length * cost.map_entry, at);
  if (keys.length !== Object.keys(right).length) return false;
  return keys.every(
    (key) => Object.hasOwn(right, key) && equal(run, at, left[key] as CelValue, right[key] as CelValue, depth + 1),
  );
}

function equal_specials(run: Evaluation, at: number, left: Special, right: Special): boolean {
  if (left instanceof Bytes) {
    run.charge(left.value.length, at);
    return right instanceof Bytes && Buffer.compare(left.value, right.value) === 0;
  }
  if (left instanceof Timestamp) return right instanceof Timestamp && left.nanoseconds === right.nanoseconds;
  if (left instanceof Duration) return right instanceof Duration && left.nanoseconds === right.nanoseconds;
  return left instanceof CelType && right instanceof CelType && left.kind === right.kind;
}

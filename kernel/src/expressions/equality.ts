import { caps } from '@llmteam/contracts';
import { cost, perCharacter } from './cost.js';
import { type Evaluation, Failure } from './evaluation.js';
import { isNumber, unboxed } from './numbers.js';
import { Bytes, type CelMap, CelType, type CelValue, Duration, isList, isMap, Special, Timestamp } from './values.js';

/** More than the deepest input plus the deepest nesting an expression can add around it. */
const maxDepth = 2 * caps.json_depth;

/**
 * Compares numbers by value (`1 == 1.0`), lists by their elements and maps by their entries in any order. Values of
 * different kinds are unequal.
 */
export function equal(run: Evaluation, offset: number, left: CelValue, right: CelValue, depth = 0): boolean {
  if (depth > maxDepth) throw new Failure(`compares values nested deeper than ${maxDepth} levels`, offset, true);
  if (typeof left === 'string') {
    const isComparable = typeof right === 'string' && left.length === right.length;
    run.charge(cost.comparison + (isComparable ? left.length * perCharacter.compared : 0), offset);
    return isComparable && left === right;
  }
  run.charge(cost.comparison, offset);
  if (left === right) return true;
  if (isNumber(left)) return isNumber(right) && equalNumbers(unboxed(left), unboxed(right));
  if (isList(left)) return isList(right) && equalLists(run, offset, left, right, depth);
  if (isMap(left)) return isMap(right) && equalMaps(run, offset, left, right, depth);
  return left instanceof Special && right instanceof Special && equalSpecials(run, offset, left, right);
}

function equalNumbers(left: number, right: number): boolean {
  return left === right;
}

function equalLists(
  run: Evaluation,
  offset: number,
  left: readonly CelValue[],
  right: readonly CelValue[],
  depth: number,
): boolean {
  if (left.length !== right.length) return false;
  return left.every((item, index) => equal(run, offset, item, right[index] as CelValue, depth + 1));
}

function equalMaps(run: Evaluation, offset: number, left: CelMap, right: CelMap, depth: number): boolean {
  const keys = Object.keys(left);
  const others = Object.keys(right);
  run.charge((keys.length + others.length) * cost.mapEntry, offset);
  if (keys.length !== others.length) return false;
  return keys.every(
    (key) => Object.hasOwn(right, key) && equal(run, offset, left[key] as CelValue, right[key] as CelValue, depth + 1),
  );
}

function equalSpecials(run: Evaluation, offset: number, left: Special, right: Special): boolean {
  if (left instanceof Bytes) {
    run.charge(cost.bytes + left.value.length * perCharacter.compared, offset);
    return right instanceof Bytes && Buffer.compare(left.value, right.value) === 0;
  }
  if (left instanceof Timestamp) return right instanceof Timestamp && left.nanoseconds === right.nanoseconds;
  if (left instanceof Duration) return right instanceof Duration && left.nanoseconds === right.nanoseconds;
  return left instanceof CelType && right instanceof CelType && left.kind === right.kind;
}

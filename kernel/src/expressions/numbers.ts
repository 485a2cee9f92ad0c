import { Failure } from './evaluation.js';
import { type CelDouble, type CelInt, type CelNumber, type CelValue, Double } from './values.js';

/** Checks an int: beyond 2^53 - 1 neither JSON nor JavaScript holds every integer, so none is used rather than rounded ones. */
export function int(value: number, offset: number): CelInt {
  // Adding 0 turns -0 into 0.
  if (Number.isSafeInteger(value)) return value + 0;
  const reason = `integer overflow: an int is exact up to ${Number.MAX_SAFE_INTEGER}; use a double (1.0) or a string`;
  throw new Failure(reason, offset);
}

/** Converts to a double; fails on infinity and NaN, which JSON cannot represent. */
export function double(value: number, offset: number): CelDouble {
  if (Number.isSafeInteger(value)) return new Double(value);
  if (Number.isFinite(value)) return value;
  throw new Failure('the result is not a finite number', offset);
}

export function isNumber(value: CelValue): value is CelNumber {
  return typeof value === 'number' || value instanceof Double;
}

function isInt(value: CelNumber): value is CelInt {
  return typeof value === 'number' && Number.isSafeInteger(value);
}

export function unboxed(value: CelNumber): number {
  return value instanceof Double ? value.value : value;
}

export type ArithmeticSign = '+' | '-' | '*' | '/' | '%';

const arithmetic: Readonly<Record<'+' | '-' | '*', (left: number, right: number) => number>> = {
  '+': (left, right) => left + right,
  '-': (left, right) => left - right,
  '*': (left, right) => left * right,
};

/** Two ints yield an int; a double on either side yields a double. */
export function calculate(sign: ArithmeticSign, left: CelNumber, right: CelNumber, offset: number): CelNumber {
  if (sign === '/' || sign === '%') return divide(sign, left, right, offset);
  const result = arithmetic[sign](unboxed(left), unboxed(right));
  // The result of two whole numbers is exact if it is an int: rounding takes no integer from outside the exact ones into them.
  return areWhole(left, right) ? int(result, offset) : double(result, offset);
}

/** From here on, JSON writes a number with an exponent. */
const exponents = 1e21;

/** Whether both are ints, or one is, and the other is beyond the ints but may have been written as an integer: adding 1 would not change it. */
function areWhole(left: CelNumber, right: CelNumber): boolean {
  if (isInt(left)) return isInt(right) || isLarge(right);
  return isInt(right) && isLarge(left);
}

function isLarge(value: CelNumber): boolean {
  return typeof value === 'number' && Number.isInteger(value) && Math.abs(value) < exponents;
}

function divide(sign: '/' | '%', left: CelNumber, right: CelNumber, offset: number): CelNumber {
  const dividend = unboxed(left);
  const divisor = unboxed(right);
  if (divisor === 0) throw new Failure(sign === '/' ? 'division by zero' : 'modulo by zero', offset);
  if (!isInt(left) || !isInt(right)) return double(dividend / divisor, offset);
  const remainder = dividend % divisor;
  // Subtracting the remainder first makes the division exact; truncating a rounded quotient is not.
  return int(sign === '/' ? (dividend - remainder) / divisor : remainder, offset);
}

export function negated(value: CelNumber, offset: number): CelNumber {
  return isInt(value) ? int(-value, offset) : double(-unboxed(value), offset);
}

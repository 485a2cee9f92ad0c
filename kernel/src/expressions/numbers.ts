import { Failure } from './evaluation.js';
import { type CelDouble, type CelInt, type CelNumber, type CelValue, Double } from './values.js';

const intMax = 2n ** 63n - 1n;
const intMin = -(2n ** 63n);

/** The int of a whole number; fails beyond 64 bits. */
export function int(value: bigint, offset: number): CelInt {
  if (value > intMax || value < intMin) throw new Failure('integer overflow: an int has 64 bits', offset);
  const quick = Number(value);
  return Number.isSafeInteger(quick) ? quick : value;
}

/** The double of a number; fails on infinity and NaN, which JSON cannot carry. */
export function double(value: number, offset: number): CelDouble {
  if (Number.isSafeInteger(value)) return new Double(value);
  if (Number.isFinite(value)) return value;
  throw new Failure('the result is not a finite number', offset);
}

export function isNumber(value: CelValue): value is CelNumber {
  return typeof value === 'number' || typeof value === 'bigint' || value instanceof Double;
}

function isInt(value: CelNumber): value is CelInt {
  return typeof value === 'bigint' || (typeof value === 'number' && Number.isSafeInteger(value));
}

/** The number as JavaScript has it; a bigint and a number compare exactly. */
export function unboxed(value: CelNumber): number | bigint {
  return value instanceof Double ? value.value : value;
}

interface Arithmetic {
  quick(left: number, right: number): number;
  exact(left: bigint, right: bigint): bigint;
}

const arithmetic: Readonly<Record<'+' | '-' | '*', Arithmetic>> = {
  '+': { quick: (left, right) => left + right, exact: (left, right) => left + right },
  '-': { quick: (left, right) => left - right, exact: (left, right) => left - right },
  '*': { quick: (left, right) => left * right, exact: (left, right) => left * right },
};

export type ArithmeticSign = '+' | '-' | '*' | '/' | '%';

/** Two ints give an int; a double on either side gives a double. */
export function calculate(sign: ArithmeticSign, left: CelNumber, right: CelNumber, offset: number): CelNumber {
  if (sign === '/' || sign === '%') return divide(sign, left, right, offset);
  const { quick, exact } = arithmetic[sign];
  if (isInt(left) && isInt(right)) {
    if (typeof left === 'number' && typeof right === 'number') {
      const result = quick(left, right);
      // A sum or product that rounds into the safe range is exact; adding 0 turns -0 into 0.
      if (Number.isSafeInteger(result)) return result + 0;
    }
    return int(exact(BigInt(left), BigInt(right)), offset);
  }
  return double(quick(Number(unboxed(left)), Number(unboxed(right))), offset);
}

function divide(sign: '/' | '%', left: CelNumber, right: CelNumber, offset: number): CelNumber {
  if (Number(unboxed(right)) === 0) throw new Failure(sign === '/' ? 'division by zero' : 'modulo by zero', offset);
  if (!isInt(left) || !isInt(right)) return double(Number(unboxed(left)) / Number(unboxed(right)), offset);
  if (typeof left === 'bigint' || typeof right === 'bigint') {
    return int(sign === '/' ? BigInt(left) / BigInt(right) : BigInt(left) % BigInt(right), offset);
  }
  const rest = left % right;
  // Dividing what is left without a rest is exact where truncating a rounded quotient is not.
  return (sign === '/' ? (left - rest) / right : rest) + 0;
}

export function negated(value: CelNumber, offset: number): CelNumber {
  return isInt(value) ? calculate('-', 0, value, offset) : double(-Number(unboxed(value)), offset);
}

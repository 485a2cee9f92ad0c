import { Failure } from './evaluation.js';
import { type CelDouble, type CelInt, type CelNumber, type CelValue, Double } from './values.js';

const intMax = 2n ** 63n - 1n;
const intMin = -(2n ** 63n);

/** Converts to an int; fails beyond 64 bits. */
export function int(value: bigint, offset: number): CelInt {
  if (value > intMax || value < intMin) throw new Failure('integer overflow: an int has 64 bits', offset);
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

/** Converts to a double; fails on infinity and NaN, which JSON cannot represent. */
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

/** The JavaScript number or bigint; JavaScript compares the two exactly. */
export function unboxed(value: CelNumber): number | bigint {
  return value instanceof Double ? value.value : value;
}

interface Arithmetic {
  fast(left: number, right: number): number;
  exact(left: bigint, right: bigint): bigint;
}

const arithmetic: Readonly<Record<'+' | '-' | '*', Arithmetic>> = {
  '+': { fast: (left, right) => left + right, exact: (left, right) => left + right },
  '-': { fast: (left, right) => left - right, exact: (left, right) => left - right },
  '*': { fast: (left, right) => left * right, exact: (left, right) => left * right },
};

export type ArithmeticSign = '+' | '-' | '*' | '/' | '%';

/** Two ints yield an int; a double on either side yields a double. */
export function calculate(sign: ArithmeticSign, left: CelNumber, right: CelNumber, offset: number): CelNumber {
  if (sign === '/' || sign === '%') return divide(sign, left, right, offset);
  const { fast, exact } = arithmetic[sign];
  if (isInt(left) && isInt(right)) {
    if (typeof left === 'number' && typeof right === 'number') {
      const result = fast(left, right);
      // A sum or product that rounds into the safe range is exact; adding 0 turns -0 into 0.
      if (Number.isSafeInteger(result)) return result + 0;
    }
    return int(exact(BigInt(left), BigInt(right)), offset);
  }
  return double(fast(Number(unboxed(left)), Number(unboxed(right))), offset);
}

function divide(sign: '/' | '%', left: CelNumber, right: CelNumber, offset: number): CelNumber {
  if (Number(unboxed(right)) === 0) throw new Failure(sign === '/' ? 'division by zero' : 'modulo by zero', offset);
  if (!isInt(left) || !isInt(right)) return double(Number(unboxed(left)) / Number(unboxed(right)), offset);
  if (typeof left === 'bigint' || typeof right === 'bigint') {
    return int(sign === '/' ? BigInt(left) / BigInt(right) : BigInt(left) % BigInt(right), offset);
  }
  const remainder = left % right;
  // Subtracting the remainder first makes the division exact; truncating a rounded quotient is not. + 0 turns -0 into 0.
  return (sign === '/' ? (left - remainder) / right : remainder) + 0;
}

export function negated(value: CelNumber, offset: number): CelNumber {
  return isInt(value) ? calculate('-', 0, value, offset) : double(-Number(unboxed(value)), offset);
}

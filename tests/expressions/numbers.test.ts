import fc from 'fast-check';
import * as assert from 'uvu/assert';
import { assertProperty } from '../support/random.js';
import { spec } from '../support/spec.js';
import { evaluate, failure } from './support/evaluating.js';

/** The result of `left sign right` for numbers of the input. */
function ofInput(left: number, sign: string, right: number) {
  return evaluate(`input.l ${sign} input.r`, { input: { l: left, r: right } });
}

spec('numbers', (test) => {
  test('two ints give an int, a double on either side gives a double', () => {
    const table: [string, number][] = [
      ['7 + 2', 9],
      ['7 + 0.5', 7.5],
      ['0.5 + 7', 7.5],
      ['0.5 + 0.5', 1],
      ['7 - 0.5', 6.5],
      ['7 * 0.5', 3.5],
      ['0.5 * 7', 3.5],
      ['7 / 2', 3],
      ['-7 / 2', -3],
      ['7 / 2.0', 3.5],
      ['7.0 / 2', 3.5],
      ['7.5 / 2', 3.75],
      ['7 % 3', 1],
      ['-7 % 3', -1],
      ['double(7) / 2', 3.5],
      ['(0.5 + 0.5) / 2', 0.5],
      ['[2.0].map(x, x / 4)[0]', 0.5],
      ['{"a": 2.0}.a / 4', 0.5],
      ['-(3) + 1.5', -1.5],
      ['-(1.0) / 2', -0.5],
      ['int(7.9) / 2', 3],
    ];
    for (const [source, result] of table) assert.is(evaluate(source), result, source);
  });

  test('a number of the input is an int if it has no fraction and a double if it has', () => {
    assert.is(ofInput(7, '/', 2), 3);
    assert.is(ofInput(7.5, '/', 2), 3.75);
    assert.is(ofInput(7, '+', 0.25), 7.25);
    assert.is(evaluate('type(input.a) == int && type(input.b) == double', { input: { a: 1, b: 1.5 } }), true);
    assert.is(evaluate('type(input) == double', { input: 1e20 }), true);
  });

  test('ints and doubles compare and equal each other by value', () => {
    for (const source of [
      '1 == 1.0',
      '1.0 == 1',
      '1 != 1.5',
      '1 < 1.5',
      '1.5 > 1',
      '2 >= 2.0',
      '2.0 <= 2',
      '1 in [1.0]',
    ]) {
      assert.is(evaluate(source), true, source);
    }
    for (const source of ['1 == 1.5', '1 > 1.0', '1.0 != 1', '9007199254740991 == 9007199254740992.0']) {
      assert.is(evaluate(source), false, source);
    }
  });

  test('division and modulo by zero fail at the operator, for doubles as well', () => {
    const cases: [string, number][] = [
      ['input.score / 0', 12],
      ['(input.score)/(0.0)', 13],
      ['input.n % (1 - 1)', 8],
      ['input.score // of what\n / 0', 24],
    ];
    for (const [source, position] of cases) {
      const error = failure(source, { input: { score: 0.9, n: 3 } });
      assert.is(error.code, 'EXPRESSION_FAILED');
      assert.equal(error.details, { expression: source, position });
      assert.match(error.message, /(division|modulo) by zero$/);
    }
    assert.is(
      failure('input.score / 0', { input: { score: 0.9 } }).message,
      'expression "input.score / 0" failed at 12: division by zero',
    );
  });

  test('an int is exact up to 2^53 - 1 and fails beyond, however it comes about', () => {
    assert.is(evaluate('9007199254740991'), 9007199254740991);
    assert.is(evaluate('int("-9007199254740991")'), -9007199254740991);
    assert.is(evaluate('9007199254740990 + 1'), 9007199254740991);
    const beyond = [
      '9007199254740991 + 1',
      '-9007199254740991 - 1',
      '9007199254740991 * 2',
      '3037000500 * 3037000500',
      'int("9007199254740993")',
      'int("99999999999999999999")',
      'int(1e19)',
      'int(9007199254740992.0)',
      '9007199254740991 + 1 > 0',
    ];
    for (const source of beyond) {
      const { code, message } = failure(source);
      assert.is(code, 'EXPRESSION_FAILED');
      assert.match(message, /integer overflow: an int is exact up to 9007199254740991/, source);
    }
    for (const source of ['input + 1', '1 + input', 'input - 1000000', 'input * 3']) {
      assert.match(failure(source, { input: 2 ** 53 + 2 ** 30 }).message, /integer overflow/, source);
    }
    assert.is(evaluate('input - 9007199254740991', { input: 2 ** 53 }), 1);
    assert.is(evaluate('input + 1.0 == input && input / 2 > 0.0', { input: 2 ** 53 }), true);
    assert.is(evaluate('input + 1 == input', { input: 1e300 }), true);
    assert.is(evaluate('9007199254740992.0'), 9007199254740992);
    assert.is(evaluate('9007199254740991 * 2.0'), 18014398509481982);
  });

  test('infinity and NaN cannot come about', () => {
    for (const source of ['1e308 * 10.0', '-1e308 * 10', '1e308 + 1e308', 'double("1e999")', '1.5 / 1e-320']) {
      assert.match(failure(source).message, /not a finite number/);
    }
    for (const source of ['double("NaN")', 'double("inf")', 'double("Infinity")'])
      assert.is(failure(source).code, 'EXPRESSION_FAILED');
  });

  test('no result is negative zero', () => {
    for (const source of ['0 * -1', '-(0)', '-0.0', '0 / -5', '-4 % 2']) {
      assert.ok(Object.is(evaluate(source), 0), source);
    }
  });

  test('arithmetic of ints of the input agrees with exact integers', () => {
    const safe = fc.oneof(fc.integer(), fc.maxSafeInteger());
    const exact: Record<string, (left: bigint, right: bigint) => bigint> = {
      '+': (left, right) => left + right,
      '-': (left, right) => left - right,
      '*': (left, right) => left * right,
      '/': (left, right) => left / right,
      '%': (left, right) => left % right,
    };
    assertProperty(
      fc.property(safe, safe, fc.constantFrom(...Object.keys(exact)), (left, right, sign) => {
        if (right === 0 && (sign === '/' || sign === '%')) return;
        const expected = exact[sign]?.(BigInt(left), BigInt(right)) ?? 0n;
        const source = `string(input.l ${sign} input.r)`;
        const input = { l: left, r: right };
        const isExact = expected <= Number.MAX_SAFE_INTEGER && expected >= Number.MIN_SAFE_INTEGER;
        if (isExact) assert.is(evaluate(source, { input }), expected.toString());
        else assert.match(failure(source, { input }).message, /integer overflow/);
      }),
      { numRuns: 300 },
    );
  });

  test('arithmetic with a fraction agrees with doubles', () => {
    const fraction = fc.double({ min: -1e6, max: 1e6, noNaN: true }).filter((value) => !Number.isInteger(value));
    const doubles: Record<string, (left: number, right: number) => number> = {
      '+': (left, right) => left + right,
      '-': (left, right) => left - right,
      '*': (left, right) => left * right,
      '/': (left, right) => left / right,
    };
    assertProperty(
      fc.property(
        fc.integer(),
        fraction,
        fc.constantFrom(...Object.keys(doubles)),
        fc.boolean(),
        (whole, part, sign, swap) => {
          const [left, right] = swap ? [part, whole] : [whole, part];
          if (right === 0) return;
          const expected = doubles[sign]?.(left, right) ?? 0;
          if (Number.isFinite(expected)) assert.is(ofInput(left, sign, right), expected + 0);
        },
      ),
      { numRuns: 300 },
    );
  });
});

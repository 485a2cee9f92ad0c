import { caps, isLlmteamError, type Json } from '@llmteam/contracts';
import { createExpressionCompiler } from '@llmteam/kernel';
import * as assert from 'uvu/assert';
import { spec } from '../support/spec.js';
import { evaluate, failure, variables } from './support/evaluating.js';

const keyed = (length: number) => Object.fromEntries(numbers(length).map((index) => [`key-${index}`, index]));
const numbers = (length: number) => Array.from({ length }, (_, index) => index);

/** Without a work limit each of these would run far beyond any timeout. */
const patience = { timeoutMs: 120_000 };

/** The error of an expression that exceeds the work limit. */
function bomb(source: string, input: Json) {
  const error = failure(source, { input });
  assert.is(error.code, 'EXPRESSION_FAILED');
  return error;
}

spec('work of an evaluation', (test) => {
  test('as many comprehension steps as the cap are done, one more is not', () => {
    const input = numbers(caps.expression_work);
    assert.is(evaluate('input.all(x, x >= 0)', { input }), true);
    assert.match(
      bomb('[input, [1]].all(l, l.all(x, x >= 0))', input).message,
      /more than 100000 comprehension steps \(cap expression_work\)/,
    );
  });

  test('steps of all comprehensions of an expression count together', () => {
    const input = numbers(60_000);
    assert.is(evaluate('input.exists(x, x < 0)', { input }), false);
    assert.match(bomb('input.exists(x, x < 0) || input.exists(x, x < 0)', input).message, /cap expression_work/);
  });

  test(
    'nested comprehensions end at the cap',
    () => {
      const input = numbers(200_000);
      for (const source of [
        'input.map(x, input.map(y, x + y))',
        'input.filter(x, input.exists(y, y == x + 0.5))',
        'size(input.map(x, input.filter(y, y > x)))',
        'input.exists_one(x, input.all(y, y == y))',
      ]) {
        assert.match(bomb(source, input).message, /cap expression_(work|units)/, source);
      }
    },
    { timeoutMs: 40_000 },
  );

  test(
    'nothing forgives the end of the work: not ||, not &&, not exists, not all',
    () => {
      const input = numbers(200_000);
      const endless = 'input.all(y, y >= 0)';
      for (const source of [
        `${endless} || true`,
        `!(${endless} && false)`,
        `[1, 2].exists(x, x == 2 || ${endless})`,
        `[1, 2].all(x, x == 1 && ${endless}) || true`,
        'input.exists(x, input.exists(y, input.gone))',
      ]) {
        assert.match(bomb(source, input).message, /cap expression_(work|units)/, source);
      }
      assert.is(evaluate(`true || ${endless}`, { input }), true);
    },
    patience,
  );

  test('strings do not grow beyond the cap', () => {
    const input = { half: 'x'.repeat(caps.value_bytes / 2), small: 'x'.repeat(1_000), many: numbers(5_000) };
    for (const source of [
      'size(input.half + input.half + "x")',
      'size([input.half, input.half, "x"].join(""))',
      'size(["", "", "", ""].join(input.half))',
      'size("aaaa".replace("a", input.half))',
      'size([1, 2].map(x, input.half).map(x, x + x + "x"))',
    ]) {
      assert.match(bomb(source, input).message, /string longer than 4194304 characters \(cap value_bytes\)/, source);
    }
    assert.match(bomb('size(input.many.map(x, input.half + string(x)))', input).message, /cap expression_units/);
  });

  test('doubling in a chain of comprehensions ends', () => {
    const doubling = (times: number, step: string) => `[${step}]${'.map(s, [s, s])'.repeat(times)}`;
    assert.match(bomb(doubling(50, '1'), null).message, /cap expression_units/);
    assert.match(bomb(`${doubling(50, '1')} == ${doubling(50, '1')}`, null).message, /cap expression_units/);
    const strings = `["xxxxxxxx"]${'.map(s, s + s)'.repeat(60)}`;
    assert.match(bomb(`size(${strings}[0]) > 0`, null).message, /cap (value_bytes|expression_units)/);
  });

  test('lists do not grow beyond the cap', () => {
    const input = { list: numbers(120_000), text: 'a,'.repeat(300_000) };
    for (const source of ['size(input.list + input.list)']) {
      assert.match(bomb(source, input).message, /longer than 200000 elements \(cap json_nodes\)/, source);
    }
    for (const source of ['size(input.text.split(","))', 'size(input.text.split(""))']) {
      assert.match(bomb(source, input).message, /cap (json_nodes|expression_units)/, source);
    }
  });

  test('wide literals in every step end', () => {
    const input = numbers(100_000);
    assert.is(bomb(`size(input.map(x, [${'x * x,'.repeat(199)}x]))`, input).code, 'EXPRESSION_FAILED');
    assert.is(bomb(`input.all(x, ${'x * x + '.repeat(200)}0 >= 0)`, input).code, 'EXPRESSION_FAILED');
  });

  test('quadratic searching ends', () => {
    const list = numbers(100_000);
    assert.match(bomb('input.filter(x, x in input)', list).message, /cap expression_units/);
    const same = { a: list, b: [...list], few: numbers(1_000) };
    assert.match(bomb('input.few.all(x, input.a == input.b)', same).message, /cap expression_units/);
    const text = { long: 'a'.repeat(1_000_000), part: `${'a'.repeat(100_000)}b`, few: numbers(10_000) };
    for (const source of [
      'input.few.exists(x, input.long.contains(input.part))',
      'input.long.lastIndexOf(input.part) >= 0',
      'input.few.all(x, size(input.long.split(input.part)) > 0)',
      'input.few.exists(x, input.long.contains("b"))',
      'input.few.exists(x, size(input.long) == x)',
    ]) {
      assert.match(bomb(source, text).message, /cap expression_units/, source);
    }
  });

  test('what people write stays far below the limits', () => {
    const rows = numbers(2_000).map((index) => ({ id: `id-${index}`, tags: ['a', 'b'], text: 'x'.repeat(200) }));
    const input = { rows, ids: rows.slice(0, 500).map(({ id }) => id) };
    assert.is((evaluate('input.rows.filter(r, r.id in input.ids)', { input }) as Json[]).length, 500);
    assert.is((evaluate('input.rows.map(r, r.tags.map(t, t + r.id).join(" "))', { input }) as Json[]).length, 2_000);
    assert.is(evaluate('input.rows.all(r, r.id.matches("^id-[0-9]+$") && r.text.contains("xx"))', { input }), true);
    assert.is(evaluate('input.rows.map(r, r.text).join("\\n").size()', { input }), 2_000 * 201 - 1);
  });

  test('large strings are not split again and again', () => {
    const input = { text: 'a,'.repeat(200_000), few: numbers(100) };
    assert.match(bomb('size(input.few.map(x, input.text.split(",")))', input).message, /cap expression_units/);
    assert.is(evaluate('size(input.text.substring(0, 20000).split(","))', { input }), 10_001);
  });

  test('each way to copy, compare or convert much again and again ends', () => {
    const input = {
      text: 'é'.repeat(250_000),
      few: numbers(200),
      list: numbers(90_000),
      map: keyed(10_000),
      other: keyed(10_000),
    };
    for (const step of [
      'input.text + string(x)',
      'input.text == input.text + ""',
      'input.text.startsWith(input.text)',
      'input.text.upperAscii()',
      'bytes(input.text)',
      'base64.encode(bytes(input.text))',
      'url.encode(input.text)',
      'input.text.matches("x|y")',
      '{input.text + string(x): 1}',
      'input.list + [x]',
      'input.list == input.list.map(y, y)',
      'input.map == input.other',
      'input.map.exists(k, k == "")',
      '-1 in input.list',
      '[input.text, input.text].join(",")',
    ]) {
      assert.match(bomb(`size(input.few.map(x, ${step}))`, input).message, /cap expression_(units|work)/, step);
    }
    assert.match(bomb('input.few.map(x, input.list)', input).message, /cap/);
  });

  test('the largest values may be compared, searched, converted and returned once', () => {
    const strings = Array.from({ length: 5 }, (_, index) => `${index}${'x'.repeat(caps.json_string_bytes - 8)}`);
    const input = { list: numbers(190_000), same: numbers(190_000), strings, text: strings[0] ?? '' };
    for (const [source, result] of [
      ['input.list == input.same', true],
      ['189999 in input.list', true],
      ['size([input.list]) + size(input.list + [1])', 190_002],
      ['[input.strings][0].exists(s, s.contains("9x"))', false],
      ['input.text.matches("[yz]{3}|w$") || input.text.contains("yx")', false],
      ['size(base64.encode(bytes(input.text)))', 699_044],
    ] as const) {
      assert.is(evaluate(source, { input }), result, source);
    }
    for (const source of ['[input.list]', '{"a": input.strings}']) {
      assert.is(typeof evaluate(source, { input }), 'object', source);
    }
  });

  test('the same work always ends the same way', () => {
    const input = numbers(50_000);
    const messages = numbers(3).map(() => bomb('input.filter(x, input.filter(y, y > x).size() > 0)', input).message);
    assert.is(new Set(messages).size, 1);
  });
});

spec('budgets that evaluations share', (test) => {
  const unlimited = 1e12;
  const spending = (source: string, input: Json, left = unlimited) => {
    const budget = { left };
    const expression = createExpressionCompiler().expression(source);
    try {
      return { value: expression.evaluate(variables({ input }), budget), spent: left - budget.left };
    } catch (thrown) {
      return { code: isLlmteamError(thrown) && thrown.code, spent: left - budget.left };
    }
  };

  test('an evaluation takes the same from a budget each time, also if it fails', () => {
    const input = numbers(1_000);
    for (const source of ['input.map(x, x * 2)', 'input.exists(x, x / 0 == 1)', 'input.map(x, input.map(y, [x, y]))']) {
      const first = spending(source, input);
      assert.ok(first.spent > 1_000);
      assert.equal(spending(source, input), first);
    }
  });

  test('what one evaluation leaves is what the next one has, down to the last unit', () => {
    const { spent } = spending('input.all(x, x >= 0)', numbers(100));
    assert.is(spending('input.all(x, x >= 0)', numbers(100), spent).value, true);
    assert.is(spending('input.all(x, x >= 0)', numbers(100), spent - 1).code, 'LIMIT_EXCEEDED');
    assert.is(spending('input.all(x, x >= 0) || true', numbers(100), spent - 1).code, 'LIMIT_EXCEEDED');
    assert.is(spending('1', null, 0).code, 'LIMIT_EXCEEDED');
  });

  test('each ${…} of a config takes from the budget', () => {
    const compiler = createExpressionCompiler();
    const spent = (count: number) => {
      const budget = { left: unlimited };
      const template = compiler.template({ list: Array.from({ length: count }, () => '${input}') }, {});
      template.resolve(variables({ input: 'x' }), budget);
      return unlimited - budget.left;
    };
    assert.is(spent(20), 2 * spent(10));
  });

  test('twenty thousand cheap evaluations take a small part of the time of as many expensive ones', () => {
    const cheap = spending('input.score > 0.8 && input.status == "ok"', { score: 1, status: 'ok' });
    assert.ok(cheap.spent * caps.step_executions_per_run < 5 * caps.expression_units, String(cheap.spent));
  });
});

spec('regular expressions', (test) => {
  test('matches() and re() find a pattern anywhere in the text', () => {
    assert.is(evaluate('"hello world".matches("wor")'), true);
    assert.is(evaluate('"hello world".matches("^wor")'), false);
    assert.is(evaluate('re("hello world", "^h.*d$") && matches("a1", "[a-z][0-9]")'), true);
    assert.is(evaluate('"Äpfel".matches("(?i)^äpfel$") && "x".matches("\\\\pL")'), true);
    assert.is(evaluate('input.text.matches(input.pattern)', { input: { text: 'aab', pattern: 'a+b' } }), true);
  });

  test('a pattern with a small automaton may search the largest text, one with a large automaton only a short one', () => {
    const input = { text: 'ab'.repeat(caps.json_string_bytes / 2), short: 'ab'.repeat(50) };
    for (const pattern of ['error|fail', '^[a-z]+$', '[0-9]{4}-[0-9]{2}', '(?i)c.*d', '\\\\bword\\\\b', '[^ab]']) {
      assert.type(evaluate(`input.text.matches("${pattern}")`, { input }), 'boolean', pattern);
    }
    const large = '(a|b)*a(a|b){20}$';
    assert.match(bomb(`input.text.matches("${large}")`, input).message, /cap expression_units/);
    assert.type(evaluate(`input.short.matches("${large}")`, { input }), 'boolean');
  });

  test('patterns that make backtracking explode end', () => {
    const evil = ['(a+)+$', '(a|a)*$', '(a|aa)+$', '(.*a){20}$', '^(([a-z])+.)+[A-Z]([a-z])+$', '(a*)*b', '(x+x+)+y'];
    const ended = (source: string, input: Json) => {
      try {
        evaluate(source, { input });
      } catch (thrown) {
        assert.match(String(thrown), /cap expression_units/, source);
      }
    };
    for (const pattern of evil) {
      const input = { text: `${'a'.repeat(30_000)}!`, pattern };
      ended('input.text.matches(input.pattern)', input);
      ended(`input.text.matches("${pattern}") || re(input.text, "${pattern}")`, input);
    }
  });

  test('patterns and texts whose product is too large end before they begin', () => {
    const input = { text: 'ab'.repeat(500_000), pattern: '.*a.{300}$', many: numbers(50_000) };
    assert.match(bomb('input.text.matches(input.pattern)', input).message, /cap expression_units/);
    assert.match(
      bomb('input.many.exists(x, input.text.matches("(a|b)*a(a|b){12}c"))', input).message,
      /cap expression_units/,
    );
    assert.match(
      bomb('input.many.exists(x, "a".matches("b{" + string(x % 300) + "}c" + string(x)))', input).message,
      /cap expression_units/,
    );
  });

  test('a pattern of the data that is none fails, and one that is too large is not forgiven', () => {
    assert.match(failure('"a".matches(input)', { input: '(' }).message, /failed at 4: not an RE2 pattern/);
    assert.match(failure('"a".matches(input)', { input: '(?<=a)b' }).message, /not an RE2 pattern/);
    assert.is(evaluate('"a".matches(input) || true', { input: '(' }), true);
    assert.match(failure('"a".matches(input) || true', { input: '(a?){1000}'.repeat(20) }).message, /too large/);
  });
});

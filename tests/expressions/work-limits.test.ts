import { caps, type Json } from '@llmteam/contracts';
import * as assert from 'uvu/assert';
import { spec } from '../support/spec.js';
import { evaluate, failure } from './support/evaluating.js';

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
        assert.match(bomb(source, input).message, /cap expression_work/, source);
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
        assert.match(bomb(source, input).message, /cap expression_work/, source);
      }
      assert.is(evaluate(`true || ${endless}`, { input }), true);
    },
    patience,
  );

  test('strings do not grow beyond the cap', () => {
    const input = { half: 'x'.repeat(caps.value_bytes / 2), small: 'x'.repeat(1_000), many: numbers(5_000) };
    for (const source of [
      'size(input.half + input.half + "x")',
      'size(input.many.map(x, input.small).join(""))',
      'size(["", "", "", ""].join(input.half))',
      'size("aaaa".replace("a", input.half))',
      'size([1, 2].map(x, input.half).map(x, x + x + "x"))',
    ]) {
      assert.match(bomb(source, input).message, /string longer than 4194304 characters \(cap value_bytes\)/, source);
    }
    assert.match(
      bomb('size(input.many.map(x, input.half + string(x)))', input).message,
      /32 times the cap value_bytes/,
    );
  });

  test('doubling in a chain of comprehensions ends', () => {
    const doubling = (times: number, step: string) => `[${step}]${'.map(s, [s, s])'.repeat(times)}`;
    assert.match(bomb(doubling(50, '1'), null).message, /cap value_bytes/);
    assert.match(bomb(`${doubling(50, '1')} == ${doubling(50, '1')}`, null).message, /32 times the cap value_bytes/);
    const strings = `["xxxxxxxx"]${'.map(s, s + s)'.repeat(60)}`;
    assert.match(bomb(`size(${strings}[0]) > 0`, null).message, /cap value_bytes/);
  });

  test('lists do not grow beyond the cap', () => {
    const input = { list: numbers(120_000), text: 'a,'.repeat(300_000) };
    for (const source of [
      'size(input.list + input.list)',
      'size(input.text.split(","))',
      'size(input.text.split(""))',
    ]) {
      assert.match(bomb(source, input).message, /longer than 200000 elements \(cap json_nodes\)/, source);
    }
  });

  test('wide literals in every step end', () => {
    const input = numbers(100_000);
    assert.is(bomb(`size(input.map(x, [${'x * x,'.repeat(199)}x]))`, input).code, 'EXPRESSION_FAILED');
    assert.is(bomb(`input.all(x, ${'x * x + '.repeat(200)}0 >= 0)`, input).code, 'EXPRESSION_FAILED');
  });

  test('quadratic searching ends', () => {
    const list = numbers(100_000);
    assert.match(bomb('input.filter(x, x in input)', list).message, /32 times the cap/);
    const same = { a: list, b: [...list], few: numbers(1_000) };
    assert.match(bomb('input.few.all(x, input.a == input.b)', same).message, /32 times the cap/);
    const text = { long: 'a'.repeat(1_000_000), part: `${'a'.repeat(100_000)}b`, few: numbers(10_000) };
    for (const source of [
      'input.long.contains(input.part)',
      'input.long.lastIndexOf(input.part) >= 0',
      'size(input.long.split(input.part)) > 0',
      'input.few.exists(x, input.long.contains("b"))',
      'input.few.exists(x, size(input.long) == x)',
    ]) {
      assert.match(bomb(source, text).message, /32 times the cap/, source);
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

  test('the same work always ends the same way', () => {
    const input = numbers(50_000);
    const messages = numbers(3).map(() => bomb('input.filter(x, input.filter(y, y > x).size() > 0)', input).message);
    assert.is(new Set(messages).size, 1);
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

  test('patterns that make backtracking explode end', () => {
    const evil = ['(a+)+$', '(a|a)*$', '(a|aa)+$', '(.*a){20}$', '^(([a-z])+.)+[A-Z]([a-z])+$', '(a*)*b', '(x+x+)+y'];
    for (const pattern of evil) {
      const input = { text: `${'a'.repeat(30_000)}!`, pattern };
      evaluate('input.text.matches(input.pattern)', { input });
      evaluate(`input.text.matches("${pattern}") || re(input.text, "${pattern}")`, { input });
    }
  });

  test('patterns and texts whose product is too large end before they begin', () => {
    const input = { text: 'ab'.repeat(500_000), pattern: '.*a.{300}$', many: numbers(50_000) };
    assert.match(bomb('input.text.matches(input.pattern)', input).message, /32 times the cap/);
    assert.match(
      bomb('input.many.exists(x, input.text.matches("(a|b)*a(a|b){12}c"))', input).message,
      /32 times the cap/,
    );
    assert.match(
      bomb('input.many.exists(x, "a".matches("b{" + string(x % 300) + "}c" + string(x)))', input).message,
      /32 times the cap/,
    );
  });

  test('a pattern of the data that is none fails, and one that is too large is not forgiven', () => {
    assert.match(failure('"a".matches(input)', { input: '(' }).message, /failed at 4: not an RE2 pattern/);
    assert.match(failure('"a".matches(input)', { input: '(?<=a)b' }).message, /not an RE2 pattern/);
    assert.is(evaluate('"a".matches(input) || true', { input: '(' }), true);
    assert.match(failure('"a".matches(input) || true', { input: '(a?){1000}'.repeat(20) }).message, /too large/);
  });
});

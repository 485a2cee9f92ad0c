import * as assert from 'uvu/assert';
import { spec } from '../support/spec.js';
import { evaluate, failure, refusal } from './support/evaluating.js';

/** Text as people write it who know another language, where it goes wrong, and what the message tells them to write. */
const mistakes: readonly (readonly [source: string, position: number, advice: string])[] = [
  ['input.status === "done"', 13, 'write == instead of ==='],
  ['input.status !== "done"', 13, 'write != instead of !=='],
  ['input.status = "done"', 13, 'write == to compare'],
  ['input.a and input.b', 8, 'write && instead of and'],
  ['input.a OR input.b', 8, 'write || instead of OR'],
  ['not input.a', 0, 'write !x instead of not x'],
  ['"x" not in input.list', 4, '!(x in list)'],
  ['input.a is null', 8, 'write == instead of is'],
  ['input.a & input.b', 8, 'write && instead of &'],
  ['input.name | upper', 11, 'write f(x) instead of x | f'],
  ['"yes" if input.a else "no"', 6, 'condition ? x : y'],
  ['if (input.a) { "yes" }', 0, 'condition ? x : y'],
  ['input.a ?? "none"', 8, 'has(x.name) ? x.name : "default"'],
  ['input.a?.b', 7, 'has(x.name) ? x.name : "default"'],
  ['input.rows.map(r => r.id)', 17, 'items.map(x, x.name)'],
  ['lambda x: x + 1', 0, 'items.map(x, x.name)'],
  ['[x for x in input.rows]', 3, 'items.map(x, x.name)'],
  ['return input.a', 0, 'without return'],
  ['const x = 1', 0, 'declares no variables'],
  ['input.a;', 7, 'without ;'],
  ['2 ** 3', 2, 'no power operator'],
  ['`Dear ${input.name}`', 0, 'no template literals'],
  ['${input.name}', 0, 'without ${…}'],
  ['Dear ${input.name}', 5, '"Dear " + input.name'],
  ['{{ input.name }}', 0, 'without braces'],
  ['$.input.name', 0, 'write input.name'],
  ['Dear customer, thank you', 5, 'if it is text, put it in quotes'],
  ['approved', 0, 'write "approved"'],
  ['input.first-name', 12, 'a key with a dash is read as input["some-name"]'],
  ['typeof input.a', 0, 'type(x)'],
  ['input.name.toUpperCase()', 11, 'write x.upperAscii()'],
  ['input.name.toLowerCase()', 11, 'write x.lowerAscii()'],
  ['input.name.includes("a")', 11, 'x.contains(y)'],
  ['input.list.length()', 11, 'size(x)'],
  ['input.list.some(x, x > 1)', 11, 'x.exists(item, condition)'],
  ['input.list.every(x, x > 1)', 11, 'x.all(item, condition)'],
  ['input.name.slice(1)', 11, 'x.substring(from, to)'],
  ['input.name.match("a")', 11, 'text.matches(pattern)'],
  ['input.list.push(1)', 11, 'x + [item]'],
  ['Object.keys(input)', 7, 'x.map(key, key)'],
  ['JSON.stringify(input)', 5, '${x} in a config string'],
  ['len(input.list)', 0, 'size(x)'],
  ['str(1) + "a"', 0, 'string(x)'],
  ['parseInt("1")', 0, 'int(x)'],
  ['encodeURIComponent(input.q)', 0, 'url.encode(x)'],
  ['input.a == None', 11, 'write null'],
  ['input.a == True', 11, 'write true'],
  ['input.a == undefined', 11, 'has(x.name)'],
  ['item.name', 0, 'write loop.item'],
];

spec('mistakes that other languages suggest', (test) => {
  for (const [source, position, advice] of mistakes) {
    test(`${source} is told what to write instead`, () => {
      const { message, details } = refusal(source);
      assert.match(message, advice);
      assert.is(details?.position, position);
    });
  }

  test('the same characters and words in strings, comments and keys are no mistakes', () => {
    const input = { and: 1, if: 2, is: { not: 3 }, 'a===b': 4 };
    assert.is(evaluate('input.and + input.if + input.is.not + input["a===b"] // x === y; ${z}', { input }), 10);
    assert.is(evaluate('"a === b and ${c}; `d`" != \'x => y | z\''), true);
    assert.match(refusal('("a === b" + input.and').message, /expected '\)'/);
  });

  test('the length of a list or a text is its size()', () => {
    for (const input of [[1, 2], 'text']) {
      assert.match(failure('input.length > 1', { input }).message, /cannot read 'length' of a \w+; write size\(x\)/);
    }
    assert.is(evaluate('input.length', { input: { length: 3 } }), 3);
  });
});

import { caps, type Json } from '@llmteam/contracts';
import fc from 'fast-check';
import * as assert from 'uvu/assert';
import { assertProperty } from '../support/random.js';
import { spec } from '../support/spec.js';
import { evaluate, failure } from './support/evaluating.js';

spec('logic, equality and results', (test) => {
  test('a side that decides makes up for a failing one, on either side', () => {
    const input = { yes: true, no: false };
    assert.is(evaluate('input.yes || input.gone', { input }), true);
    assert.is(evaluate('input.gone || input.yes', { input }), true);
    assert.is(evaluate('input.no && input.gone', { input }), false);
    assert.is(evaluate('input.gone && input.no', { input }), false);
  });

  test('where nothing decides a failure stays a failure', () => {
    const input = { yes: true, no: false };
    for (const source of [
      'input.no || input.gone',
      'input.gone || input.no',
      'input.yes && input.gone',
      'input.gone && input.yes',
    ]) {
      assert.match(failure(source, { input }).message, /no such key: 'gone'/, source);
    }
    assert.match(failure('input.gone ? 1 : 2', { input }).message, /no such key/);
  });

  test('what is no boolean does not count as one', () => {
    const input = { one: 1, text: 'true', none: null };
    assert.match(
      failure('input.one && true', { input }).message,
      /failed at 0: the left side of && must be a boolean, not an int/,
    );
    assert.match(
      failure('false || input.text', { input }).message,
      /the right side of \|\| must be a boolean, not a string/,
    );
    assert.match(failure('!input.none', { input }).message, /the operand of ! must be a boolean, not null/);
    assert.match(failure('input.one ? 1 : 2', { input }).message, /condition of \?: must be a boolean, not an int/);
    assert.match(failure('[1].filter(x, x)').message, /the condition of filter\(\) must be a boolean/);
  });

  test('only the branch that is taken is evaluated', () => {
    assert.is(evaluate('true ? 1 : 1 / 0'), 1);
    assert.is(evaluate('false ? 1 / 0 : 2'), 2);
    assert.is(evaluate('input.n > 1 ? "many" : input.n == 1 ? "one" : "none"', { input: { n: 1 } }), 'one');
  });

  test('all and exists forgive what does not matter; exists_one, map and filter forgive nothing', () => {
    assert.is(evaluate('[0, 1, 2].exists(x, 2 / x == 1)'), true);
    assert.is(evaluate('[0, 1, 2].all(x, 2 / x == 5)'), false);
    assert.match(failure('[0, 1].exists(x, 2 / x == 5)').message, /division by zero/);
    assert.match(failure('[0, 1].all(x, 2 / x == 2)').message, /division by zero/);
    for (const name of ['exists_one', 'filter'])
      assert.match(failure(`[0, 1].${name}(x, 2 / x == 2)`).message, /division by zero/);
    assert.match(failure('[0].map(x, 1 / x)').message, /division by zero/);
  });

  test('comprehensions go through the elements of a list and the keys of a map', () => {
    const input = {
      items: [
        { n: 1, ok: true },
        { n: 2.5, ok: false },
      ],
      map: { a: 1, b: 2 },
    };
    assert.equal(evaluate('input.items.filter(i, i.ok).map(i, i.n)', { input }), [1]);
    assert.equal(evaluate('input.items.map(i, i.ok, i.n + 1)', { input }), [2]);
    assert.equal(evaluate('input.map.map(k, k + string(input.map[k]))', { input }), ['a1', 'b2']);
    assert.is(
      evaluate('input.map.exists_one(k, input.map[k] > 1) && [].all(x, false) && ![].exists(x, true)', { input }),
      true,
    );
    assert.equal(evaluate('[1, 2].map(x, [10, 20].map(y, x * y))'), [
      [10, 20],
      [20, 40],
    ]);
    assert.equal(evaluate('[[1, 2], [3]].map(x, x.map(x, x + 1))'), [[2, 3], [4]]);
    assert.match(
      failure('input.items.map(i, i)', { input: { items: 'abc' } }).message,
      /goes through a list or a map, not a string/,
    );
  });

  test('a variable of a comprehension hides a root of that name, and only inside', () => {
    assert.equal(evaluate('[1].map(input, input + 1) + [input]', { input: 5 }), [2, 5]);
  });

  test('maps are equal whatever the order of their keys, and lists are not', () => {
    const input = { a: { x: 1, y: 's' }, b: { y: 's', x: 1.0 }, c: { x: 1 } };
    assert.is(evaluate('input.a == input.b && [input.a] == [input.b] && input.a in [input.b]', { input }), true);
    assert.is(evaluate('input.a == input.c', { input }), false);
    assert.is(evaluate('[1, 2] == [2, 1]'), false);
    assert.is(evaluate('[1, "a", [null]] == [1.0, "a", [null]]'), true);
  });

  test('values of different kinds are unequal, not wrong', () => {
    const input = { list: [1, 'b', null, { a: 1 }], text: '1' };
    assert.is(evaluate('"b" in input.list && null in input.list && {"a": 1} in input.list', { input }), true);
    assert.is(evaluate('input.text == 1 || input.text in [1] || input.list == {}', { input }), false);
    assert.is(evaluate('input.text != 1', { input }), true);
  });

  test('a value equals itself and what JSON makes of it again, and nothing with a part changed', () => {
    assertProperty(
      fc.property(fc.jsonValue(), (value) => {
        const input = value as Json;
        const copy = JSON.parse(JSON.stringify(value)) as Json;
        assert.is(evaluate('input == input', { input }), true);
        assert.is(evaluate('input.a == input.b && input.a in [input.b]', { input: { a: input, b: copy } }), true);
        assert.is(
          evaluate('input.a == [input.b] || input.a == {"b": input.b}', { input: { a: input, b: copy } }),
          false,
        );
      }),
      { numRuns: 200 },
    );
  });

  test('what JSON has no word for becomes text, or fails', () => {
    assert.is(evaluate('b"abc"'), 'YWJj');
    assert.is(evaluate('timestamp("2026-01-31T10:00:00.250+01:00")'), '2026-01-31T09:00:00.250Z');
    assert.is(evaluate('duration("1h30m")'), '5400s');
    assert.is(evaluate('duration("-1.5s")'), '-1.500s');
    assert.equal(evaluate('{"at": [timestamp(0)]}'), { at: ['1970-01-01T00:00:00Z'] });
    assert.match(failure('type(1)').message, /a type, which is no JSON value/);
    assert.match(failure('[int]').message, /a type/);
  });

  test('a result is bounded in size and in nesting', () => {
    const half = Array.from({ length: 4 }, () => 'x'.repeat(caps.json_string_bytes - 16));
    const input = { half, longest: 'x'.repeat(caps.json_string_bytes) };
    assert.is((evaluate('[input.half]', { input }) as unknown[])[0], half);
    assert.is((evaluate('[input.longest]', { input }) as string[])[0], input.longest);
    assert.match(failure('input.longest + "x"', { input }).message, /524289 bytes.*\(cap json_string_bytes\)/);
    assert.match(failure('{input.longest + "x": 1}', { input }).message, /cap json_string_bytes/);
    assert.is(evaluate('size(input.longest + "x")', { input }), caps.json_string_bytes + 1);
    assert.match(
      failure('[input.half, input.half, 1.5]', { input: { half: [...half, 'x'.repeat(256)] } }).message,
      /larger than 4194304 bytes \(cap value_bytes\)/,
    );
    assert.match(failure('[1, 2, 3].map(x, input.half)', { input }).message, /cap value_bytes/);
    assert.match(
      failure('[1, 2, 3, 4, 5].map(x, input)', { input: '"'.repeat(caps.value_bytes / 8) }).message,
      /cap value_bytes/,
    );
    for (const text of ['"\\\n\u0001\u007fä中😀', '\ud800x\udc00', '😀\ud83d']) {
      const bytes = Buffer.byteLength(JSON.stringify(text)) - 2;
      const fits = Array.from({ length: Math.floor((caps.value_bytes - 2) / (bytes * 4_000 + 3)) }, () =>
        text.repeat(4_000),
      );
      assert.is((evaluate('[input]', { input: fits.slice(1) }) as unknown[]).length, 1);
      assert.match(failure('[input]', { input: [...fits, text.repeat(4_000)] }).message, /cap value_bytes/);
    }
    let deep: Json = 1;
    for (let level = 0; level < caps.json_depth; level += 1) deep = [deep];
    assert.is(evaluate('true ? input : 0', { input: deep }), deep);
    assert.match(failure('[input]', { input: deep }).message, /nested deeper than 64 levels/);
  });

  test('data nested without end fails, it does not overflow', () => {
    let deep: Json = 1;
    let other: Json = 1;
    for (let level = 0; level < 20_000; level += 1) {
      deep = [deep];
      other = [other];
    }
    assert.match(failure('input.deep == input.other', { input: { deep, other } }).message, /nested deeper than/);
    assert.match(failure('[input]', { input: deep }).message, /nested deeper than/);
  });
});

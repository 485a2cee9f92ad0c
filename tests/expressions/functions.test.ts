import type { Json } from '@llmteam/contracts';
import * as assert from 'uvu/assert';
import { spec } from '../support/spec.js';
import { evaluate, failure, refusal } from './support/evaluating.js';

function assertTable(table: readonly (readonly [string, Json])[]): void {
  for (const [source, result] of table) assert.equal(evaluate(source), result, source);
}

spec('functions', (test) => {
  test('sizes are of code points, elements, entries and bytes', () => {
    assertTable([
      ['size("häß😀")', 4],
      ['"".size()', 0],
      ['size([1, 2])', 2],
      ['{"a": 1}.size()', 1],
      ['size(b"abc") + bytes("ä").size()', 5],
    ]);
  });

  test('methods of strings', () => {
    assertTable([
      ['"abc".startsWith("ab") && "abc".endsWith("bc") && "abc".contains("b")', true],
      ['"abc".startsWith("b") || "abc".endsWith("b") || "abc".contains("x")', false],
      ['"abcabc".indexOf("c")', 2],
      ['"abcabc".indexOf("c", 3)', 5],
      ['"abcabc".lastIndexOf("a")', 3],
      ['"abcabc".lastIndexOf("a", 2)', 0],
      ['"abc".indexOf("x")', -1],
      ['"abcdef".substring(2)', 'cdef'],
      ['"abcdef".substring(2, 4)', 'cd'],
      ['"abc".substring(3)', ''],
      ['"ABC äÖ".lowerAscii() + "abc äÖ".upperAscii()', 'abc äÖABC äÖ'],
      ['"  a ".trim()', 'a'],
      ['"a,b,,c".split(",")', ['a', 'b', '', 'c']],
      ['"a,b,c".split(",", 2)', ['a', 'b,c']],
      ['"a,b,c".split(",", 0)', []],
      ['"a,b,c".split(",", -1)', ['a', 'b', 'c']],
      ['"abc".split("")', ['a', 'b', 'c']],
      ['"".split("")', ['']],
      ['"".split(",")', ['']],
      ['["a", "b"].join() + ["a", "b"].join("-") + [].join("-")', 'aba-b'],
      ['"a.b.c".replace(".", "")', 'abc'],
    ]);
  });

  test('text is encoded for any part of a URL, and bytes as Base64', () => {
    assertTable([
      [
        'url.encode("a b&c=d/e?f#g+ä😀!()*\'~-._")',
        'a%20b%26c%3Dd%2Fe%3Ff%23g%2B%C3%A4%F0%9F%98%80%21%28%29%2A%27~-._',
      ],
      ['"https://x.test/?q=" + url.encode(run.input.topic)', 'https://x.test/?q=owls'],
      ['base64.encode(b"hello")', 'aGVsbG8='],
      ['base64.encode(bytes("ä"))', 'w6Q='],
      ['string(base64.decode("aGVsbG8="))', 'hello'],
      ['string(base64.decode("aGVsbG8"))', 'hello'],
      ['[1].map(url, url + 1)', [2]],
    ]);
    assert.match(failure('url.encode(input)', { input: 'x\ud800' }).message, /without lone surrogates/);
    for (const text of ['a', 'aGVsbG8=x', 'a-_b', 'a===']) {
      assert.match(failure('base64.decode(input)', { input: text }).message, /takes Base64 text/, text);
    }
    assert.match(failure('url.encode(input)', { input: 1 }).message, /url.encode\(\) does not take an int/);
    assert.match(refusal('url.encode(1)').message, /url.encode\(\) does not take an int/);
    assert.match(refusal('url.encode("a", "b")').message, /takes 1 argument, not 2/);
    assert.match(refusal('url.encod("a")').message, /unknown function 'url.encod'; did you mean 'url.encode'/);
  });

  test('places in strings are code points', () => {
    assertTable([
      ['"😀x😀y".indexOf("y")', 3],
      ['"😀x😀y".indexOf("😀", 1)', 2],
      ['"😀x😀y".substring(1, 3)', 'x😀'],
      ['"😀x".split("")', ['😀', 'x']],
    ]);
  });

  test('places outside a string fail', () => {
    for (const source of ['"abc".substring(4)', '"abc".substring(-1)', '"😀".substring(2)', '"abc".indexOf("a", 9)']) {
      assert.match(failure(source).message, /out of range: the string has \d characters/, source);
    }
    assert.match(failure('"abc".substring(2, 1)').message, /ends at 1, before it starts at 2/);
    assert.match(failure('"a".replace("", "b")').message, /needs something to look for/);
    assert.match(failure('["a", 1].join()').message, /takes a list of strings; it has an int/);
  });

  test('conversions', () => {
    assertTable([
      ['string(1) + string(1.5) + string(true) + string("a")', '11.5truea'],
      ['string(double(2))', '2'],
      ['int("-12") + int(2.9) + int(-2.9)', -12],
      ['double("1.5e3") + double(1)', 1501],
      ['bool("true") && !bool("0")', true],
      ['string(b"\\xc3\\xa4")', 'ä'],
      ['type("a") == string && type(null) == null_type && type([]) == list && type({}) == map', true],
      ['type(1) == type(2) && type(1) != type(1.5)', true],
    ]);
    for (const source of [
      'int("1.5")',
      'int("x")',
      'int("")',
      'double("")',
      'double("0x10")',
      'bool("yes")',
      'string(b"\\xff")',
    ]) {
      assert.is(failure(source).code, 'EXPRESSION_FAILED', source);
    }
  });

  test('a function that does not take what data gives it says what it was given', () => {
    assert.match(failure('size(input)', { input: 5 }).message, /failed at 0: size\(\) does not take an int/);
    assert.match(
      failure('input.a.startsWith(input.b)', { input: { a: {}, b: 1.5 } }).message,
      /failed at 8: startsWith\(\) does not take a map and a double/,
    );
    assert.match(
      failure('1 + input', { input: 'a' }).message,
      /failed at 2: '\+' is not defined for an int and a string/,
    );
    assert.match(failure('input < 1', { input: null }).message, /'<' is not defined for null and an int/);
    assert.match(failure('input.matches("a")', { input: 1 }).message, /matches\(\) does not take an int and a string/);
    assert.match(failure('"a" in input', { input: 'abc' }).message, /'in' is not defined for a string and a string/);
  });

  test('timestamps and durations', () => {
    assertTable([
      ['timestamp("2024-02-28T12:00:00Z") + duration("36h")', '2024-03-01T00:00:00Z'],
      ['timestamp("2024-03-01T00:00:00Z") - timestamp("2024-02-28T12:00:00Z")', '129600s'],
      ['timestamp("2024-03-01T00:00:00Z") - duration("1s")', '2024-02-29T23:59:59Z'],
      ['duration("1m") - duration("1.5s") == duration("58.5s")', true],
      ['timestamp("2024-01-01T00:00:00Z") < timestamp("2024-01-01T00:00:00.000000001Z")', true],
      ['timestamp("2024-01-01T01:00:00+01:00") == timestamp("2024-01-01T00:00:00Z")', true],
      ['int(timestamp("1970-01-01T00:01:00Z"))', 60],
      ['string(timestamp("1969-12-31T23:59:59.5Z"))', '1969-12-31T23:59:59.500Z'],
      ['timestamp("0001-01-01T00:00:00Z")', '0001-01-01T00:00:00Z'],
      ['timestamp("9999-12-31T23:59:59.999999999Z")', '9999-12-31T23:59:59.999999999Z'],
      ['duration("90m").getHours() + duration("90m").getMinutes()', 91],
      ['duration("1ms").getMilliseconds()', 1],
    ]);
    for (const source of [
      'timestamp("2024-02-30T00:00:00Z")',
      'timestamp("2024-01-01")',
      'timestamp("Tue Mar 01 2024 10:00:00")',
      'timestamp("9999-12-31T23:59:59Z") + duration("1s")',
      'timestamp("0000-12-31T00:00:00Z")',
      'duration("1d")',
      'duration("")',
      'duration("99999999999h")',
    ]) {
      assert.is(failure(source).code, 'EXPRESSION_FAILED', source);
    }
  });

  test('parts of a date are those of UTC or of an offset, never of the machine or of a zone database', () => {
    const moment = 'timestamp("2024-03-01T00:30:15.250Z")';
    assertTable([
      [`${moment}.getFullYear()`, 2024],
      [`${moment}.getMonth()`, 2],
      [`${moment}.getDate()`, 1],
      [`${moment}.getDayOfMonth()`, 0],
      [`${moment}.getDayOfWeek()`, 5],
      [`${moment}.getDayOfYear()`, 60],
      [`${moment}.getHours()`, 0],
      [`${moment}.getMinutes()`, 30],
      [`${moment}.getSeconds()`, 15],
      [`${moment}.getMilliseconds()`, 250],
      [`${moment}.getHours("-01:00")`, 23],
      [`${moment}.getDate("-01:00")`, 29],
      [`${moment}.getMinutes("+05:45")`, 15],
      [`${moment}.getHours("UTC")`, 0],
    ]);
    assert.match(failure(`${moment}.getHours("Europe/Berlin")`).message, /"UTC" or an offset/);
  });
});

import { isLlmteamError, type LlmteamError } from '@llmteam/contracts';
import { parseJson } from '@llmteam/kernel';
import fc from 'fast-check';
import * as assert from 'uvu/assert';
import { assertProperty } from '../support/random.js';
import { spec } from '../support/spec.js';

type Options = Parameters<typeof parseJson>[1];

function refusal(text: string, options?: Options): LlmteamError {
  try {
    parseJson(text, options);
  } catch (thrown) {
    if (isLlmteamError(thrown)) return thrown;
    throw thrown;
  }
  throw new Error(`not refused: ${text.slice(0, 100)}`);
}

/** `line:column message` */
function told(text: string, options?: Options): string {
  const { code, message, details } = refusal(text, options);
  assert.is(code, 'JSON_INVALID');
  return `${String(details?.line)}:${String(details?.column)} ${message}`;
}

function hasForbiddenKey(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return Object.entries(value).some(([key, member]) => key === '__proto__' || hasForbiddenKey(member));
}

/** The result of JSON.parse; undefined if it throws. */
function byTheLanguage(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const faults: readonly (readonly [text: string, expected: string])[] = [
  ['', '1:1 expected a value, found the end of the text at line 1, column 1'],
  ['{"a": 1,\n "b" 2}', "2:6 expected ':' after the key, found '2' at line 2, column 6"],
  ['{"a": 1\n "b": 2}', "2:2 expected ',' or '}', found '\"' at line 2, column 2"],
  [
    '{"a": 1,}',
    '1:9 expected a key in double quotes, found a comma after the last item, which JSON does not allow at line 1, column 9',
  ],
  ['[1, 2,]', '1:7 expected a value, found a comma after the last item, which JSON does not allow at line 1, column 7'],
  ['[1 2]', "1:4 expected ',' or ']', found '2' at line 1, column 4"],
  [
    "{'a': 1}",
    "1:2 expected a key in double quotes or '}', found a string in single quotes; JSON has double quotes only at line 1, column 2",
  ],
  ['{"a": NaN}', "1:7 expected a value, found 'N' at line 1, column 7"],
  ['[01]', "1:3 expected ',' or ']', found '1' at line 1, column 3"],
  ['[1.]', "1:3 expected ',' or ']', found '.' at line 1, column 3"],
  ['[1] 2', "1:5 expected nothing after the value, found '2' at line 1, column 5"],
  ['\r\n\r\n  tru', "3:3 expected a value, found 't' at line 3, column 3"],
  ['["a\nb"]', '1:4 a string holds U+000A; write it as an escape at line 1, column 4'],
  ['["a\\x"]', '1:4 a backslash in a string does not begin a valid escape at line 1, column 4'],
  ['["\\u12G4"]', '1:3 a backslash in a string does not begin a valid escape at line 1, column 3'],
  ['[1, "a', '1:5 the text ends inside a string that begins here at line 1, column 5'],
  ['{"a": [1', "1:9 expected ',' or ']', found the end of the text at line 1, column 9"],
  ['[\u00a01]', "1:2 expected a value or ']', found U+00A0 at line 1, column 2"],
  ['[1e999]', '1:2 the number 1e999 exceeds the range of a double; send it as a string at line 1, column 2'],
  [
    '{"id": 12345678901234567890}',
    '1:8 the integer 12345678901234567890 is beyond ±9007199254740991 and would be rounded; send it as a string at line 1, column 8',
  ],
  [
    '[1,\n -9007199254740993]',
    '2:2 the integer -9007199254740993 is beyond ±9007199254740991 and would be rounded; send it as a string at line 2, column 2',
  ],
  ['{"a": 1, "\\u0061": 2}', '1:10 the key "a" occurs twice in one object at line 1, column 10'],
  ['\uFEFF[x]', "1:2 expected a value or ']', found 'x' at line 1, column 2"],
];

spec('parseJson', (test) => {
  for (const [text, expected] of faults) {
    test(`${JSON.stringify(text)} is refused with place and reason`, () => {
      assert.is(told(text), expected);
    });
  }

  test('the key __proto__ is refused, as an escape too; as a value it is data', () => {
    const refused = "the key '__proto__' is not allowed: it would name a prototype at line 1, column";
    assert.is(told('{"a": {"__proto__": 1}}'), `1:8 ${refused} 8`);
    assert.is(told('{"\\u005f_proto__": 1}'), `1:2 ${refused} 2`);
    assert.equal(parseJson('{"a": "__proto__"}'), { a: '__proto__' });
  });

  test('constructor, prototype and the names of methods are keys like any other', () => {
    const text = '{"constructor":{"prototype":1},"prototype":"x","toString":null,"hasOwnProperty":[2]}';
    assert.is(JSON.stringify(parseJson(text)), text);
  });

  test('every number that passes is written back as it was, or as the double it denotes', () => {
    const texts = ['9007199254740991', '-9007199254740991', '0.1', '1e300', '1.5E-7', '123456789012345.67', '-0.5'];
    for (const text of texts) assert.is(JSON.stringify(parseJson(text)), String(Number(text)), text);
    assert.is(
      JSON.stringify(parseJson('[9007199254740992, 100000000000000000000]')),
      '[9007199254740992,100000000000000000000]',
    );
    const integers = fc.bigInt({ min: -(10n ** 25n), max: 10n ** 25n });
    assertProperty(
      fc.property(integers, (integer) => {
        if (JSON.stringify(Number(integer)) === String(integer))
          assert.is(JSON.stringify(parseJson(`[${integer}]`)), `[${integer}]`);
        else assert.match(told(`[${integer}]`), `the integer ${integer} is beyond`);
      }),
    );
  });

  test('the same key may occur in two objects', () => {
    assert.equal(parseJson('{"a": {"a": [{"a": 1}, {"a": 2}]}}'), { a: { a: [{ a: 1 }, { a: 2 }] } });
  });

  test('a byte order mark at the start is skipped; elsewhere it is no white space', () => {
    assert.equal(parseJson('\uFEFF{"a": 1}'), { a: 1 });
    assert.match(told('{"a":\uFEFF1}'), /^1:6 expected a value, found U\+FEFF/);
  });

  test('lone surrogates pass', () => {
    assert.equal(parseJson('["\\ud800", "\udc00"]'), ['\ud800', '\udc00']);
  });

  test('64 levels pass and 65 are told where they begin', () => {
    const nested = (depth: number): string => `${'['.repeat(depth)}${']'.repeat(depth)}`;
    assert.ok(Array.isArray(parseJson(nested(64))));
    assert.is(told(`\n${nested(65)}`), '2:65 nested deeper than 64 at line 2, column 65');
    assert.ok(Array.isArray(parseJson(nested(65), { maxDepth: 65 })));
  });

  test('each limit holds from the first step beyond it on', () => {
    const limits: readonly (readonly [Options, pass: string, fail: string, expected: RegExp])[] = [
      [{ maxNodes: 3 }, '[1, 2]', '[1, 2, 3]', /^1:8 more than 3 values/],
      [{ maxKeysPerObject: 2 }, '{"a":1,"b":{"c":1,"d":2}}', '{"a":1,"b":2,"c":3}', /^1:14 more than 2 keys/],
      [{ maxStringBytes: 4 }, '["äö"]', '["äöü"]', /^1:2 a string of 6 bytes \(at most 4/],
      [{ maxStringBytes: 4 }, '{"aaaa": 1}', '{"aaaaa": 1}', /^1:2 a key of 5 bytes \(at most 4/],
      [{ maxBytes: 6 }, '["ää"]'.slice(0, 4), '["äää"]', /^1:1 the text has 10 bytes \(at most 6/],
    ];
    for (const [options, pass, fail, expected] of limits) {
      if (byTheLanguage(pass) !== undefined) assert.equal(parseJson(pass, options), JSON.parse(pass));
      assert.match(told(fail, options), expected);
    }
  });

  test('10 MB of nesting, of keys, of one string or of numbers are each refused where the limit is passed', () => {
    const more = { maxBytes: 20_000_000 };
    const bombs: readonly (readonly [text: string, options: Options, expected: string])[] = [
      ['['.repeat(10_000_000), undefined, 'at most 4194304'],
      ['['.repeat(10_000_000), more, 'nested deeper than 64 at line 1, column 65'],
      ['{"a":'.repeat(2_000_000), more, 'nested deeper than 64'],
      [`"${'a'.repeat(10_000_000)}"`, more, 'a string of 10000000 bytes'],
      [`[${'0,'.repeat(5_000_000)}`, more, 'more than 200000 values'],
    ];
    for (const [text, options, expected] of bombs) {
      assert.match(told(text, options), expected);
    }
  });

  test('nesting that the options let through is read without overflowing the stack', () => {
    const options = { maxDepth: 1_000_000, maxNodes: 10_000_000, maxBytes: 20_000_000 };
    assert.match(told('['.repeat(900_000), options), /^1:900001 expected a value/);
  });

  test('what JSON.stringify writes comes back, but for refused keys', () => {
    assertProperty(
      fc.property(fc.jsonValue({ maxDepth: 8 }), fc.constantFrom(undefined, 1, '\t'), (value, space) => {
        fc.pre(!hasForbiddenKey(value));
        const text = JSON.stringify(value, null, space);
        assert.equal(parseJson(text), JSON.parse(text));
      }),
      { numRuns: 500 },
    );
  });

  test('a text is refused if JSON.parse refuses it, whatever is done to good JSON', () => {
    const good = '{"a": [1, -2.5e3, true, null, "x\\n\\u0041"], "b": {"c": {}}}';
    const change = fc.record({
      at: fc.nat(good.length),
      remove: fc.nat(3),
      insert: fc.string({ unit: 'grapheme', maxLength: 3 }),
    });
    assertProperty(
      fc.property(change, ({ at, remove, insert }) => {
        const text = good.slice(0, at) + insert + good.slice(at + remove);
        const value = byTheLanguage(text);
        if (value === undefined) refusal(text);
        // Accepted by JSON.parse but not here: duplicate keys, forbidden keys and infinite numbers.
        else {
          try {
            assert.equal(parseJson(text), value);
          } catch (thrown) {
            if (!isLlmteamError(thrown)) throw thrown;
            assert.match(thrown.message, /occurs twice|not allowed|larger than/);
          }
        }
      }),
      { numRuns: 3_000 },
    );
  });
});

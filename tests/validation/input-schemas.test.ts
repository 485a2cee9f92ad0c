import type { Json, JsonObject } from '@llmteam/contracts';
import fc from 'fast-check';
import * as assert from 'uvu/assert';
import { assertProperty } from '../support/random.js';
import { spec } from '../support/spec.js';
import { judged, order, told } from './support/inputs.js';

/** Doubles with every reference: 2^depth checks of one value. */
function doubling(depth: number): JsonObject {
  const both = (name: string): JsonObject => ({ allOf: [{ $ref: `#/$defs/${name}` }, { $ref: `#/$defs/${name}` }] });
  const $defs = Object.fromEntries(Array.from({ length: depth }, (_, at) => [`d${at + 1}`, both(`d${at}`)]));
  return { ...both(`d${depth}`), $defs: { ...$defs, d0: { type: 'object' } } };
}

/** Only a hang exceeds it: anything quadratic or exponential takes minutes here. */
const patience = { timeoutMs: 60_000 };

spec('input schemas', (test) => {
  const wrong: readonly (readonly [about: string, schema: JsonObject, told: readonly string[]])[] = [
    ['a type that is none', { type: 'strng' }, ["SCHEMA_VIOLATION /input_schema/type: input_schema: 'type' "]],
    [
      'a keyword of the wrong form',
      { properties: { a: { required: 'b' } } },
      ["SCHEMA_VIOLATION /input_schema/properties/a/required: input_schema: 'properties.a.required' must be a list"],
    ],
    [
      'a misspelt keyword',
      { properties: { a: { minimun: 1 } } },
      [
        "SCHEMA_VIOLATION /input_schema/properties/a/minimun: input_schema: 'properties.a.minimun' is not a keyword of JSON Schema, did you mean 'minimum'?",
      ],
    ],
    [
      'a format nobody knows',
      { format: 'emial' },
      [
        "SCHEMA_VIOLATION /input_schema/format: input_schema: 'format' 'emial' is not a known format, did you mean 'email'?",
      ],
    ],
    [
      'a pattern that only backtracking can match',
      { pattern: '(?=a)b' },
      ["SCHEMA_VIOLATION /input_schema/pattern: input_schema: 'pattern' not an RE2 pattern"],
    ],
    ['a pattern in keys', { patternProperties: { '(': {} } }, ['SCHEMA_VIOLATION /input_schema/patternProperties/(: ']],
    [
      'a reference to another document',
      { $ref: 'https://example.org/x.json' },
      [
        "SCHEMA_VIOLATION /input_schema/$ref: input_schema: '$ref' is 'https://example.org/x.json', but must begin with #",
      ],
    ],
    [
      'a reference to a file',
      { $ref: 'other.json#/a' },
      ["SCHEMA_VIOLATION /input_schema/$ref: input_schema: '$ref' is 'other.json#/a', but must begin with #"],
    ],
    [
      'a reference to nothing',
      { $ref: '#/$defs/none' },
      [
        "SCHEMA_VIOLATION /input_schema/$ref: input_schema: '$ref' leads to no schema: there is nothing at '#/$defs/none'",
      ],
    ],
    [
      'an anchor that is not there',
      { properties: { a: { $ref: '#there' } }, $defs: { b: { $anchor: 'here' } } },
      [
        "SCHEMA_VIOLATION /input_schema/properties/a/$ref: input_schema: 'properties.a.$ref' leads to no schema: there is nothing at '#there'",
      ],
    ],
    [
      '$data',
      { properties: { a: { minimum: { $data: '1/b' } } } },
      ['SCHEMA_VIOLATION /input_schema/properties/a/minimum: '],
    ],
    [
      'an id within',
      { properties: { a: { $id: 'https://example.org/a' } } },
      ["SCHEMA_VIOLATION /input_schema/properties/a/$id: input_schema: 'properties.a.$id' is not allowed"],
    ],
    [
      'another dialect',
      { $schema: 'http://json-schema.org/draft-07/schema#' },
      [
        "SCHEMA_VIOLATION /input_schema/$schema: input_schema: '$schema' must be 'https://json-schema.org/draft/2020-12/schema'",
      ],
    ],
    [
      'too much',
      { enum: Array.from({ length: 10_000 }, (_, at) => at) },
      ['LIMIT_EXCEEDED /input_schema: input_schema has more than 10000 values'],
    ],
    [
      'several mistakes',
      { type: 'object', foo: 1, bar: 2 },
      ['SCHEMA_VIOLATION /input_schema/foo: ', 'SCHEMA_VIOLATION /input_schema/bar: '],
    ],
  ];
  for (const [about, schema, messages] of wrong) {
    test(`${about} is told when the segment is validated, and the input is not accepted`, () => {
      const problems = judged(schema);
      assert.is(problems.length, messages.length, problems.join('\n'));
      messages.forEach((message, at) => {
        assert.ok(problems[at]?.startsWith(message), `${problems[at]} should begin ${message}`);
      });
      assert.match(told(schema, {})[0] ?? '', /^SCHEMA_VIOLATION : the schema of the input cannot be used/);
    });
  }

  test('what a person would write passes', () => {
    const schema = {
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      $id: 'https://example.org/order',
      title: 'Order',
      ...order,
    };
    assert.equal(judged(schema), []);
    assert.is(told(schema, {}).length, 2);
    assert.equal(
      judged({ properties: { $id: { type: 'string' }, enum: { 'x-hint': 1, default: { foo: 1 } }, const: true } }),
      [],
    );
  });

  test('a schema may refer to itself', () => {
    const schema = { properties: { children: { items: { $ref: '#' } }, name: { type: 'string' } } };
    assert.equal(judged(schema), []);
    assert.is(told(schema, { children: [{ name: 'a', children: [{ name: 1 }] }] }).length, 1);
  });

  const bombs: readonly (readonly [about: string, schema: JsonObject, input: Json])[] = [
    ['references that double 28 times', doubling(28), {}],
    ['a reference to itself without end', { $ref: '#/$defs/a', $defs: { a: { $ref: '#/$defs/a' } } }, 1],
    [
      'a hundred patterns on long texts',
      { items: { allOf: Array.from({ length: 100 }, (_, at) => ({ pattern: `(a|b)*a(a|b){${at + 300}}$` })) } },
      Array.from({ length: 20 }, () => 'ab'.repeat(20_000)),
    ],
    [
      'formats on long texts',
      { items: { allOf: Array.from({ length: 500 }, () => ({ format: 'url' })) } },
      Array.from({ length: 1_000 }, () => `http://${':'.repeat(2_000)}`),
    ],
    [
      'errors without number',
      { allOf: Array.from({ length: 400 }, () => ({ properties: { none: true }, additionalProperties: false })) },
      Object.fromEntries(Array.from({ length: 9_999 }, (_, at) => [`k${at}`, at])),
    ],
    [
      'long lists of allowed values',
      {
        items: {
          allOf: Array.from({ length: 4 }, () => ({ enum: Array.from({ length: 1_000 }, (_, at) => ({ at })) })),
        },
      },
      Array.from({ length: 60_000 }, (_, at) => ({ at: -at })),
    ],
  ];
  for (const [about, schema, input] of bombs) {
    test(
      `${about} end in a problem when the checks are used up`,
      () => {
        const problems = told(schema, input);
        assert.match(problems[0] ?? '', /^LIMIT_EXCEEDED .*more than 1000000 checks/);
      },
      patience,
    );
  }

  test(
    'sixty thousand distinct items are not compared each with each',
    () => {
      const items = Array.from({ length: 60_000 }, (_, at) => ({ at }));
      assert.equal(told({ uniqueItems: true }, items), []);
    },
    patience,
  );

  test(
    'a pattern that would hang JavaScript is answered',
    () => {
      assert.is(told({ pattern: '^(a+)+$' }, `${'a'.repeat(50_000)}b`).length, 1);
      assert.is(told({ pattern: '^(a+)+$' }, 'a'.repeat(50_000)).length, 0);
    },
    patience,
  );

  test(
    'no schema whatever makes the validator throw',
    () => {
      const keywords = fc.constantFrom(
        'type',
        'properties',
        'items',
        '$ref',
        'allOf',
        'pattern',
        'enum',
        'required',
        'not',
        '$defs',
        'format',
        'if',
        '$id',
        'const',
      );
      const { schema } = fc.letrec<{ schema: Json; value: Json }>((tie) => ({
        value: fc.oneof(
          { maxDepth: 3 },
          fc.constantFrom<Json>('string', '#', '#/$defs/a', '^a', 'a', 1, true, null, []),
          fc.array(tie('schema'), { maxLength: 3 }),
          tie('schema'),
        ),
        schema: fc.dictionary(keywords, tie('value'), { maxKeys: 4 }),
      }));
      assertProperty(
        fc.property(schema, fc.jsonValue({ maxDepth: 3 }), (inputSchema, input) => {
          judged(inputSchema as JsonObject);
          told(inputSchema as JsonObject, input as Json);
        }),
        { numRuns: 300 },
      );
    },
    { timeoutMs: 60_000 },
  );
});

import type { Json, Segment } from '@llmteam/contracts';
import { validateInput } from '@llmteam/kernel';
import * as assert from 'uvu/assert';
import { spec } from '../support/spec.js';
import { order, told } from './support/inputs.js';
import { chain } from './support/segments.js';

spec('input', (test) => {
  test('without a schema any input will do', () => {
    assert.equal(validateInput(chain('a') as unknown as Segment, [1, 'x', null]), []);
  });

  test('an input that fits has no problems', () => {
    assert.equal(told(order, { id: 'AB-12', total: 1, mail: 'a@example.org', kind: 'new', lines: [{ sku: '1' }] }), []);
  });

  test('all that does not fit is told, by its place in the input', () => {
    const input = { id: 'AB-x', totl: -1, mail: 'nobody', kind: 'odd', lines: [{ sku: 'x' }, { sku: 'x' }, {}] };
    assert.equal(told(order, input), [
      "UNKNOWN_FIELD /totl: input: unknown key 'totl', did you mean 'total'?",
      "SCHEMA_VIOLATION /id: input: 'id' must match ^[A-Z]{2}-\\d+$",
      "SCHEMA_VIOLATION /mail: input: 'mail' must be a string of format 'email', such as ada@example.com",
      "SCHEMA_VIOLATION /kind: input: 'kind' must be 'new' or 'old', not 'odd', did you mean 'old'?",
      "SCHEMA_VIOLATION /lines/0/sku: input: 'lines[0].sku' must match ^\\d+$",
      "SCHEMA_VIOLATION /lines/1/sku: input: 'lines[1].sku' must match ^\\d+$",
      "MISSING_FIELD /lines/2/sku: input: 'lines[2].sku' is missing",
      "SCHEMA_VIOLATION /lines: input: 'lines' must not have the same item twice",
    ]);
    assert.equal(told({ type: 'object' }, 'x'), ['INVALID_TYPE : input must be an object, not a string']);
  });

  test('an amount of money is a multiple of a cent, although neither is exact in binary', () => {
    const price = { type: 'number', multipleOf: 0.01 };
    for (const amount of [0.07, 0.29, 1.13, 1234.56]) assert.equal(told(price, amount), [], String(amount));
    assert.is(told(price, 0.075).length, 1);
  });

  test('each of several patterns is the one that is asked', () => {
    const schema = {
      type: 'object',
      properties: { a: { pattern: '^a+$' }, b: { pattern: '^b+$' } },
      patternProperties: { '^x': { pattern: '^x+$' } },
    };
    assert.equal(told(schema, { a: 'aaa', b: 'bbb', x1: 'xxx' }), []);
    assert.is(told(schema, { a: 'bbb', b: 'aaa', x1: 'aaa' }).length, 3);
    // Ajv caches the patterns it compiled for one schema; another schema in the same process has different ones.
    assert.equal(told({ type: 'object', properties: { a: { pattern: '^c+$' } } }, { a: 'ccc' }), []);
  });

  test('keys named like what every object has are there only if they are', () => {
    const schema = {
      type: 'object',
      properties: { constructor: { type: 'string' }, toString: { type: 'integer' } },
      required: ['constructor', 'prototype'],
      additionalProperties: false,
    };
    assert.equal(told(schema, {}), [
      "MISSING_FIELD /constructor: input: 'constructor' is missing",
      "MISSING_FIELD /prototype: input: 'prototype' is missing",
    ]);
    assert.equal(told({ ...schema, required: [] }, { constructor: 'x', toString: 1 }), []);
    assert.equal(told({ ...schema, required: [] }, { constructor: 1 }), [
      "INVALID_TYPE /constructor: input: 'constructor' must be a string, not the number 1",
    ]);
    assert.equal(told({ ...schema, required: [] }, { valueOf: 1 }), [
      "UNKNOWN_FIELD /valueOf: input: unknown key 'valueOf'; known: 'constructor' and 'toString'",
    ]);
  });

  test('items are the same whatever the order of their keys', () => {
    const schema = { uniqueItems: true };
    assert.is(
      told(schema, [
        { a: 1, b: [2] },
        { b: [2], a: 1 },
      ]).length,
      1,
    );
    assert.equal(told(schema, [{ a: 1 }, { a: '1' }, [1], ['1'], 1, '1', null, 'null']), []);
  });

  test('an input with the names of JavaScript methods is compared like any other', () => {
    const allowed: Json[] = [{ a: 1 }, { valueOf: 1 }];
    const schema = { items: { enum: allowed }, uniqueItems: true };
    assert.equal(told(schema, allowed), []);
    assert.is(told(schema, [{ valueOf: 2, toString: 3 }]).length, 1);
    assert.equal(told({ const: { toString: [1] } }, { toString: [1] }), []);
    assert.is(told({ const: { toString: [1] } }, { toString: [2] }).length, 1);
  });

  test('an input deeper than JSON may be is refused before it is checked', () => {
    const deep = JSON.parse(`${'['.repeat(5_000)}${']'.repeat(5_000)}`) as Json;
    assert.match(told({ type: 'array' }, deep)[0] ?? '', /^LIMIT_EXCEEDED .*nested deeper than 64/);
  });
});

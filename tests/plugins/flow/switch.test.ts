import type { Json, JsonObject } from '@llmteam/contracts';
import { switchType } from '@llmteam/flow';
import fc from 'fast-check';
import * as assert from 'uvu/assert';
import { assertProperty } from '../../support/random.js';
import { spec } from '../../support/spec.js';
import { fitsSchema } from '../support/metadata-laws.js';
import { drive, failure, fired, started } from './support/drive.js';

function portFor(compared: Json, config: JsonObject): string {
  const step = drive(switchType, { config, input: 'in', expressions: { '/expression': compared } });
  const ports = fired(step.tell(started));
  assert.equal(Object.values(ports), ['in']);
  return String(Object.keys(ports)[0]);
}

function byValue(value: Json): JsonObject {
  return { expression: 'input', cases: [{ value, port: 'hit' }], default_port: 'miss' };
}

spec('flow: switch', (test) => {
  test('the first case whose value equals the expression wins', () => {
    const cases = [
      { value: 'a', port: 'one' },
      { value: 'b', port: 'two' },
      { value: 'b', port: 'three' },
    ];
    assert.is(portFor('b', { expression: 'input', cases }), 'two');
  });

  test('no case that matches fires the default port, by default called default', () => {
    const cases = [{ value: 'a', port: 'one' }];
    assert.is(portFor('z', { expression: 'input', cases }), 'default');
    assert.is(portFor('z', { expression: 'input', cases, default_port: 'other' }), 'other');
  });

  test('values are compared as JSON: key order does not count, list order and type do', () => {
    assert.is(portFor({ a: 1, b: [2, { c: null }] }, byValue({ b: [2, { c: null }], a: 1 })), 'hit');
    const unequal: [Json, Json][] = [
      [
        [1, 2],
        [2, 1],
      ],
      [[1], [1, 2]],
      [1, '1'],
      [null, false],
      [null, {}],
      [{}, []],
      [{ a: 1 }, { b: 1 }],
      [{ a: 1 }, { a: 1, b: 1 }],
      [{ a: null }, { b: null }],
    ];
    for (const [left, right] of unequal) {
      assert.is(portFor(left, byValue(right)), 'miss', JSON.stringify([left, right]));
      assert.is(portFor(right, byValue(left)), 'miss', JSON.stringify([right, left]));
    }
  });

  test('any JSON value equals its copy with the keys the other way round', () => {
    assertProperty(
      fc.property(fc.jsonValue(), (value) => {
        const plain: Json = JSON.parse(JSON.stringify(value));
        assert.is(portFor(plain, byValue(turned(plain))), 'hit');
      }),
      { numRuns: 200 },
    );
  });

  test('the expression is evaluated once, also if it gives null', () => {
    const cases = [1, 2, 3].map((value) => ({ value, port: 'p' }));
    const step = drive(switchType, { config: { expression: 'x', cases }, expressions: { '/expression': null } });
    step.tell(started);
    assert.equal(step.evaluated, ['/expression']);
  });

  test('a case with an expression of its own matches if that holds', () => {
    const config = {
      cases: [
        { expression: 'a', port: 'one' },
        { expression: 'b', port: 'two' },
      ],
    };
    const expressions = { '/cases/0/expression': false, '/cases/1/expression': true };
    assert.equal(fired(drive(switchType, { config, expressions }).tell(started)), { two: null });
  });

  test('cases after the one that matches are not evaluated', () => {
    const config = {
      cases: [
        { expression: 'a', port: 'one' },
        { expression: 'broken', port: 'two' },
      ],
    };
    const step = drive(switchType, { config, expressions: { '/cases/0/expression': true } });
    assert.equal(fired(step.tell(started)), { one: null });
  });

  test("a case's expression that gives no boolean fails the step and says which", () => {
    const config = { cases: [{ expression: 'a', port: 'one' }] };
    const error = failure(drive(switchType, { config, expressions: { '/cases/0/expression': 'yes' } }).tell(started));
    assert.is(error.error_code, 'EXPRESSION_FAILED');
    assert.match(error.error_message, '/cases/0/expression');
  });

  test('its ports are those of the cases, each once, and the default', () => {
    const cases = ['a', 'b', 'a'].map((port, value) => ({ value, port }));
    assert.equal(switchType.ports?.({ expression: 'x', cases }), { output: ['a', 'b', 'default'] });
    assert.equal(switchType.ports?.({ expression: 'x', cases, default_port: 'b' }), { output: ['a', 'b'] });
  });

  test('the schema wants a value or an expression in each case, and a top expression if there are values', () => {
    assert.ok(fitsSchema(switchType, { expression: 'x', cases: [{ value: null, port: 'a' }] }));
    assert.ok(fitsSchema(switchType, { cases: [{ expression: 'x', port: 'a' }] }));
    assert.not(fitsSchema(switchType, { cases: [{ value: 1, port: 'a' }] }));
    assert.not(
      fitsSchema(switchType, {
        cases: [
          { expression: 'x', port: 'a' },
          { value: 1, port: 'a' },
        ],
      }),
    );
    assert.not(fitsSchema(switchType, { expression: 'x', cases: [{ value: 1, expression: 'x', port: 'a' }] }));
    assert.not(fitsSchema(switchType, { expression: 'x', cases: [{ port: 'a' }] }));
    assert.not(fitsSchema(switchType, { expression: 'x', cases: [] }));
    assert.not(fitsSchema(switchType, { cases: [{ expression: 'x', port: 'Not A Port' }] }));
  });
});

function turned(value: Json): Json {
  if (Array.isArray(value)) return value.map(turned);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([key, inner]) => [key, turned(inner)]),
  );
}

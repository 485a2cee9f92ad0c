import type { Json, JsonObject } from '@llmteam/contracts';
import { createExpressionCompiler, type Variables } from '@llmteam/kernel';
import fc from 'fast-check';
import * as assert from 'uvu/assert';
import { assertProperty } from '../support/random.js';
import { spec } from '../support/spec.js';
import { errorOf, evaluate, failure, withSteps } from './support/evaluating.js';

const inherited = [
  'constructor',
  '__proto__',
  'prototype',
  'toString',
  'hasOwnProperty',
  'valueOf',
  '__defineGetter__',
];

function lookedAt(): never {
  throw new Error('the rest of the input was looked at');
}

/** The outcome of an evaluation: the value, or the code and reason of the error. */
function outcome(source: string, given: Variables): Json {
  const expression = createExpressionCompiler().expression(source);
  try {
    return { value: expression.evaluate(given) };
  } catch {
    const { code, message } = errorOf(() => expression.evaluate(given));
    return { code, reason: message.replace(/^.* failed at \d+: /s, '') };
  }
}

spec('what expressions read', (test) => {
  test('the roots are the variables', () => {
    const given = { value: 1, input: { a: 2 }, ports: { left: 3 }, loop: { index: 4, item: { b: 5 } } };
    assert.is(evaluate('value', given), 1);
    assert.is(evaluate('input.a', given), 2);
    assert.is(evaluate('ports.left', given), 3);
    assert.is(evaluate('loop.index + loop.item.b', given), 9);
    assert.is(
      evaluate('run.id + "/" + run.input.topic + "/" + run.segment_id + "/" + run.tenant_id'),
      'run-1/owls/article_writer/acme',
    );
    assert.equal(evaluate('loop', given), { index: 4, item: { b: 5 } });
    assert.equal(Object.keys(evaluate('run') as JsonObject), ['id', 'input', 'segment_id', 'tenant_id']);
  });

  test('a root that is not there fails, and says where it would be', () => {
    assert.is(failure('loop.index').message, `expression "loop.index" failed at 0: 'loop' is known only inside a loop`);
    assert.match(failure('1 == 1 && value').message, /failed at 10: 'value' is known only in the condition of an edge/);
    assert.match(failure('input.a').message, /'input' is not known here/);
    assert.match(failure('ports.left').message, /'ports' is not known here/);
    assert.is(evaluate('value == null && input == null', { value: null, input: null }), true);
  });

  test('what objects inherit is no data', () => {
    for (const key of inherited) {
      const input = { name: 'x' };
      if (key !== '__proto__' && key !== 'prototype')
        assert.match(failure(`input.${key}`, { input }).message, /no such key/);
      for (const source of [`input["${key}"]`, `input[input.name + "${key}".substring(0)]`, `run.input["${key}"]`]) {
        assert.match(failure(source, { input }).message, /no such key: '/, source);
      }
      assert.is(evaluate(`has(input.${key}) || "${key}" in input`, { input }), false, key);
      assert.is(evaluate(`has({"a": 1}["${key}"])`), false, key);
      assert.match(failure(`steps.a["${key}"]`, withSteps({ a: { output: 1 } })).message, /has fired no port/);
      assert.match(failure(`steps["${key}"].output`, withSteps({})).message, /was skipped or has not completed/);
      assert.match(failure(`[1].map(x, {"a": x}["${key}"])`).message, /no such key/);
      assert.match(failure(`input["${key}"]`, { input: 'text' }).message, /cannot read '.*' of a string/);
    }
  });

  test('keys of such names are data like any other when they are there', () => {
    const input = JSON.parse('{"constructor": 1, "__proto__": {"a": 2}, "toString": [3], "hasOwnProperty": null}');
    assert.is(evaluate('input.constructor', { input }), 1);
    assert.is(evaluate('input.__proto__.a', { input }), 2);
    assert.is(evaluate('input.toString[0] + size(input)', { input }), 7);
    assert.is(evaluate('has(input.hasOwnProperty) && input.hasOwnProperty == null', { input }), true);
    assert.is(evaluate('input == input && input != {"a": 1}', { input }), true);
    const made = evaluate('{"prototype": {"polluted": true}, "constructor": 1, "a": 1.0}') as JsonObject;
    assert.equal(Object.keys(made), ['prototype', 'constructor', 'a']);
    assert.is(Object.getPrototypeOf(made), Object.prototype);
  });

  test('no expression makes a key __proto__, as no input may have one', () => {
    for (const source of ['{"__proto__": {"polluted": true}}', '{"__" + "proto__": 1}']) {
      assert.match(failure(source).message, /the key '__proto__' is not allowed/);
    }
    assert.is(({} as Record<string, unknown>).polluted, undefined);
  });

  test('a key that is not there fails at the key', () => {
    const error = failure('input.a . b.c', { input: { a: {} } });
    assert.is(error.message, `expression "input.a . b.c" failed at 10: no such key: 'b'`);
    assert.match(failure('input.a.b', { input: { a: null } }).message, /failed at 8: cannot read 'b' of null/);
    assert.match(failure('input.a.b', { input: { a: [1] } }).message, /cannot read 'b' of a list/);
    assert.match(
      failure('input[3]', { input: [1, 2] }).message,
      /failed at 6: index 3 is out of range: the list has 2 elements/,
    );
    assert.match(failure('input[-1]', { input: [1, 2] }).message, /index -1 is out of range/);
    assert.match(failure('input[0.5]', { input: [1, 2] }).message, /out of range/);
    assert.match(failure('input[run.id]', { input: [1, 2] }).message, /index of a list must be an int/);
  });

  test('has() asks for the last key, and needs what holds it', () => {
    const input = { a: { b: null }, list: [{ c: 1 }] };
    assert.is(evaluate('has(input.a.b)', { input }), true);
    assert.is(evaluate('has(input.a.c)', { input }), false);
    assert.is(evaluate('has(input.list[0].c) && !has(input.list[0].d)', { input }), true);
    assert.is(evaluate('has(input["a"]["b"])', { input }), true);
    assert.match(failure('has(input.x.y)', { input }).message, /failed at 10: no such key: 'x'/);
    assert.match(failure('has(input.a.b.c)', { input }).message, /cannot read 'c' of null/);
    assert.match(failure('has(input.a)').message, /'input' is not known here/);
  });

  test('a step that was skipped is absent: has() is false, reading it fails and says so', () => {
    const given = withSteps({ research: { output: { score: 0.9 } } });
    assert.is(evaluate('steps.research.output.score', given), 0.9);
    assert.equal(evaluate('steps.research', given), { output: { score: 0.9 } });
    assert.is(evaluate('has(steps.research)', given), true);
    assert.is(evaluate('has(steps.review)', given), false);
    assert.is(evaluate('has(steps.review.output)', given), false);
    assert.is(evaluate('has(steps.review.output.score)', given), false);
    assert.is(evaluate('has(steps.research.error)', given), false);
    assert.is(evaluate('has(steps.research.error.code)', given), false);
    assert.is(evaluate('has(steps.research.output.score)', given), true);
    assert.is(evaluate('has(steps.review) ? steps.review.output : "none"', given), 'none');
    assert.is(
      failure('1 + steps.review.output', given).message,
      `expression "1 + steps.review.output" failed at 10: step 'review' was skipped or has not completed`,
    );
    assert.match(failure('steps.research.error', given).message, /step 'research' has fired no port 'error'/);
  });

  test('a part of the input comes back as the same object, not as a copy', () => {
    const input = { a: { b: [1, 2, { c: 1.5 }] } };
    assert.is(evaluate('input', { input }), input);
    assert.is(evaluate('input.a', { input }), input.a);
    assert.is(evaluate('input.a.b', { input }), input.a.b);
    assert.is(evaluate('true ? input.a : null', { input }), input.a);
    const filtered = evaluate('input.a.b.filter(x, type(x) == map)', { input }) as Json[];
    assert.is(filtered[0], input.a.b[2]);
  });

  test('what expressions do not name is not even looked at', () => {
    const trap = new Proxy({}, { ownKeys: lookedAt, get: lookedAt });
    const input = { score: 0.9, label: 'spam', rest: trap } as unknown as Json;
    assert.is(evaluate('input.score > 0.8 && input.label == "spam"', { input }), true);
    assert.is(evaluate('has(input.score) ? input.label : ""', { input }), 'spam');
  });

  test('a list of twenty thousand costs what is read of it', () => {
    const reads: PropertyKey[] = [];
    const all = Array.from({ length: 20_000 }, (_, index) => ({ index }));
    const get = (list: typeof all, key: PropertyKey): unknown => {
      reads.push(key);
      return Reflect.get(list, key);
    };
    const input = { rows: new Proxy(all, { get }), score: 0.9 };
    assert.is(evaluate('input.score > 0.8', { input }), true);
    assert.equal(reads, []);
    assert.is(evaluate('input.rows[7].index == 7', { input }), true);
    assert.ok(reads.length < 20, `${reads.length} reads`);
  });

  test('a path gives what the same path within an expression gives', () => {
    const key = fc.oneof(fc.constantFrom('a', 'b', 'output', ...inherited), fc.string({ maxLength: 3 }));
    const path = fc.tuple(
      fc.constantFrom('input', 'value', 'steps.one', 'loop.item', 'ports', 'run.input'),
      fc.array(key, { maxLength: 4 }),
    );
    const { tree } = fc.letrec<{ tree: Json }>((tie) => ({
      tree: fc.oneof(
        { maxDepth: 4 },
        fc.oneof(
          fc.constant(null),
          fc.boolean(),
          fc.integer(),
          fc.double({ noNaN: true, noDefaultInfinity: true }),
          fc.string(),
        ),
        fc.dictionary(key, tie('tree'), { maxKeys: 4 }),
        fc.array(tie('tree'), { maxLength: 3 }),
      ),
    }));
    assertProperty(
      fc.property(path, tree, ([root, keys], data) => {
        const source = root + keys.map((name) => `[${JSON.stringify(name)}]`).join('');
        const ports = (
          typeof data === 'object' && data !== null && !Array.isArray(data) ? data : { output: data }
        ) as JsonObject;
        const given = {
          ...withSteps({ one: ports }),
          ...{ input: data, value: data, ports, loop: { index: 0, item: data } },
          run: { id: 'r', input: data, segment_id: 's', tenant_id: 't' },
        };
        const plain = outcome(source, given);
        assert.equal(outcome(`true ? ${source} : null`, given), plain);
        assert.equal(outcome(`[${source}][0]`, given), plain);
        assert.equal(outcome(`dyn(${source})`, given), plain);
      }),
      { numRuns: 400 },
    );
  });
});

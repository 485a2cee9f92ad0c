import { caps, celKeyword, type Json, type JsonObject, literalKeyword } from '@llmteam/contracts';
import { createExpressionCompiler, SchemaView, type Variables } from '@llmteam/kernel';
import * as assert from 'uvu/assert';
import { spec } from '../support/spec.js';
import { errorOf, variables, withSteps } from './support/evaluating.js';

const free: JsonObject = { type: 'object' };
const marked = (result: string): JsonObject => ({ type: 'string', [celKeyword]: result });

function template(config: JsonObject, schema: JsonObject = free) {
  return createExpressionCompiler().template(config, schema);
}

function resolve(config: JsonObject, given: Partial<Variables> = {}): JsonObject {
  return template(config).resolve(variables(given));
}

/** The evaluated template with this input. */
function filled(text: string, input: Json): Json | undefined {
  return resolve({ text }, { input }).text;
}

spec('${…} in configs', (test) => {
  test('a string that is one expression keeps the type of its value', () => {
    const input = { n: 1, list: [1, 2], text: 't', none: null };
    assert.equal(
      resolve(
        { a: '${input.n}', b: '${ input.list }', c: '${input.text}', d: '${input.none}', e: '${input.n > 0}' },
        { input },
      ),
      { a: 1, b: [1, 2], c: 't', d: null, e: true },
    );
  });

  test('elsewhere strings are spliced in as they are, and other values as JSON text', () => {
    const input = { name: 'Ada', n: 1.5, list: [1, 'a'], map: { k: null } };
    assert.is(filled('Hi ${input.name}!', input), 'Hi Ada!');
    assert.is(filled('${input.name}${input.name}', input), 'AdaAda');
    assert.is(filled(' ${input.n}', input), ' 1.5');
    assert.is(filled('${input.list} ${input.map} ${input.n > 1} ${null}', input), '[1,"a"] {"k":null} true null');
  });

  test('places are found in objects and lists, and keys are left alone', () => {
    assert.equal(resolve({ a: [{ b: ['x', '${input}'] }], '${input}': 'k' }, { input: 2 }), {
      a: [{ b: ['x', 2] }],
      '${input}': 'k',
    });
  });

  test('$${ stands for the characters, and a lone dollar for itself', () => {
    assert.is(filled('$${input}', 1), '${input}');
    assert.is(filled('costs $5 and $${x} and ${input}$', 1), 'costs $5 and ${x} and 1$');
    assert.is(filled('$$ $x {y} $', 1), '$$ $x {y} $');
    assert.is(filled('$$${input}', 1), '$${input}');
    assert.is(filled('${"${"}', 1), '${');
  });

  test('braces and quotes within an expression do not end it', () => {
    assert.equal(filled('${ {"a": {"b": input}} }', 1), { a: { b: 1 } });
    assert.is(filled("${ '}' + \"}\" + r'}' + '''a}'b''' + 'it\\'s}' }", 1), "}}}a}'bit's}");
    assert.is(filled('${input // a } in a comment\n}', 1), 1);
    assert.is(filled('<${ {"}": "{"}["}"] }>', 1), '<{>');
  });

  test('a ${ without an end is an error, wherever its end is hidden', () => {
    for (const text of ['${', 'a ${input', '${"}', "${'}'", '${{"a": 1}', '${input // }', '${input} ${input']) {
      const error = errorOf(() => template({ text }));
      assert.is(error.code, 'SEGMENT_INVALID');
      assert.equal(error.details, {
        problem: 'INVALID_EXPRESSION',
        pointer: '/text',
        expression: text,
        position: text.lastIndexOf('${'),
      });
    }
  });

  test('an empty ${} is an error', () => {
    assert.match(errorOf(() => template({ a: 'x ${ }' })).message, /\/a: expression "" is invalid at 0: it is empty/);
  });

  test('a failing expression names its place in the config, its text and its position', () => {
    const error = errorOf(() => resolve({ a: { 'b/c~d': ['x', 'is ${ input.n / 0 }'] } }, { input: { n: 1 } }));
    assert.is(error.code, 'EXPRESSION_FAILED');
    assert.equal(error.details, { expression: 'input.n / 0', position: 8, pointer: '/a/b~1c~0d/1' });
    assert.is(error.message, '/a/b~1c~0d/1: expression "input.n / 0" failed at 8: division by zero');
  });

  test('a config without ${…} resolves to one frozen object, and the one given stays as it was', () => {
    const config = { a: { b: [1, { c: 'text' }] }, d: '$${x}' };
    const made = template(config);
    const resolved = made.resolve(variables());
    assert.ok(made.isStatic);
    assert.is(made.resolve(variables({ input: 1 })), resolved);
    assert.equal(resolved, { a: { b: [1, { c: 'text' }] }, d: '${x}' });
    assert.ok(Object.isFrozen(resolved) && Object.isFrozen(resolved.a));
    assert.not.ok(Object.isFrozen(config) || Object.isFrozen(config.a));
  });

  test('a config that is frozen already is not copied', () => {
    const config = Object.freeze({ a: Object.freeze([1]), b: 'text' });
    assert.is(template(config).resolve(variables()), config);
    assert.not.ok(template({ a: '${input}' }).isStatic);
  });

  test('two resolutions do not share what was filled in', () => {
    const made = template({ a: { n: '${input}' }, fixed: { x: 1 } });
    const [one, two] = [1, 2].map((input) => made.resolve(variables({ input })));
    assert.equal([one?.a, two?.a], [{ n: 1 }, { n: 2 }]);
  });

  test('keys that mean something to JavaScript are kept as keys', () => {
    const config = JSON.parse(
      '{"__proto__": {"polluted": "${input}"}, "constructor": {"prototype": {"x": "${input}"}}, "b": 1}',
    );
    const resolved = resolve(config, { input: 'yes' });
    assert.is(
      JSON.stringify(resolved),
      '{"__proto__":{"polluted":"yes"},"constructor":{"prototype":{"x":"yes"}},"b":1}',
    );
    assert.is(Object.getPrototypeOf(resolved), Object.prototype);
    assert.is(({} as Record<string, unknown>).polluted, undefined);
    const fixed = JSON.parse('{"__proto__": {"polluted": "no"}}');
    assert.is(JSON.stringify(resolve(fixed)), '{"__proto__":{"polluted":"no"}}');
  });

  test('all expressions of a config share the work of one evaluation', () => {
    const input = Array.from({ length: 60_000 }, (_, index) => index);
    const sum = '${input.all(x, x >= 0)}';
    assert.equal(resolve({ a: sum }, { input }), { a: true });
    const error = errorOf(() => resolve({ a: sum, b: sum }, { input }));
    assert.match(error.message, /^\/b: .*cap expression_work/);
  });

  test('what is filled in is bounded together, however often one value is', () => {
    const input = Array.from({ length: 4 }, () => 'x'.repeat(caps.value_bytes / 16));
    const places = (count: number) => ({ list: Array.from({ length: count }, () => '${input}') });
    assert.is((resolve(places(3), { input }).list as Json[]).length, 3);
    assert.match(errorOf(() => resolve(places(4), { input })).message, /^\/list\/3: .*cap value_bytes/);
    assert.match(errorOf(() => resolve({ a: '${input} '.repeat(1_000) }, { input })).message, /cap value_bytes/);
  });

  test('a config nested deeper than the cap is refused without following it', () => {
    let deep: Json = 'x';
    for (let level = 0; level < 100_000; level += 1) deep = [deep];
    const error = errorOf(() => template({ deep }));
    assert.is(error.details?.problem, 'LIMIT_EXCEEDED');
    assert.match(error.message, /cap json_depth/);
  });
});

spec('strings that a config schema marks', (test) => {
  const schema: JsonObject = {
    type: 'object',
    properties: {
      expression: marked('any'),
      signal: { type: 'string', [literalKeyword]: true },
      cases: {
        type: 'array',
        items: { type: 'object', properties: { when: marked('boolean'), port: { type: 'string' } } },
      },
      mapping: { type: 'object', patternProperties: { '^.*$': marked('any') } },
      named: {
        type: 'object',
        patternProperties: { '^cel_[a-z]+$': marked('any') },
        additionalProperties: { type: 'string' },
      },
      rest: { type: 'object', additionalProperties: marked('any') },
      items: { anyOf: [marked('list'), { type: 'array' }] },
      either: { oneOf: [{ type: 'number' }, { allOf: [{ minLength: 1 }, marked('any')] }] },
      pair: { type: 'array', prefixItems: [{ type: 'string' }, marked('any')], items: { $ref: '#/$defs/Cel' } },
      tree: { $ref: '#/$defs/Tree' },
      named_ref: { $ref: 'Cel' },
    },
    $defs: {
      Cel: marked('any'),
      Tree: {
        type: 'object',
        properties: { when: { $ref: '#/$defs/Cel' }, children: { type: 'array', items: { $ref: '#/$defs/Tree' } } },
      },
    },
  };

  test('marked strings are compiled, found by pointer, and left as written', () => {
    const config = {
      expression: 'input.a + 1',
      cases: [
        { when: 'input.b', port: 'p' },
        { when: 'true', port: '${input.port}' },
      ],
      mapping: { 'x/y': 'input.c' },
      named: { cel_one: 'input.d', other: 'no cel' },
      rest: { any: 'input.e' },
      items: 'input.f',
      either: 'input.g',
      pair: ['plain text', 'input.h', 'input.i'],
      tree: { when: 'input.j', children: [{ when: 'input.k', children: [] }] },
      named_ref: 'input.l',
    };
    const made = template(config, schema);
    assert.equal([...made.expressions.keys()].sort(), [
      '/cases/0/when',
      '/cases/1/when',
      '/either',
      '/expression',
      '/items',
      '/mapping/x~1y',
      '/named/cel_one',
      '/named_ref',
      '/pair/1',
      '/pair/2',
      '/rest/any',
      '/tree/children/0/when',
      '/tree/when',
    ]);
    const given = variables({ input: { a: 1, port: 'left' } });
    assert.is(made.expressions.get('/expression')?.evaluate(given), 2);
    const resolved = made.resolve(given) as typeof config;
    assert.is(resolved.expression, 'input.a + 1');
    assert.equal(resolved.cases[1], { when: 'true', port: 'left' });
  });

  test('references are told for the marked strings, and for all together', () => {
    const made = template({ expression: 'input.a + steps.s.output', pair: ['${input.b} ${input.a}'] }, schema);
    assert.equal(made.expressionReferences, [
      ['input', 'a'],
      ['steps', 's', 'output'],
    ]);
    assert.equal(made.references, [
      ['input', 'a'],
      ['steps', 's', 'output'],
      ['input', 'b'],
    ]);
    assert.equal(template({ a: 1 }).references, []);
  });

  test('a marked string is CEL through and through: ${…} in it is not expanded', () => {
    const made = template({ expression: '"${input}"' }, schema);
    assert.ok(made.isStatic);
    assert.is(made.expressions.get('/expression')?.evaluate(variables()), '${input}');
  });

  test('a literal string is left as it is', () => {
    const made = template({ signal: 'order.${x} $${y}' }, schema);
    assert.ok(made.isStatic);
    assert.equal(made.resolve(variables()), { signal: 'order.${x} $${y}' });
  });

  test('a value under a mark that is no string is no expression', () => {
    const made = template({ items: [1, '${input}'], either: 5 }, schema);
    assert.is(made.expressions.size, 0);
    assert.equal(made.resolve(variables({ input: 2 })), { items: [1, 2], either: 5 });
  });

  test('what must give a boolean or a list fails if it gives something else', () => {
    const made = template({ cases: [{ when: 'input' }], items: 'input' }, schema);
    const when = made.expressions.get('/cases/0/when');
    const items = made.expressions.get('/items');
    assert.is(when?.evaluate(variables({ input: false })), false);
    assert.equal(items?.evaluate(variables({ input: [1] })), [1]);
    const error = errorOf(() => when?.evaluate(variables({ input: 'true' })));
    assert.is(error.code, 'EXPRESSION_FAILED');
    assert.is(error.message, 'expression "input" failed at 0: must give a boolean, not a string');
    assert.match(errorOf(() => items?.evaluate(variables({ input: null }))).message, /must give a list, not null/);
  });

  test('what can never give it is refused at once', () => {
    const error = errorOf(() => template({ cases: [{ when: '1 + 1' }] }, schema));
    assert.match(
      error.message,
      /^\/cases\/0\/when: expression "1 \+ 1" is invalid at 0: must give a boolean, not an int/,
    );
    assert.is(error.details?.problem, 'INVALID_EXPRESSION');
    template({ cases: [{ when: '1 < 2' }], items: '[1]' }, schema);
  });

  test('a broken marked string is an error with pointer, text and position', () => {
    const error = errorOf(() => template({ mapping: { 'a/b': 'inptu.x' } }, schema));
    assert.is(error.code, 'SEGMENT_INVALID');
    assert.equal(error.details, {
      problem: 'UNKNOWN_VARIABLE',
      pointer: '/mapping/a~1b',
      expression: 'inptu.x',
      position: 0,
    });
  });

  test('inspect tells every problem and every expression of a string', () => {
    const compiler = createExpressionCompiler();
    const inspect = (text: string, view: JsonObject = {}) => compiler.inspect(text, SchemaView.of(view));
    const problemsOf = (text: string, view: JsonObject = {}) =>
      inspect(text, view).problems.map(({ problem, position }) => [problem, position]);
    assert.equal(problemsOf('1 +', marked('any')), [['INVALID_EXPRESSION', 3]]);
    assert.equal(problemsOf('nope', marked('boolean')), [['UNKNOWN_VARIABLE', 0]]);
    assert.equal(problemsOf('${input.'), [['INVALID_EXPRESSION', 0]]);
    const { problems, expressions } = inspect('x ${stesp.b} ${input.c}');
    assert.match(
      problems[0]?.message ?? '',
      /^expression "stesp\.b" is invalid at 0: unknown name 'stesp'; did you mean 'steps'\?$/,
    );
    assert.equal(
      expressions.map(({ source }) => source),
      ['input.c'],
    );
    const [guarded] = inspect('has(steps.a) && steps.a.output', marked('any')).expressions;
    assert.equal([...(guarded?.guardedSteps ?? [])], ['a']);
    assert.equal(inspect('1', marked('any')).problems, []);
  });

  test('template throws the first of the problems that inspect tells', () => {
    const compiler = createExpressionCompiler();
    const [first] = compiler.inspect('1 +', SchemaView.of(marked('any'))).problems;
    const error = errorOf(() => compiler.template({ expression: '1 +', items: 'nope' }, schema));
    assert.is(error.message, `/expression: ${first?.message}`);
  });

  test('schemas that refer to themselves end', () => {
    const endless: JsonObject = {
      $ref: '#',
      anyOf: [{ $ref: '#' }, { $ref: '#/nowhere' }],
      properties: { a: { $ref: '#' }, b: marked('any') },
    };
    assert.equal([...template({ a: { a: { b: '1' } } }, endless).expressions.keys()], ['/a/a/b']);
  });

  test('a step that was skipped fails in a template as it does elsewhere', () => {
    const made = template({ text: 'so ${steps.review.output}' });
    assert.match(errorOf(() => made.resolve(withSteps({}))).message, /step 'review' was skipped or has not completed/);
  });
});

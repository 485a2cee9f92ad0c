import { caps, type Json, type JsonObject, templateKeyword } from '@llmteam/contracts';
import { createExpressionCompiler, type Variables } from '@llmteam/kernel';
import * as assert from 'uvu/assert';
import { spec } from '../support/spec.js';
import { errorOf, variables, withSteps } from './support/evaluating.js';

const schema: JsonObject = {
  type: 'object',
  properties: { prompt: { type: 'string', [templateKeyword]: true }, note: { type: 'string' } },
};

function template(config: JsonObject) {
  return createExpressionCompiler().template(config, schema);
}

/** As in a run: the engine evaluates the expressions, a worker fills in the input. */
function fill(prompt: string, input: Json, more: Partial<Variables> = {}): Json | undefined {
  const job = template({ prompt }).resolve(variables({ ...more, input }));
  return template(job).expressions.get('/prompt')?.evaluate(variables({ input }));
}

const input = { a: 'A', n: 2, o: { x: [1] }, none: null, evil: '{a} {{a}} ${input.a} $${x} {.} $& $1' };

const laws: readonly [string, string, string][] = [
  ['text goes in as it is', 'x {a}{a} y', 'x AA y'],
  ['anything else goes in as JSON', '{n} {o} {none} ${input.o}', '2 {"x":[1]} null {"x":[1]}'],
  ['a value of the input is not read again', '{evil}', input.evil],
  ['a value of an expression is not read again', '<${input.evil}> {a} ${"{a}"}', `<${input.evil}> A {a}`],
  ['a value does not change how the text after it is read', '${"{{{"}{a}}} {{b}} ${"}}}"}{a}', '{{{A} {b} }}}A'],
  ['doubled braces are single ones', '{{a}} {{}} {{{a}}} {{.}}', '{a} {} {A} {.}'],
  ['$${ is literal, also where a placeholder would begin', '$${a} $${input.a} $$${a} $', '${a} ${input.a} $${a} $'],
  [
    'JSON stands for itself',
    '{"a": 1} {} { a } {1} {a-b} {..} {"b": [{"c": {"d": {}}}]}',
    '{"a": 1} {} { a } {1} {a-b} {..} {"b": [{"c": {"d": {}}}]}',
  ],
  [
    'nested JSON keeps its closing braces beside doubled ones',
    '{{a}} {"x": {"y": {"z": 1}}} {{"x": {{"y": 1}}}}',
    '{a} {"x": {"y": {"z": 1}}} {"x": {"y": 1}}',
  ],
  ['placeholders work inside of JSON', '{"x": {a}, "y": {"z": ${input.n}}}', '{"x": A, "y": {"z": 2}}'],
  ['a brace alone stands for itself', '} { }', '} { }'],
  ['an expression may hold braces', '${ {"a": {"b": input.a}} }', '{"a":{"b":"A"}}'],
  ['text is never converted', '${"2"}', '2'],
  ['no placeholder, no change', 'plain', 'plain'],
  ['an empty template is an empty text', '', ''],
];

spec('x-template: a text is filled in one pass', (test) => {
  for (const [law, text, expected] of laws) {
    test(law, () => {
      assert.is(fill(text, input), expected);
      assert.is(template({ prompt: text }).expressions.get('/prompt')?.evaluate(variables({ input })), expected);
    });
  }

  test('{.} is the whole input, and so is {input} without a field of that name', () => {
    for (const [given, text] of [
      ['text', 'text'],
      [{ a: 1 }, '{"a":1}'],
      [[1, 'x'], '[1,"x"]'],
      [null, 'null'],
    ] as const) {
      assert.is(fill('<{.}> <{input}>', given), `<${text}> <${text}>`);
    }
  });

  test('a field named input wins', () => {
    assert.is(fill('{input} of {.}', { input: 'notes', n: 1 }), 'notes of {"input":"notes","n":1}');
    assert.is(fill('{input}', { input: null }), 'null');
  });

  test('an unknown placeholder is an error that names it, its place and what there is', () => {
    const error = errorOf(() => fill('{topic}', { a: 1, n: 2 }));
    assert.is(error.code, 'STEP_CONFIG_INVALID');
    assert.match(
      error.message,
      "`prompt` has the placeholder {topic}, but the step's input has no field 'topic': it has a, n; for literal text",
    );
    assert.equal(error.details, { placeholder: 'topic' });
  });

  test('an input that is no object gives {input} only', () => {
    for (const given of ['text', 7, null, ['a']]) {
      assert.match(errorOf(() => fill('{a}', given)).message, 'it is no object;');
    }
  });

  test('what every object inherits is no value', () => {
    for (const name of ['constructor', 'toString', '__proto__']) {
      assert.is(errorOf(() => fill(`{${name}}`, {})).code, 'STEP_CONFIG_INVALID');
    }
    assert.is(errorOf(() => fill('{length}', ['a'])).code, 'STEP_CONFIG_INVALID');
  });

  test('the engine evaluates the expressions, so a job needs none of the values that they read', () => {
    const made = template({ prompt: 'By ${steps.write.output}', note: '${input}' });
    assert.equal(made.references, [['steps', 'write', 'output'], ['input']]);
    assert.equal(made.expressionReferences, []);
    const job = made.resolve({ ...variables({ input: 1 }), ...withSteps({ write: { output: 'Ada "A" {x}' } }) });
    assert.equal(job, { prompt: 'By ${"Ada \\"A\\" {x}"}', note: 1 });
  });

  test('a text without expressions is left as it is written', () => {
    const config = Object.freeze({ prompt: '{a} {{b}}' });
    const made = template(config);
    assert.ok(made.isStatic);
    assert.is(made.resolve(variables()), config);
  });

  test('a failing expression fails in the engine and says where', () => {
    const error = errorOf(() => template({ prompt: 'x ${input.nope}' }).resolve(variables({ input })));
    assert.is(error.code, 'EXPRESSION_FAILED');
    assert.match(error.message, '/prompt: expression "input.nope"');
  });

  test('an invalid expression is reported when the segment is loaded', () => {
    for (const prompt of ['${', '${1 +}', '{a} ${unknown}']) {
      assert.is(errorOf(() => template({ prompt })).code, 'SEGMENT_INVALID');
    }
  });

  test('any text survives as a value', () => {
    for (const text of ['\u0000\u001f"\\', '\ud800', '\u2028', '"""', "'''", '}', '//', '$', '${', 'ü😀', '"}{a}${"']) {
      assert.is(fill('<${input.text}{text}>', { text }), `<${text}${text}>`);
    }
  });

  test('the values in a text are bounded together', () => {
    const half = Array.from({ length: 8 }, () => 'x'.repeat(caps.value_bytes / 16));
    assert.is(String(fill('{.}', half)), JSON.stringify(half));
    for (const prompt of ['{.}{.}{.}', '${input}${input}${input}']) {
      const error = errorOf(() => fill(prompt, half));
      assert.is(error.code, 'EXPRESSION_FAILED');
      assert.match(error.message, 'cap value_bytes');
    }
  });

  test('a long text of braces takes no longer than it should', () => {
    const braces = '{'.repeat(200_000) + '}'.repeat(200_000);
    assert.is(String(fill(braces, null)).length, 200_000);
  });
});

import { createExpressionCompiler } from '@llmteam/kernel';
import * as assert from 'uvu/assert';
import { spec } from '../support/spec.js';

const compiled = (source: string) => createExpressionCompiler().expression(source);

spec('what is known of an expression before it runs', (test) => {
  test('references are the longest paths that are known as written', () => {
    const cases: [string, string[][]][] = [
      [
        'steps.research.output.score > 0.8 && has(steps.x)',
        [
          ['steps', 'research', 'output', 'score'],
          ['steps', 'x'],
        ],
      ],
      ['input', [['input']]],
      ['input["a b"].c', [['input', 'a b', 'c']]],
      ['input.items[0].name', [['input', 'items']]],
      [
        'input.items[input.at]',
        [
          ['input', 'items'],
          ['input', 'at'],
        ],
      ],
      ['input.name.size()', [['input', 'name']]],
      [
        'size(ports.left) + loop.index',
        [
          ['ports', 'left'],
          ['loop', 'index'],
        ],
      ],
      [
        'input.items.filter(i, i.ok && i.n > input.least)',
        [
          ['input', 'items'],
          ['input', 'least'],
        ],
      ],
      ['run.input.a == value', [['run', 'input', 'a'], ['value']]],
      ['has(input.a.b)', [['input', 'a', 'b']]],
      [
        'input.a ? [input.b] : {"k": input.c}',
        [
          ['input', 'a'],
          ['input', 'b'],
          ['input', 'c'],
        ],
      ],
      [
        '-input.a + input.b % 2',
        [
          ['input', 'a'],
          ['input', 'b'],
        ],
      ],
      ['"input.a" == "steps.x.y"', []],
      ['1 + 1', []],
    ];
    for (const [source, references] of cases) assert.equal(compiled(source).references, references, source);
  });

  test('a path read twice is one reference, and its prefix another', () => {
    assert.equal(compiled('input.a + input.a + input["a"]').references, [['input', 'a']]);
    assert.equal(compiled('[input.a, input]').references, [['input', 'a'], ['input']]);
  });

  test('a variable of a comprehension is no reference, even if named like a root', () => {
    assert.equal(compiled('run.input.map(input, input.x)').references, [['run', 'input']]);
    assert.equal(compiled('input.map(steps, steps.x)').references, [['input']]);
  });

  test('references cannot be changed', () => {
    const { references } = compiled('input.a');
    assert.ok(Object.isFrozen(references) && references.every(Object.isFrozen));
  });

  test('guarded steps are those that has() asks for, anywhere in the expression', () => {
    const guarded = (source: string) => [...compiled(source).guardedSteps];
    assert.equal(guarded('has(steps.a) && steps.a.output.ok && steps.b.output'), ['a']);
    assert.equal(guarded('has(steps.a.output) ? 1 : has(steps["b"].output.x) ? 2 : 3'), ['a', 'b']);
    assert.equal(guarded('[1].exists(x, has(steps.a))'), ['a']);
    assert.equal(guarded('steps.a.output == 1'), []);
    assert.equal(guarded('has(input.steps) || has(steps.a.output[0].b)'), []);
    assert.equal(guarded('input.map(steps, has(steps.a))'), []);
  });

  test('the kind of the result is known where data has no say', () => {
    assert.is(compiled('input.a == 1').gives, 'bool');
    assert.is(compiled('"a" + string(input.a)').gives, 'string');
    assert.is(compiled('input.map(x, x)').gives, 'list');
    assert.is(compiled('true ? 1 : 2').gives, 'int');
    assert.is(compiled('true ? 1 : "a"').gives, 'any');
    assert.is(compiled('input.a + 1').gives, 'any');
  });
});

import type { Json } from '@llmteam/contracts';
import { fillPrompt } from '@llmteam/llm-agent';
import * as assert from 'uvu/assert';
import { spec } from '../../support/spec.js';
import { rejectsWith } from '../support/rejection.js';

const fill = (template: string, input: Json = { a: 'A', n: 2, o: { x: [1] }, none: null, evil: '{a} {{a}} $& $1' }) =>
  fillPrompt(template, input, 'user_prompt_template');

const laws: readonly [string, string, string][] = [
  ['text goes in as it is', 'x {a}{a} y', 'x AA y'],
  ['anything else goes in as JSON', '{n} {o} {none}', '2 {"x":[1]} null'],
  ['what is filled in is not looked at again', '{evil}', '{a} {{a}} $& $1'],
  ['doubled braces are single ones', '{{a}} {{}} {{{a}}}', '{a} {} {A}'],
  [
    'JSON stands for itself',
    '{"a": 1} {} { a } {1} {a-b} {"b": [{"c": {"d": {}}}]}',
    '{"a": 1} {} { a } {1} {a-b} {"b": [{"c": {"d": {}}}]}',
  ],
  [
    'nested JSON keeps its closing braces beside doubled ones',
    '{{a}} {"x": {"y": {"z": 1}}} {{"x": {{"y": 1}}}}',
    '{a} {"x": {"y": {"z": 1}}} {"x": {"y": 1}}',
  ],
  ['placeholders work inside of JSON', '{"x": {a}, "y": {"z": {n}}}', '{"x": A, "y": {"z": 2}}'],
  ['a brace alone stands for itself', '} { }', '} { }'],
  ['no placeholder, no change', 'plain', 'plain'],
  ['an empty template is an empty text', '', ''],
];

spec('llm_agent: placeholders', (test) => {
  for (const [law, template, expected] of laws) test(law, () => assert.is(fill(template), expected));

  test('{input} is the whole input', () => {
    assert.is(fill('<{input}>', 'text'), '<text>');
    assert.is(fill('<{input}>', { a: 1 }), '<{"a":1}>');
    assert.is(fill('<{input}>', [1, 'x']), '<[1,"x"]>');
    assert.is(fill('<{input}>', null), '<null>');
  });

  test('an unknown placeholder is an error that names it and what there is', async () => {
    const error = await rejectsWith('STEP_CONFIG_INVALID', () => fill('{topic}'));
    assert.match(error.message, /\{topic\}.*\{input\}, \{a\}, \{n\}/);
    assert.equal(error.details, { placeholder: 'topic' });
    assert.not(error.recoverable);
  });

  test('an input that is no object gives {input} only', async () => {
    for (const input of ['text', 7, null, ['a']]) {
      const error = await rejectsWith('STEP_CONFIG_INVALID', () => fill('{a}', input));
      assert.match(error.message, 'the input has {input};');
    }
  });

  test('what every object inherits is no value', async () => {
    for (const name of ['constructor', 'toString', '__proto__'])
      await rejectsWith('STEP_CONFIG_INVALID', () => fill(`{${name}}`));
    await rejectsWith('STEP_CONFIG_INVALID', () => fill('{length}', ['a']));
  });

  test('a long text of braces takes no longer than it should', () => {
    const braces = '{'.repeat(200_000) + '}'.repeat(200_000);
    assert.is(fill(braces).length, 200_000);
  });
});

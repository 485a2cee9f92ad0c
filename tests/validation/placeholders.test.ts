import type { JsonObject } from '@llmteam/contracts';
import * as assert from 'uvu/assert';
import { spec } from '../support/spec.js';
import { problemsOf, segment, step } from './support/segments.js';
import { testContext } from './support/test-catalog.js';

const optional: JsonObject = { type: 'object', properties: { input: { type: 'string' }, n: { type: 'number' } } };

const agent = (id: string, prompt: string) =>
  step(id, { type: 'llm_agent', config: { llm_ref: 'gpt4', user_prompt_template: prompt } });

/** The problems besides that of `{{name}}`. */
function warned(prompt: string, inputSchema: JsonObject): string[] {
  const value = segment([agent('a', prompt), agent('b', '{input}')], ['a -> b'], { input_schema: inputSchema });
  const problems = problemsOf(value, testContext()).filter(({ code }) => code !== 'FOREIGN_TEMPLATE');
  return problems.map(({ code, path }) => `${code} ${path}`);
}

const warning = ['AMBIGUOUS_PLACEHOLDER /steps/0/config/user_prompt_template'];

spec('{input} where the input may have a field of that name', (test) => {
  test('it is warned of in the first step, whose input the schema describes', () => {
    assert.equal(warned('About {input}', optional), warning);
    assert.equal(warned('{n} ${input.n} {{{input}}}', optional), warning);
  });

  test('it is warned of if the field is required, but the input need not be an object', () => {
    assert.equal(warned('{input}', { properties: { input: true }, required: ['input'] }), warning);
  });

  test('nothing is warned of where it has one meaning', () => {
    assert.equal(warned('{input}', { ...optional, required: ['input'] }), []);
    assert.equal(warned('{input}', { type: 'object', properties: { n: { type: 'number' } } }), []);
    assert.equal(warned('{input}', { type: 'string' }), []);
  });

  test('nothing is warned of where it is no placeholder', () => {
    assert.equal(warned('{.} {n} {{input}} $${input} ${input}', optional), []);
  });
});

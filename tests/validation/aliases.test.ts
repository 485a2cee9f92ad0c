/** What names from elsewhere are called here. */
import type { JsonObject } from '@llmteam/contracts';
import * as assert from 'uvu/assert';
import { spec } from '../support/spec.js';
import { chain, problemsOf, segment, step } from './support/segments.js';

function suggested(value: JsonObject): (string | undefined)[] {
  return problemsOf(value).map(({ suggestion }) => suggestion);
}

spec('names from elsewhere', (test) => {
  test('a step type by another name', () => {
    for (const [name, type] of [
      ['llm', 'llm_agent'],
      ['if', 'condition'],
      ['human', 'human_task'],
      ['sleep', 'delay'],
      ['while', 'loop'],
      ['merge', 'parallel_join'],
    ] as const) {
      assert.equal(suggested(segment([step('a', { type: name })])), [type], name);
    }
  });

  test('a key by another name', () => {
    const config = { model: 'gpt4', user_prompt: 'Hello', system: 'Be brief.' };
    assert.equal(suggested(segment([step('a', { type: 'llm_agent', config })])), [
      'llm_ref',
      'user_prompt_template',
      'system_prompt',
    ]);
    const { steps, ...rest } = chain('a');
    assert.equal(suggested({ ...rest, nodes: steps ?? [] }), ['steps']);
  });

  test('a name that is taken here means itself, and one that is not possible is not suggested', () => {
    assert.equal(suggested(segment([step('a', { type: 'echo', source: 1 })])), [undefined]);
    assert.equal(suggested(chain('llm', 'model')), []);
  });
});

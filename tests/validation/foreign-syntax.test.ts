/** Other notations in a text that should be JSON are named as what they are. */
import { isLlmteamError } from '@llmteam/contracts';
import { parseJson } from '@llmteam/kernel';
import * as assert from 'uvu/assert';
import { spec } from '../support/spec.js';

/** Syntax, line and column of the error. */
function refusal(text: string): unknown[] {
  try {
    parseJson(text);
  } catch (thrown) {
    if (isLlmteamError(thrown)) return [thrown.details?.syntax, thrown.details?.line, thrown.details?.column];
  }
  return [];
}

spec('foreign syntax', (test) => {
  test('comments of either kind', () => {
    assert.equal(refusal('{ // a\n}'), ['comment', 1, 3]);
    assert.equal(refusal('{"a": /* one */ 1}'), ['comment', 1, 7]);
    assert.equal(refusal('{"a": 1}\n# end'), ['comment', 2, 1]);
  });

  test('a comma after the last item', () => {
    assert.equal(refusal('{"a": 1,\n}'), ['trailing_comma', 2, 1]);
    assert.equal(refusal('[1, ]'), ['trailing_comma', 1, 5]);
  });

  test('single quotes and bare keys', () => {
    assert.equal(refusal("{'a': 1}"), ['single_quotes', 1, 2]);
    assert.equal(refusal("['a']"), ['single_quotes', 1, 2]);
    assert.equal(refusal('{ a: 1}'), ['bare_key', 1, 3]);
  });

  test('YAML, by its first line', () => {
    for (const text of [
      'segment_id: a\nname: A',
      '---\nsegment_id: a',
      '# A\n\nsegment_id: a',
      '- 1',
      'steps:\n  - a',
    ]) {
      assert.is(refusal(text)[0], 'yaml', text);
    }
  });

  test('anything else is not mistaken for another notation', () => {
    for (const text of ['', 'oops', '{"a" 1}', '[1 2]', '{"a": /}', '-', '{"a": }'])
      assert.is(refusal(text)[0], undefined, text);
  });
});

import type { JsonObject } from '@llmteam/contracts';
import { llmAgent } from '@llmteam/llm-agent';
import * as assert from 'uvu/assert';
import { spec } from '../../support/spec.js';
import { fakeStepContext } from '../support/fake-step-context.js';
import { rejectsWith } from '../support/rejection.js';
import { runAgent, scriptedModel } from './scripted-model.js';

spec('llm_agent: what comes out', (test) => {
  test('text and markdown are given as they are', async () => {
    const text = '```md\n# Title\n```';
    assert.equal((await runAgent(scriptedModel(text))).ports, { output: text });
    assert.is((await runAgent(scriptedModel(text), { output_format: 'markdown' })).output, text);
  });

  test('tokens and usage are passed on', async () => {
    const { traces } = await runAgent(scriptedModel('hello'));
    assert.equal(traces.tokens, ['hello']);
    assert.equal(traces.usage, [{ input_tokens: 3, output_tokens: 5 }]);
    assert.equal(traces.activities, []);
  });

  for (const [law, text] of [
    ['as it is', '{"a": "```x```"}'],
    ['in a fence with a language', '```json\n{"a": "```x```"}\n```'],
    ['in a fence without one', '```\n{"a": "```x```"}\n```  '],
    ['in a fence with words around', 'Here you are:\n\n```json\n{"a": "```x```"}\n```\nAnything else?'],
    ['with blanks around', '\n  {"a": "```x```"}\n'],
  ] as const) {
    test(`JSON is parsed ${law}`, async () => {
      assert.equal((await runAgent(scriptedModel(text), { output_format: 'json' })).output, { a: '```x```' });
    });
  }

  test('JSON need not be an object', async () => {
    for (const value of [1, 'x', null, [true]]) {
      assert.equal((await runAgent(scriptedModel(JSON.stringify(value)), { output_format: 'json' })).output, value);
    }
  });

  for (const [law, text, problem] of [
    ['prose', 'I cannot do that.', 'is not JSON'],
    ['an empty answer', '', 'is not JSON'],
    ['half an object', '{"a": 1', 'is not JSON'],
    ['an empty fence', '```json\n```', 'is not JSON'],
    ['two fences', '```json\n1\n```\n```json\n2\n```', 'is not JSON'],
    ['65 levels', '['.repeat(65) + ']'.repeat(65), 'deeper than 64'],
    ['a million levels', '['.repeat(1_000_000), 'deeper than 64'],
    ['a key of a prototype', '{"a": {"__proto__": 1}}', '__proto__'],
    ['an integer that would be rounded', '{"id": 12345678901234567890}', '12345678901234567890'],
  ] as const) {
    test(`${law} is an invalid answer that is tried again and was paid for`, async () => {
      const model = scriptedModel({ text, finish_reason: 'length' });
      const { context, traces } = fakeStepContext({ llms: { main: model } });
      const config = { llm_ref: 'main', output_format: 'json' as const };
      const error = await rejectsWith('LLM_OUTPUT_INVALID', () => llmAgent.run(context, config, null));
      assert.ok(error.recoverable);
      assert.match(error.message, problem);
      assert.match(error.message, 'max_tokens');
      assert.equal(error.details, { finish_reason: 'length', answer_start: text.slice(0, 200) });
      assert.is(traces.usage.length, 1);
    });
  }
});

const review: JsonObject = {
  type: 'object',
  properties: {
    score: { type: 'number', minimum: 0, maximum: 1 },
    verdict: { enum: ['approved', 'revise'] },
    notes: { type: 'array', items: { $ref: '#/$defs/note' } },
  },
  required: ['score', 'verdict'],
  additionalProperties: false,
  $defs: { note: { type: 'string', minLength: 1 } },
};

spec('llm_agent: output_schema', (test) => {
  test('an answer that matches is given', async () => {
    const answer = { score: 0.5, verdict: 'revise', notes: ['x'] };
    assert.equal((await runAgent(scriptedModel(JSON.stringify(answer)), { output_schema: review })).output, answer);
  });

  for (const [answer, place] of [
    ['{"score": 2, "verdict": "revise"}', '/score'],
    ['{"score": 1, "verdict": "maybe"}', '/verdict'],
    ['{"score": 1, "verdict": "revise", "notes": ["ok", ""]}', '/notes/1'],
    ['{"score": 1}', 'verdict'],
    ['{"score": 1, "verdict": "revise", "more": 1}', 'additional'],
    ['[]', '/ '],
  ] as const) {
    test(`${answer} does not match, and the error says where`, async () => {
      const error = await rejectsWith('LLM_OUTPUT_INVALID', () =>
        runAgent(scriptedModel(answer), { output_schema: review }),
      );
      assert.match(error.message, place);
      assert.ok(error.recoverable);
      assert.ok(Array.isArray(error.details?.problems));
    });
  }

  for (const [law, schema, hint] of [
    ['a pattern', { properties: { a: { type: 'string', pattern: '(a+)+$' } } }, "'pattern'"],
    ['pattern properties', { anyOf: [{ patternProperties: { x: {} } }] }, "'patternProperties'"],
    ['an unknown type', { type: 'object', properties: { a: { type: 'text' } } }, '"text" is not a JSON type'],
    ['a reference to elsewhere', { items: { $ref: 'https://example.com/schema.json' } }, 'leads to no schema'],
    ['a reference to nothing', { $ref: '#/$defs/none', $defs: {} }, 'leads to no schema'],
    ['a reference to a prototype', { $ref: '#/constructor' }, 'leads to no schema'],
  ] as const) {
    test(`a schema with ${law} is refused before the model is asked`, async () => {
      const model = scriptedModel('{}');
      const error = await rejectsWith('STEP_CONFIG_INVALID', () =>
        runAgent(model, { output_schema: schema as unknown as JsonObject }),
      );
      assert.match(error.message, hint);
      assert.is(model.requests.length, 0);
    });
  }

  test('a property named pattern is no pattern', async () => {
    const schema = { type: 'object', properties: { pattern: { type: 'string' }, $ref: { type: 'string' } } };
    const answer = { pattern: '(a+)+$', $ref: 'x' };
    assert.equal((await runAgent(scriptedModel(JSON.stringify(answer)), { output_schema: schema })).output, answer);
  });

  test('a schema that refers to itself without end is an error, not a hang', async () => {
    await rejectsWith('STEP_CONFIG_INVALID', () => runAgent(scriptedModel('{}'), { output_schema: { $ref: '#' } }));
  });

  test('a schema with output_format text is a contradiction', async () => {
    await rejectsWith('STEP_CONFIG_INVALID', () =>
      runAgent(scriptedModel('{}'), { output_schema: {}, output_format: 'text' }),
    );
  });
});

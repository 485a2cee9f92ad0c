import type { JsonObject } from '@llmteam/contracts';
import * as assert from 'uvu/assert';
import { spec } from '../../support/spec.js';
import { rejectsWith } from '../support/rejection.js';
import { runAgent, scriptedModel } from './scripted-model.js';

spec('llm_agent: what comes out', (test) => {
  test('text and markdown are given as they are', async () => {
    const text = '```md\n# Title\n```';
    assert.equal((await runAgent(scriptedModel(text))).ports, { output: text, finish_reason: 'stop' });
    assert.is((await runAgent(scriptedModel(text), { output_format: 'markdown' })).output, text);
  });

  test('tokens and usage are passed on', async () => {
    const { traces } = await runAgent(scriptedModel('hello'));
    assert.equal(traces.tokens, ['hello']);
    assert.equal(traces.usage, [{ input_tokens: 3, output_tokens: 5 }]);
    assert.equal(traces.activities, []);
  });
});

spec('llm_agent: the beginning of an answer in an error', (test) => {
  test('leaves nothing of a secret that it would split', async () => {
    const secret = 'sk-0123456789';
    for (const before of [70, 190]) {
      const model = scriptedModel(`${'x'.repeat(before)}${secret} and more`);
      const run = () => runAgent(model, { output_format: 'json' }, 'question', {}, [secret]);
      const { message, details } = await rejectsWith('LLM_OUTPUT_INVALID', run);
      assert.not.ok(message.includes('sk-0'), message);
      assert.not.ok(String(details?.answer_start).includes('sk-0'), String(details?.answer_start));
    }
  });
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
    ['an anchor that is not there', { $ref: '#none', $defs: { a: { $anchor: 'some' } } }, 'leads to no schema'],
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

  test('a reference to an anchor leads to its schema', async () => {
    const schema = { items: { $ref: '#word' }, $defs: { word: { $anchor: 'word', type: 'string' } } };
    assert.equal((await runAgent(scriptedModel('["a"]'), { output_schema: schema })).output, ['a']);
    const run = () => runAgent(scriptedModel('[1]'), { output_schema: schema });
    assert.match((await rejectsWith('LLM_OUTPUT_INVALID', run)).message, '/0');
  });

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

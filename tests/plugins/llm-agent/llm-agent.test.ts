import { type Json, LlmteamError } from '@llmteam/contracts';
import plugin, { type LlmAgentConfig, llmAgent } from '@llmteam/llm-agent';
import * as assert from 'uvu/assert';
import { spec } from '../../support/spec.js';
import { fakeStepContext } from '../support/fake-step-context.js';
import { fitsSchema, metadataLaws } from '../support/metadata-laws.js';
import { rejectsWith } from '../support/rejection.js';
import { runAgent, scriptedModel } from './scripted-model.js';

async function requestOf(config: Omit<LlmAgentConfig, 'llm_ref'>, input: Json = 'question') {
  const model = scriptedModel('{}');
  await runAgent(model, config, input);
  return model.requests[0] ?? (assert.unreachable('no request') as never);
}

spec('llm_agent: metadata', (test) => {
  metadataLaws(test, 'llm-agent', llmAgent);

  test('the plugin brings this type and its providers', () => {
    assert.is(plugin.name, 'llm-agent');
    assert.equal(plugin.stepTypes, [llmAgent]);
    assert.equal(
      plugin.modelProviders?.map(({ providerId }) => providerId),
      ['openai', 'anthropic', 'google', 'openai-compatible', 'offline'],
    );
  });

  test('the schema holds the bounds of the catalog', () => {
    assert.not(fitsSchema(llmAgent, {}));
    for (const [key, good, bad] of [
      ['temperature', 2, 2.1],
      ['temperature', 0, -1],
      ['max_tokens', 1, 0],
      ['output_format', 'markdown', 'xml'],
      ['tools', ['search'], [1]],
      ['fallback_llm_refs', ['b'], 'b'],
    ] as const) {
      assert.ok(fitsSchema(llmAgent, { llm_ref: 'a', [key]: good }), key);
      assert.not(fitsSchema(llmAgent, { llm_ref: 'a', [key]: bad }), key);
    }
  });
});

spec('llm_agent: what the model is asked', (test) => {
  test('without prompts the input is the question: text as it is, else JSON', async () => {
    assert.equal((await requestOf({}, 'why?')).messages, [{ role: 'user', content: 'why?' }]);
    assert.equal((await requestOf({}, { a: [1] })).messages, [{ role: 'user', content: '{"a":[1]}' }]);
  });

  test('both prompts are filled from the input', async () => {
    const config = { system_prompt: 'You are {role}.', user_prompt_template: 'About {topic}: {{x}}' };
    assert.equal((await requestOf(config, { role: 'brief', topic: 'tea' })).messages, [
      { role: 'system', content: 'You are brief.' },
      { role: 'user', content: 'About tea: {x}' },
    ]);
  });

  test('what a placeholder brings in is not read again', async () => {
    const config = { user_prompt_template: '{note} ${input.note} {.}', system_prompt: '${input.note}' };
    const note = '{key} ${input.key} {input} {{x}}';
    assert.equal((await requestOf(config, { note, key: 'secret' })).messages, [
      { role: 'system', content: note },
      { role: 'user', content: `${note} ${note} ${JSON.stringify({ note, key: 'secret' })}` },
    ]);
  });

  test('a system prompt that turns out empty is left out', async () => {
    assert.is((await requestOf({ system_prompt: '{role}' }, { role: '' })).messages.length, 1);
  });

  test('an unknown placeholder names its prompt', async () => {
    const model = scriptedModel('x');
    const error = await rejectsWith('STEP_CONFIG_INVALID', () => runAgent(model, { system_prompt: '{nobody}' }));
    assert.match(error.message, '`system_prompt` has the placeholder {nobody}');
    assert.is(model.requests.length, 0);
  });

  test("temperature and the longest answer are the provider's unless given", async () => {
    const plain = await requestOf({});
    assert.not('temperature' in plain || 'max_tokens' in plain);
    const given = await requestOf({ temperature: 0, max_tokens: 9 });
    assert.equal([given.temperature, given.max_tokens], [0, 9]);
  });

  test('json and the schema are asked for; for text neither is', async () => {
    const text = await requestOf({});
    assert.not('json' in text || 'output_schema' in text);
    const json = await requestOf({ output_format: 'json' });
    assert.ok(json.json === true && !('output_schema' in json));
    const schema = await requestOf({ output_schema: { type: 'object' } });
    assert.ok(schema.json === true);
    assert.equal(schema.output_schema, { type: 'object' });
  });

  test('the request carries the idempotency key of the step', async () => {
    assert.is((await requestOf({})).idempotency_key, 'run-1/step');
  });
});

spec('llm_agent: models that fail', (test) => {
  const failed = () => new LlmteamError('LLM_FAILED', 'busy', { details: { status: 429, retry_after_seconds: 7 } });
  const refused = () => new LlmteamError('LLM_REFUSED', 'no such model', { details: { status: 404 } });
  const config = { fallback_llm_refs: ['second', 'third'] };

  test('the next one is asked after a failure or a refusal, and the failures are recorded', async () => {
    for (const error of [failed(), refused()]) {
      const [second, third] = [scriptedModel('from second'), scriptedModel('unused')];
      const { output, traces } = await runAgent(scriptedModel(error), config, 'q', { second, third });
      assert.is(output, 'from second');
      assert.is(third.requests.length, 0);
      assert.equal(
        traces.activities.map(({ event_type, payload }) => [event_type, payload.llm_ref, payload.code]),
        [['action.failed', 'main', error.code]],
      );
    }
  });

  test('if all fail, one that may pass decides', async () => {
    const error = await rejectsWith('LLM_FAILED', () =>
      runAgent(scriptedModel(refused()), config, 'q', {
        second: scriptedModel(failed()),
        third: scriptedModel(refused()),
      }),
    );
    assert.ok(error.recoverable);
    assert.is(error.details?.retry_after_seconds, 7);
    assert.equal(error.details?.failures, [
      { llm_ref: 'main', code: 'LLM_REFUSED', message: 'no such model' },
      { llm_ref: 'second', code: 'LLM_FAILED', message: 'busy' },
      { llm_ref: 'third', code: 'LLM_REFUSED', message: 'no such model' },
    ]);
  });

  test('if all refuse, the step is not tried again', async () => {
    const all = { second: scriptedModel(refused()), third: scriptedModel(refused()) };
    const error = await rejectsWith('LLM_REFUSED', () => runAgent(scriptedModel(refused()), config, 'q', all));
    assert.not(error.recoverable);
  });

  test('the error of a single model is given as it is', async () => {
    const thrown = failed();
    assert.is(await rejectsWith('LLM_FAILED', () => runAgent(scriptedModel(thrown))), thrown);
  });

  test('an invalid answer does not bring in the next model', async () => {
    const second = scriptedModel('{}');
    const more = { ...config, output_format: 'json' as const };
    await rejectsWith('LLM_OUTPUT_INVALID', () =>
      runAgent(scriptedModel('prose'), more, 'q', { second, third: second }),
    );
    assert.is(second.requests.length, 0);
  });

  test('a mistake of a provider is not taken for a failure of the model', async () => {
    const second = scriptedModel('x');
    const thrown = new TypeError('undefined is not a function');
    try {
      await runAgent(scriptedModel(thrown), config, 'q', { second, third: second });
      assert.unreachable();
    } catch (caught) {
      assert.is(caught, thrown);
    }
    assert.is(second.requests.length, 0);
  });

  test('unknown refs, prompt templates and tools are refused', async () => {
    const model = scriptedModel('x');
    await rejectsWith('UNKNOWN_REF', () => runAgent(scriptedModel(failed()), { fallback_llm_refs: ['nobody'] }));
    const template = await rejectsWith('UNKNOWN_REF', () => runAgent(model, { prompt_template_id: 'greeting' }));
    assert.is(template.message, "no prompt template 'greeting' is configured");
    await rejectsWith('STEP_CONFIG_INVALID', () => runAgent(model, { tools: ['search'] }));
    assert.is(model.requests.length, 0);
    await runAgent(model, { tools: [] });
  });

  test('an abort ends the call and asks nobody else', async () => {
    for (const [reason, code] of [
      [undefined, 'CANCELLED'],
      [new LlmteamError('STEP_TIMEOUT', 'late'), 'STEP_TIMEOUT'],
    ] as const) {
      const abort = new AbortController();
      const second = scriptedModel('x');
      const { context } = fakeStepContext({ llms: { main: scriptedModel('hang'), second }, signal: abort.signal });
      const running = rejectsWith(code, () =>
        llmAgent.run(context, { llm_ref: 'main', fallback_llm_refs: ['second'] }, null),
      );
      abort.abort(reason);
      await running;
      assert.is(second.requests.length, 0);
    }
  });
});

import { type Json, LlmteamError } from '@llmteam/contracts';
import plugin, { type LlmAgentConfig, llm_agent } from '@llmteam/llm-agent';
import * as assert from 'uvu/assert';
import { spec } from '../../support/spec.js';
import { fake_step_context } from '../support/fake-step-context.js';
import { fits_schema, metadata_laws } from '../support/metadata-laws.js';
import { rejects_with } from '../support/rejection.js';
import { run_agent, scripted_model } from './scripted-model.js';

async function request_of(config: Omit<LlmAgentConfig, 'llm_ref'>, input: Json = 'question') {
  const model = scripted_model('{}');
  await run_agent(model, config, input);
  return model.requests[0] ?? (assert.unreachable('no request') as never);
}

spec('llm_agent: metadata', (test) => {
  metadata_laws(test, 'llm-agent', llm_agent);

  test('the plugin brings this type and two providers', () => {
    assert.is(plugin.name, 'llm-agent');
    assert.equal(plugin.step_types, [llm_agent]);
    assert.equal(
      plugin.model_providers?.map(({ provider_id }) => provider_id),
      ['openai-compatible', 'offline'],
    );
  });

  test('the schema holds the bounds of the catalog', () => {
    assert.not(fits_schema(llm_agent, {}));
    for (const [key, good, bad] of [
      ['temperature', 2, 2.1],
      ['temperature', 0, -1],
      ['max_tokens', 1, 0],
      ['output_format', 'markdown', 'xml'],
      ['tools', ['search'], [1]],
      ['fallback_llm_refs', ['b'], 'b'],
    ] as const) {
      assert.ok(fits_schema(llm_agent, { llm_ref: 'a', [key]: good }), key);
      assert.not(fits_schema(llm_agent, { llm_ref: 'a', [key]: bad }), key);
    }
  });
});

spec('llm_agent: what the model is asked', (test) => {
  test('without prompts the input is the question: text as it is, else JSON', async () => {
    assert.equal((await request_of({}, 'why?')).messages, [{ role: 'user', content: 'why?' }]);
    assert.equal((await request_of({}, { a: [1] })).messages, [{ role: 'user', content: '{"a":[1]}' }]);
  });

  test('both prompts are filled from the input', async () => {
    const config = { system_prompt: 'You are {role}.', user_prompt_template: 'About {topic}: {{x}}' };
    assert.equal((await request_of(config, { role: 'brief', topic: 'tea' })).messages, [
      { role: 'system', content: 'You are brief.' },
      { role: 'user', content: 'About tea: {x}' },
    ]);
  });

  test('an unknown placeholder names its prompt', async () => {
    const model = scripted_model('x');
    const error = await rejects_with('STEP_CONFIG_INVALID', () => run_agent(model, { system_prompt: '{nobody}' }));
    assert.match(error.message, '`system_prompt` has the placeholder {nobody}');
    assert.is(model.requests.length, 0);
  });

  test("the temperature is 0.7 unless given, the longest answer the provider's", async () => {
    const plain = await request_of({});
    assert.is(plain.temperature, 0.7);
    assert.not('max_tokens' in plain);
    const given = await request_of({ temperature: 0, max_tokens: 9 });
    assert.equal([given.temperature, given.max_tokens], [0, 9]);
  });

  test('json and the schema are asked for; for text neither is', async () => {
    const text = await request_of({});
    assert.not('json' in text || 'output_schema' in text);
    const json = await request_of({ output_format: 'json' });
    assert.ok(json.json === true && !('output_schema' in json));
    const schema = await request_of({ output_schema: { type: 'object' } });
    assert.ok(schema.json === true);
    assert.equal(schema.output_schema, { type: 'object' });
  });

  test('the request carries the idempotency key of the step', async () => {
    assert.is((await request_of({})).idempotency_key, 'run-1/step');
  });
});

spec('llm_agent: models that fail', (test) => {
  const failed = () => new LlmteamError('LLM_FAILED', 'busy', { details: { status: 429, retry_after_seconds: 7 } });
  const refused = () => new LlmteamError('LLM_REFUSED', 'no such model', { details: { status: 404 } });
  const config = { fallback_llm_refs: ['second', 'third'] };

  test('the next one is asked after a failure or a refusal, and the failures are recorded', async () => {
    for (const error of [failed(), refused()]) {
      const [second, third] = [scripted_model('from second'), scripted_model('unused')];
      const { output, traces } = await run_agent(scripted_model(error), config, 'q', { second, third });
      assert.is(output, 'from second');
      assert.is(third.requests.length, 0);
      assert.equal(
        traces.activities.map(({ event_type, payload }) => [event_type, payload.llm_ref, payload.code]),
        [['action.failed', 'main', error.code]],
      );
    }
  });

  test('if all fail, one that may pass decides', async () => {
    const error = await rejects_with('LLM_FAILED', () =>
      run_agent(scripted_model(refused()), config, 'q', {
        second: scripted_model(failed()),
        third: scripted_model(refused()),
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
    const all = { second: scripted_model(refused()), third: scripted_model(refused()) };
    const error = await rejects_with('LLM_REFUSED', () => run_agent(scripted_model(refused()), config, 'q', all));
    assert.not(error.recoverable);
  });

  test('the error of a single model is given as it is', async () => {
    const thrown = failed();
    assert.is(await rejects_with('LLM_FAILED', () => run_agent(scripted_model(thrown))), thrown);
  });

  test('an invalid answer does not bring in the next model', async () => {
    const second = scripted_model('{}');
    const more = { ...config, output_format: 'json' as const };
    await rejects_with('LLM_OUTPUT_INVALID', () =>
      run_agent(scripted_model('prose'), more, 'q', { second, third: second }),
    );
    assert.is(second.requests.length, 0);
  });

  test('a mistake of a provider is not taken for a failure of the model', async () => {
    const second = scripted_model('x');
    const thrown = new TypeError('undefined is not a function');
    try {
      await run_agent(scripted_model(thrown), config, 'q', { second, third: second });
      assert.unreachable();
    } catch (caught) {
      assert.is(caught, thrown);
    }
    assert.is(second.requests.length, 0);
  });

  test('unknown refs, prompt templates and tools are refused', async () => {
    const model = scripted_model('x');
    await rejects_with('UNKNOWN_REF', () => run_agent(scripted_model(failed()), { fallback_llm_refs: ['nobody'] }));
    const template = await rejects_with('UNKNOWN_REF', () => run_agent(model, { prompt_template_id: 'greeting' }));
    assert.is(template.message, "no prompt template 'greeting' is configured");
    await rejects_with('STEP_CONFIG_INVALID', () => run_agent(model, { tools: ['search'] }));
    assert.is(model.requests.length, 0);
    await run_agent(model, { tools: [] });
  });

  test('an abort ends the call and asks nobody else', async () => {
    for (const [reason, code] of [
      [undefined, 'CANCELLED'],
      [new LlmteamError('STEP_TIMEOUT', 'late'), 'STEP_TIMEOUT'],
    ] as const) {
      const abort = new AbortController();
      const second = scripted_model('x');
      const { context } = fake_step_context({ llms: { main: scripted_model('hang'), second }, signal: abort.signal });
      const running = rejects_with(code, () =>
        llm_agent.run(context, { llm_ref: 'main', fallback_llm_refs: ['second'] }, null),
      );
      abort.abort(reason);
      await running;
      assert.is(second.requests.length, 0);
    }
  });
});

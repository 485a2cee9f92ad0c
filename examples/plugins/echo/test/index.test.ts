import assert from 'node:assert/strict';
import { test } from 'node:test';
import { providerConformance, testRuntime } from '@llmteam/testing';
import plugin, { provider } from '../src/index.js';

providerConformance({ test, open: async () => ({ provider, config: {}, dispose: async () => undefined }) });

test('an agent uses it', async () => {
  const runtime = await testRuntime({
    plugins: [plugin],
    config: { llms: { writer: { provider: 'echo' } } },
  });
  const config = { llm_ref: 'writer', user_prompt_template: 'say {.}' };
  const steps = [{ step_id: 'ask', type: 'llm_agent', config }];
  const run = await runtime.start({ segment_id: 'one', name: 'One', entrypoint: 'ask', steps }, 'hello');
  assert.equal((await run.result()).output, 'SAY HELLO');
  await runtime.close();
});

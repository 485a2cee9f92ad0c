import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runTask, testRuntime } from '@llmteam/testing';
import plugin, { step } from '../src/index.js';

test('counts the words of a text', async () => {
  const { ports, error } = await runTask(step, { config: { longer_than: 2 }, input: 'a word is not a sentence' });
  assert.equal(error, null);
  assert.deepEqual(ports, { output: 3 });
});

test('refuses what is not text', async () => {
  const { error } = await runTask(step, { input: 42 });
  assert.equal(error?.error_code, 'STEP_INPUT_INVALID');
});

test('runs in a segment', async () => {
  const runtime = await testRuntime({ plugins: [plugin] });
  const run = await runtime.start(
    { segment_id: 'one', name: 'One', entrypoint: 'step', steps: [{ step_id: 'step', type: 'wordcount' }] },
    'two words',
  );
  assert.equal((await run.result()).output, 2);
  await runtime.close();
});

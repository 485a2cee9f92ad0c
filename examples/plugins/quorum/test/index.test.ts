import assert from 'node:assert/strict';
import { test } from 'node:test';
import { driveControl, fuzzControl, testRuntime } from '@llmteam/testing';
import plugin, { step } from '../src/index.js';

const config = { votes: 2, seconds: 60 };
const vote = (payload: string) => ({ kind: 'signal_received', name: 'vote', payload }) as const;

test('two votes are enough', () => {
  const { ports } = driveControl(step, { config }, [{ kind: 'started' }, vote('yes'), vote('no')]);
  assert.deepEqual(ports, { output: ['"yes"', '"no"'] });
});

test('whatever happens, it is a function of what it is told', () => fuzzControl(step));

test('in a run, it gives up after a minute', async () => {
  const runtime = await testRuntime({ plugins: [plugin] });
  const steps = [{ step_id: 'ask', type: 'quorum', config }];
  const run = await runtime.start({ segment_id: 'one', name: 'One', entrypoint: 'ask', steps });
  await run.signal('vote', 'yes');
  await runtime.clock.advance(60_000);
  assert.deepEqual((await run.result()).output, ['"yes"']);
  await runtime.close();
});

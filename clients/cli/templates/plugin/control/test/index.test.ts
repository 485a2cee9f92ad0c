import assert from 'node:assert/strict';
import { test } from 'node:test';
import { driveControl, fuzzControl, testRuntime } from '@llmteam/testing';
import plugin, { step } from '../src/index.js';

test('a small number waits for the timer', () => {
  const { reactions, ports } = driveControl(step, { config: { seconds: 5 }, input: 1 }, [
    { kind: 'started' },
    { kind: 'timer_fired', name: 'pause' },
  ]);
  assert.deepEqual(reactions[0], [{ do: 'start_timer', name: 'pause', after_seconds: 5 }]);
  assert.deepEqual(ports, { output: 1 });
});

test('a large number does not', () => {
  assert.deepEqual(driveControl(step, { config: { seconds: 5 }, input: 100 }).ports, { output: 100 });
});

test('it depends on nothing but what it is told, whatever that is', () => fuzzControl(step));

test('runs in a segment', async () => {
  const runtime = await testRuntime({ plugins: [plugin] });
  const steps = [{ step_id: 'step', type: 'template_type', config: { seconds: 60 } }];
  const run = await runtime.start({ segment_id: 'one', name: 'One', entrypoint: 'step', steps }, 1);
  await runtime.clock.advance(59_000);
  assert.equal((await run.view()).status, 'running');
  await runtime.clock.advance(1_000);
  assert.equal((await run.result()).output, 1);
  await runtime.close();
});

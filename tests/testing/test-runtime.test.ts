import type { Segment } from '@llmteam/contracts';
import { definePlugin, defineProvider, defineTask, type ModelRequest, Type } from '@llmteam/plugin';
import { testRuntime } from '@llmteam/testing';
import * as assert from 'uvu/assert';
import { spec } from '../support/spec.js';

const shout = defineTask({
  type: 'shout',
  input: Type.String(),
  outputs: { output: Type.String() },
  run: (_context, _config, input) => ({ output: input.toUpperCase() }),
});
const plugin = definePlugin({ name: 'shout', stepTypes: [shout] });

function segment(steps: Segment['steps'], edges: Segment['edges'] = []): Segment {
  const entrypoint = steps[0]?.step_id ?? '';
  return { segment_id: 'one', name: 'One', entrypoint, params: { timeout_seconds: null }, steps, edges };
}

spec('testRuntime', (test) => {
  test('time passes only when the test says so', async () => {
    const runtime = await testRuntime({ plugins: [plugin] });
    const steps = [
      { step_id: 'wait', type: 'delay', config: { seconds: 3_600 } },
      { step_id: 'shout', type: 'shout' },
    ];
    const run = await runtime.start(segment(steps, [{ from: 'wait', to: 'shout' }]), 'hi');
    await runtime.clock.advance(3_599_000);
    assert.is((await run.view()).status, 'running');
    await runtime.clock.advance(1_000);
    const result = await run.result();
    assert.equal([result.status, result.output, result.duration_ms], ['completed', 'HI', 3_600_000]);
    const events = (await run.events()).map(({ event_type }) => event_type);
    assert.is(events.at(0), 'segment.started');
    assert.is(events.at(-1), 'segment.completed');
    await runtime.close();
  });

  test('human tasks are answered, signals are sent, runs are cancelled', async () => {
    const runtime = await testRuntime({ plugins: [plugin] });
    const asked = await runtime.start(
      segment([{ step_id: 'ask', type: 'human_task', config: { task_type: 'approval', title: 'Well?' } }]),
    );
    assert.is((await asked.tasks()).length, 1);
    await asked.answer({ decision: 'approve' });
    assert.is((await asked.result()).status, 'completed');
    const waiting = segment([{ step_id: 'wait', type: 'wait_for_signal', config: { signal: 'go' } }]);
    const told = await runtime.start(waiting);
    await told.signal('go', { n: 1 });
    assert.is((await told.result()).status, 'completed');
    const cancelled = await runtime.start(waiting);
    await cancelled.control('cancel');
    assert.is((await cancelled.result()).status, 'cancelled');
    await runtime.close();
  });

  test('a segment is validated against the plugins of the test', async () => {
    const runtime = await testRuntime({ plugins: [plugin] });
    assert.equal(runtime.validate(segment([{ step_id: 'a', type: 'shout@1' }])), []);
    const wrong = segment([{ step_id: 'a', type: 'shoot' }]);
    assert.match(runtime.validate(wrong)[0]?.message ?? '', /shout/);
    const refused: unknown = await runtime.start(wrong).catch((thrown: unknown) => thrown);
    assert.match(String(refused), /not valid/);
    await runtime.close();
  });

  test('models come from the test, or from a provider of the test and the configuration', async () => {
    const seen: ModelRequest[] = [];
    const provider = defineProvider({
      id: 'acme',
      config: Type.Object({ voice: Type.String({ default: 'low' }) }),
      create: ({ voice }) => ({
        provider: 'acme',
        model: voice,
        async generate(request) {
          seen.push(request);
          return {
            text: `in ${voice} voice`,
            model: voice,
            finish_reason: 'stop',
            usage: { input_tokens: 1, output_tokens: 3 },
          };
        },
      }),
    });
    const plugins = [definePlugin({ name: 'acme', modelProviders: [provider] })];
    const agent = (llm: string) =>
      segment([{ step_id: 'a', type: 'llm_agent', config: { llm_ref: llm, user_prompt_template: 'Say it.' } }]);
    const config = { llms: { singer: { provider: 'acme', voice: 'high' } } };
    const runtime = await testRuntime({ plugins, config, llms: { writer: 'as told' } });
    assert.is((await (await runtime.start(agent('singer'))).result()).output, 'in high voice');
    assert.is((await (await runtime.start(agent('writer'))).result()).output, 'as told');
    assert.is(seen.length, 1);
    await runtime.close();
    const wrong: unknown = await testRuntime({
      plugins,
      config: { llms: { s: { provider: 'acme', voice: 1 } } },
    }).catch((thrown: unknown) => thrown);
    assert.match(String(wrong), /llms\.s/);
  });

  test('a failed attempt is repeated when the clock has moved on', async () => {
    const attempts: number[] = [];
    const flaky = defineTask({
      type: 'flaky',
      run({ attempt }) {
        attempts.push(attempt);
        if (attempt < 3) throw new Error('not yet');
        return { output: attempt };
      },
    });
    const runtime = await testRuntime({ plugins: [definePlugin({ name: 'flaky', stepTypes: [flaky] })] });
    const run = await runtime.start(segment([{ step_id: 'a', type: 'flaky' }]));
    await run.view();
    assert.equal(attempts, [1]);
    await runtime.clock.advance(600_000);
    assert.is((await run.result()).output, 3);
    await runtime.close();
  });
});

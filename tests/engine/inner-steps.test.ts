import type { ControlType, Segment } from '@llmteam/contracts';
import { compilePlan, createExpressionCompiler, defineSegment, evolve, startRun, viewRun } from '@llmteam/kernel';
import * as assert from 'uvu/assert';
import { callsType } from '../support/simulation/calls-type.js';
import { scenarioCatalog } from '../support/simulation/simulation.js';
import { spec } from '../support/spec.js';
import { begin, planOf, report, requestOf, runKey } from './support/engine.js';

const agent = (config: object): Segment => ({
  segment_id: 'agent',
  name: 'Agent',
  entrypoint: 'agent',
  steps: [{ step_id: 'agent', type: 'calls', config: { ...config } }],
});

spec('engine: inner steps', (test) => {
  test('an inner step is a step with a key of its own', () => {
    const { outcome } = begin(agent({ batches: [['a']], ask: { config: { result: '${input}' }, timeout_seconds: 9 } }));
    const [job] = outcome.effects.flatMap((effect) => (effect.kind === 'dispatch' ? [effect.job] : []));
    assert.equal(
      [job?.job_id, job?.step, job?.scope, job?.step_id, job?.idempotency_key, job?.step_type, job?.type_version],
      ['random/agent[0]/ask#1', 'agent[0]/ask', 'agent[0]', 'ask', 'random/agent[0]/ask', 'work', '1.0.0'],
    );
    assert.equal([job?.input, job?.config, job?.timeout_seconds], ['a', { result: 'a' }, 9]);
  });

  test('a run shows inner steps with the versions of their types', () => {
    const { run } = begin(agent({ batches: [['a', 'b']] }));
    evolve(run, report('agent[0]/ask'));
    const { steps, step_types } = viewRun(run);
    assert.equal(
      steps.map(({ step_id, scope, type, status, waiting_for }) => [scope, step_id, type, status, waiting_for?.kind]),
      [
        ['', 'agent', 'calls', 'running', undefined],
        ['agent[1]', 'ask', 'work', 'queued', 'worker'],
      ],
    );
    assert.equal(step_types, { calls: '1.0.0', work: '1.0.0' });
  });

  test('a step with a region cannot be an inner step, nor one whose version is not fixed', () => {
    const catalog = scenarioCatalog();
    const type: ControlType = {
      ...callsType,
      metadata: { ...callsType.metadata, type_id: 'odd' },
      innerSteps: () => [{ step_id: 'again', type: 'map', config: {} }],
    };
    catalog.add(type, '1.0.0', 'tests');
    const segment = { ...agent({ batches: [] }), steps: [{ step_id: 'agent', type: 'odd', config: { batches: [] } }] };
    const definition = defineSegment(segment, catalog);
    assert.throws(
      () => compilePlan(definition, catalog, createExpressionCompiler()),
      /step 'agent\/again': 'map' has a region, so it cannot be an inner step/,
    );
    const unpinned = { ...definition, segment: agent({ batches: [] }), step_types: { calls: '1.0.0' } };
    assert.throws(() => compilePlan(unpinned, catalog, createExpressionCompiler()), /no version is fixed for 'work'/);
  });

  test('two inner steps with one index fail the step', () => {
    const catalog = scenarioCatalog();
    const twice: ControlType = {
      ...callsType,
      metadata: { ...callsType.metadata, type_id: 'twice' },
      react: () => {
        const ask = { do: 'run_step', step_id: 'ask', index: 0, input: null } as const;
        return { directives: [ask, ask] };
      },
    };
    catalog.add(twice, '1.0.0', 'tests');
    const segment = { ...agent({}), steps: [{ step_id: 'agent', type: 'twice', config: { batches: [] } }] };
    const plan = compilePlan(defineSegment(segment, catalog), catalog, createExpressionCompiler());
    const { run, outcome } = startRun(plan, runKey, requestOf(segment), { events: true });
    assert.is(run.state.error?.error_message, "step 'agent': its type 'twice' runs two inner steps with the index 0");
    assert.is(run.state.in_flight, 0);
    assert.equal(outcome.events.at(-1)?.event_type, 'segment.failed');
  });

  test('steps without inner steps have none', () => {
    assert.is(planOf({ ...agent({}), steps: [{ step_id: 'agent', type: 'work' }] }).byId.get('agent')?.inner.size, 0);
  });
});

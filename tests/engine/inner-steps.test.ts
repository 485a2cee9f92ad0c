import type { ControlType, Occurrence, Segment } from '@llmteam/contracts';
import {
  compilePlan,
  createExpressionCompiler,
  defineSegment,
  evolve,
  restoreRun,
  startRun,
  takeSnapshot,
  viewRun,
} from '@llmteam/kernel';
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

/** A run of a step that runs an inner step for each of these indices. */
function beginAsking(indices: (occurrence: Occurrence) => readonly number[]) {
  const catalog = scenarioCatalog();
  const asking: ControlType = {
    ...callsType,
    metadata: { ...callsType.metadata, type_id: 'asking' },
    react: (occurrence) => ({
      directives: indices(occurrence).map((index) => ({ do: 'run_step', step_id: 'ask', index, input: null })),
    }),
  };
  catalog.add(asking, '1.0.0', 'tests');
  const segment = { ...agent({}), steps: [{ step_id: 'agent', type: 'asking', config: { batches: [] } }] };
  const plan = compilePlan(defineSegment(segment, catalog), catalog, createExpressionCompiler());
  return startRun(plan, runKey, requestOf(segment), { events: true });
}

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

  test('a run tells versions by the types as written, those of inner steps as well', () => {
    const { run } = begin(agent({ batches: [['a']], ask: { type: 'work@^1' } }));
    assert.equal(viewRun(run).step_types, { calls: '1.0.0', 'work@^1': '1.0.0' });
  });

  test('a type that declares itself without end has no plan', () => {
    const catalog = scenarioCatalog();
    const endless: ControlType = {
      ...callsType,
      metadata: { ...callsType.metadata, type_id: 'endless' },
      innerSteps: () => [{ step_id: 'again', type: 'endless', config: {} }],
    };
    catalog.add(endless, '1.0.0', 'tests');
    const segment: Segment = { ...agent({}), steps: [{ step_id: 'agent', type: 'endless', config: { batches: [] } }] };
    const definition = { segment, step_types: { endless: '1.0.0' } };
    assert.throws(
      () => compilePlan(definition, catalog, createExpressionCompiler()),
      /inner steps are nested too deeply/,
    );
  });

  test('two inner steps with one index fail the step, in whatever order indices come', () => {
    const given = [5, 3, 4, 0, 9, 8, 1];
    for (const index of given) {
      const { run, outcome } = beginAsking(() => [...given, index]);
      assert.is(
        run.state.error?.error_message,
        `step 'agent': its type 'asking' runs two inner steps with the index ${index}`,
      );
      assert.is(run.state.in_flight, 0);
      assert.equal(outcome.events.at(-1)?.event_type, 'segment.failed');
    }
    assert.is(beginAsking(() => [...given, 2, 6, 10, 7]).run.state.error, null);
  });

  test('so does a second one with the index of one that has ended, also after a restore', () => {
    const { run } = beginAsking((occurrence) => (occurrence.kind === 'started' ? [1, 0] : [1]));
    const restored = restoreRun(run.plan, JSON.parse(JSON.stringify(takeSnapshot(run))));
    for (const one of [run, restored]) {
      assert.ok(one);
      evolve(one, report('agent[1]/ask'));
      assert.is(
        one.state.error?.error_message,
        "step 'agent': its type 'asking' runs two inner steps with the index 1",
      );
    }
  });

  test('nor is an index of an iteration used twice', () => {
    const catalog = scenarioCatalog();
    const again: ControlType = {
      kind: 'control',
      metadata: { ...callsType.metadata, type_id: 'again' },
      hasRegion: true,
      react: () => ({ directives: [{ do: 'open_scope', index: 0, value: 1, item: null }] }),
    };
    catalog.add(again, '1.0.0', 'tests');
    const segment: Segment = {
      ...agent({}),
      steps: [
        { step_id: 'agent', type: 'again', config: { batches: [] } },
        { step_id: 'body', type: 'work' },
      ],
      edges: [
        { from: 'agent', from_port: 'body', to: 'body' },
        { from: 'body', to: 'agent', to_port: 'next' },
      ],
    };
    const plan = compilePlan(defineSegment(segment, catalog), catalog, createExpressionCompiler());
    const { run } = startRun(plan, runKey, requestOf(segment));
    evolve(run, report('agent[0]/body'));
    assert.is(run.state.error?.error_message, "step 'agent': its type 'again' runs two iterations with the index 0");
  });

  test('steps without inner steps have none', () => {
    assert.is(planOf({ ...agent({}), steps: [{ step_id: 'agent', type: 'work' }] }).byId.get('agent')?.inner.size, 0);
  });
});

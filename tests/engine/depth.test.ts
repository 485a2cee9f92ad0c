import type { Edge, Segment, Step } from '@llmteam/contracts';
import { evolve } from '@llmteam/kernel';
import * as assert from 'uvu/assert';
import { spec } from '../support/spec.js';
import { begin, report } from './support/engine.js';

const mostSteps = 10_000;

function chain(length: number, step: (place: number) => Step, fromPort: string): Segment {
  const steps = Array.from({ length }, (_, place) => step(place));
  const edges: Edge[] = steps
    .slice(1)
    .map(({ step_id }, place) => ({ from: `s${place}`, from_port: fromPort, to: step_id }));
  return { segment_id: 'chain', name: 'chain', entrypoint: 's0', steps, edges };
}

const work = (place: number): Step => ({ step_id: `s${place}`, type: 'work' });
const condition = (place: number): Step => ({
  step_id: `s${place}`,
  type: 'condition',
  config: { expression: 'true' },
});

spec('engine: depth', (test) => {
  test('a chain of 10,000 control steps runs in one entry', () => {
    const { run } = begin(chain(mostSteps, condition, 'true'));
    assert.is(run.state.status, 'completed');
    assert.is(run.state.steps_completed, mostSteps);
  });

  test('a chain of 10,000 skipped steps is skipped in one entry', () => {
    const { run, outcome } = begin(chain(mostSteps, condition, 'false'));
    assert.is(run.state.status, 'completed');
    assert.is(outcome.events.filter(({ event_type }) => event_type === 'step.skipped').length, mostSteps - 1);
  });

  test('a chain of 10,000 task steps runs to its end, each step in its own entry', () => {
    const { run } = begin(chain(mostSteps, work, 'output'));
    for (let place = 0; place < mostSteps; place++) evolve(run, report(`s${place}`));
    assert.is(run.state.status, 'completed');
    assert.is(run.state.seq, 3 * mostSteps + 2);
  });

  test('a failure at the head of 10,000 steps is passed on without growing the stack', () => {
    const segment = chain(mostSteps, work, 'output');
    const { run } = begin({ ...segment, params: { on_failure: 'finish_branches' } });
    evolve(run, report('s0', { error: { error_type: 'E', error_code: 'E', error_message: '', recoverable: false } }));
    assert.is(run.state.status, 'failed');
    assert.is(run.state.steps_total, mostSteps);
  });

  test('a join of any with 9,998 branches takes the first and cancels the others', () => {
    const branches = Array.from({ length: mostSteps - 2 }, (_, place) => work(place));
    const segment: Segment = {
      segment_id: 'wide',
      name: 'wide',
      entrypoint: 'start',
      steps: [
        { step_id: 'start', type: 'work' },
        ...branches,
        { step_id: 'join', type: 'parallel_join', config: { merge_strategy: 'any' } },
      ],
      edges: branches.flatMap(({ step_id }) => [
        { from: 'start', to: step_id },
        { from: step_id, to: 'join' },
      ]),
    };
    const { run } = begin(segment);
    evolve(run, report('start'));
    assert.is(run.state.in_flight, 256);
    evolve(run, report('s7', { ports: { output: 'seventh' } }));
    assert.is(run.state.status, 'completed');
    assert.is(run.state.output, 'seventh');
  });

  test('a map of 10,000 items in loops nested 16 deep is no deeper on the stack than one of one', () => {
    const depth = 15;
    const ids = Array.from({ length: depth }, (_, place) => `m${place}`);
    const steps: Step[] = ids.map((stepId) => ({ step_id: stepId, type: 'map', config: { items: '[1]' } }));
    steps.push({ step_id: 'many', type: 'map', config: { items: 'run.input' } }, condition(0));
    const edges: Edge[] = [...ids, 'many', 's0'].flatMap((to, place, all) => {
      const owner = all[place - 1];
      if (owner === undefined) return [];
      const back = { from: to, from_port: to === 's0' ? 'true' : 'done', to: owner, to_port: 'next' };
      return [{ from: owner, from_port: 'body', to }, back];
    });
    const input = Array.from({ length: 10_000 }, () => 1);
    const { run } = begin({ segment_id: 'deep', name: 'deep', entrypoint: 'm0', steps, edges }, { input });
    assert.is(run.state.status, 'completed');
    assert.is(run.state.steps_completed, 10_000 + depth + 1);
  });
});

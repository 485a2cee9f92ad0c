import type { Segment } from '@llmteam/contracts';
import { evolve, freeze_run, outstanding_effects, type Run, thaw_run } from '@llmteam/kernel';
import * as assert from 'uvu/assert';
import { play_scenario, scenario_names } from '../support/simulation/scenarios.js';
import { epoch_ms } from '../support/simulation/simulation.js';
import { spec } from '../support/spec.js';
import { begin, report } from './support/engine.js';

const loop: Segment = {
  segment_id: 'looping',
  name: 'Looping',
  entrypoint: 'each',
  steps: [
    { step_id: 'each', type: 'map', config: { items: '[1, 2, 3]', concurrency: 2 } },
    { step_id: 'work', type: 'work' },
  ],
  edges: [
    { from: 'each', from_port: 'body', to: 'work' },
    { from: 'work', to: 'each', to_port: 'next' },
  ],
};

type Tree = { [name: string]: unknown } | unknown[];

function written(run: Run): Tree {
  return JSON.parse(JSON.stringify(freeze_run(run)));
}

/** Every object within a JSON value that is one of a snapshot's own shapes, with a name for it. */
function* shapes(snapshot: Tree): Iterable<[string, Tree]> {
  const { state } = snapshot as { state: { scopes: [string, { steps: [string, { control: Tree | null }][] }][] } };
  yield ['snapshot', snapshot];
  yield ['state', state as unknown as Tree];
  for (const [path, scope] of state.scopes) {
    yield [`scope '${path}'`, scope];
    for (const [step_id, step] of scope.steps) {
      yield [`step ${step_id}`, step];
      if (step.control !== null) yield [`control of ${step_id}`, step.control];
    }
  }
}

/** Snapshots that each differ from a good one in one place. */
function* spoilt(run: Run): Iterable<[string, Tree]> {
  const names = [...shapes(written(run))].map(([name]) => name);
  for (const [place, name] of names.entries()) {
    const shape_of = (tree: Tree): Record<string, unknown> => [...shapes(tree)][place]?.[1] as Record<string, unknown>;
    for (const member of Object.keys(shape_of(written(run)))) {
      const without = written(run);
      delete shape_of(without)[member];
      if (member !== 'state' || !name.startsWith('control')) yield [`${name} without ${member}`, without];
    }
    const more = written(run);
    shape_of(more).one_more = 1;
    yield [`${name} with one more member`, more];
  }
}

spec('engine: snapshots', (test) => {
  test('a snapshot of a run in the middle of everything is JSON that comes back the same', () => {
    for (const name of scenario_names().slice(0, 60)) {
      for (const { run } of play_scenario(name).runs.values()) {
        const text = JSON.stringify(freeze_run(run));
        const back = thaw_run(run.plan, JSON.parse(text));
        assert.ok(back !== null);
        assert.is(back && JSON.stringify(freeze_run(back)), text);
      }
    }
  });

  test('a thawed run shares nothing with the one it was frozen from', () => {
    const { run } = begin(loop);
    const before = JSON.stringify(freeze_run(run));
    const back = thaw_run(run.plan, written(run));
    assert.ok(back !== null);
    if (back !== null) evolve(back, report('each[0]/work', { at: epoch_ms + 5 }));
    assert.is(JSON.stringify(freeze_run(run)), before);
  });

  test('a snapshot of another engine version is not thawed', () => {
    const { run } = begin(loop);
    assert.is(thaw_run(run.plan, { ...written(run), engine_version: '0.0.9' }), null);
    assert.is.not(thaw_run(run.plan, written(run)), null);
  });

  test('a snapshot with a member more, or one less, at any place is not thawed', () => {
    const { run } = begin(loop);
    const cases = [...spoilt(run)];
    assert.ok(cases.length > 60, `${cases.length} cases`);
    for (const [what, snapshot] of cases) assert.is(thaw_run(run.plan, snapshot), null, what);
  });

  test('what is no snapshot at all is not thawed', () => {
    const { run } = begin(loop);
    const values: unknown[] = [null, 1, 'text', [], {}, { engine_version: '0.1.0' }, { ...written(run), state: null }];
    for (const value of values) assert.is(thaw_run(run.plan, value), null, JSON.stringify(value));
  });

  test("values of users that look like a snapshot's own shapes stay values", () => {
    const odd = { scopes: [['', { steps: [] }]], timers: [], control: null, __proto__: null, engine_version: '9.9.9' };
    const input = JSON.parse(`{"a": ${JSON.stringify(odd)}, "__proto__": {"b": 1}, "constructor": [["x", 1]]}`);
    const { run } = begin({ ...loop, entrypoint: 'work', steps: loop.steps.slice(1), edges: [] }, { input });
    const wanted = JSON.stringify(outstanding_effects(run));
    const back = thaw_run(run.plan, written(run));
    assert.is(back && JSON.stringify(outstanding_effects(back)), wanted);
    assert.match(wanted, '9.9.9');
  });
});

import type { Segment } from '@llmteam/contracts';
import { evolve, outstandingEffects, type Run, restoreRun, takeSnapshot } from '@llmteam/kernel';
import * as assert from 'uvu/assert';
import { playScenario, scenarioNames } from '../support/simulation/scenarios.js';
import { epochMs } from '../support/simulation/simulation.js';
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
  return JSON.parse(JSON.stringify(takeSnapshot(run)));
}

/** Every object in a JSON value that belongs to the snapshot format, with a name for it. */
function* shapes(snapshot: Tree): Iterable<[string, Tree]> {
  const { state } = snapshot as { state: { scopes: [string, { steps: [string, { control: Tree | null }][] }][] } };
  yield ['snapshot', snapshot];
  yield ['state', state as unknown as Tree];
  for (const [path, scope] of state.scopes) {
    yield [`scope '${path}'`, scope];
    for (const [stepId, step] of scope.steps) {
      yield [`step ${stepId}`, step];
      if (step.control !== null) yield [`control of ${stepId}`, step.control];
    }
  }
}

/** Snapshots that each differ from a valid one in one place. */
function* spoilt(run: Run): Iterable<[string, Tree]> {
  const names = [...shapes(written(run))].map(([name]) => name);
  for (const [place, name] of names.entries()) {
    const shapeOf = (tree: Tree): Record<string, unknown> => [...shapes(tree)][place]?.[1] as Record<string, unknown>;
    for (const member of Object.keys(shapeOf(written(run)))) {
      const without = written(run);
      delete shapeOf(without)[member];
      const isOptional =
        (member === 'state' && name.startsWith('control')) || member === 'worker' || member === 'used_indices';
      if (!isOptional) yield [`${name} without ${member}`, without];
    }
    const more = written(run);
    shapeOf(more).one_more = 1;
    yield [`${name} with one more member`, more];
  }
}

spec('engine: snapshots', (test) => {
  test('a snapshot of a run in the middle of everything is JSON that comes back the same', () => {
    for (const name of scenarioNames().slice(0, 60)) {
      for (const { run } of playScenario(name).runs.values()) {
        const text = JSON.stringify(takeSnapshot(run));
        const back = restoreRun(run.plan, JSON.parse(text));
        assert.ok(back !== null);
        assert.is(back && JSON.stringify(takeSnapshot(back)), text);
      }
    }
  });

  test('a restored run shares nothing with the original', () => {
    const { run } = begin(loop);
    const before = JSON.stringify(takeSnapshot(run));
    const back = restoreRun(run.plan, written(run));
    assert.ok(back !== null);
    if (back !== null) evolve(back, report('each[0]/work', { at: epochMs + 5 }));
    assert.is(JSON.stringify(takeSnapshot(run)), before);
  });

  test('a snapshot of another engine version is not thawed', () => {
    const { run } = begin(loop);
    assert.is(restoreRun(run.plan, { ...written(run), engine_version: '0.0.9' }), null);
    assert.is.not(restoreRun(run.plan, written(run)), null);
  });

  test('a snapshot with a member more, or one less, at any place is not thawed', () => {
    const { run } = begin(loop);
    const cases = [...spoilt(run)];
    assert.ok(cases.length > 60, `${cases.length} cases`);
    for (const [what, snapshot] of cases) assert.is(restoreRun(run.plan, snapshot), null, what);
  });

  test('a snapshot of a release that did not keep the worker of an attempt is restored', () => {
    const { run } = begin(loop);
    const text = JSON.stringify(takeSnapshot(run));
    const before = JSON.parse(text.replaceAll(/"worker":[^,]*,/g, ''));
    assert.is.not(JSON.stringify(before), text);
    const back = restoreRun(run.plan, before);
    assert.is(back && JSON.stringify(takeSnapshot(back)).length, text.length);
  });

  test('a snapshot of a release that did not keep the indices of scopes is restored', () => {
    const { run } = begin(loop);
    const text = JSON.stringify(takeSnapshot(run));
    const before = JSON.parse(text.replace(/,"used_indices":\[\[[\d,]*\]\]/, ''));
    assert.is.not(JSON.stringify(before), text);
    const back = restoreRun(run.plan, before);
    assert.equal(back && outstandingEffects(back), outstandingEffects(run));
  });

  test('a value that is not a snapshot is not restored', () => {
    const { run } = begin(loop);
    const values: unknown[] = [null, 1, 'text', [], {}, { engine_version: '0.1.0' }, { ...written(run), state: null }];
    for (const value of values) assert.is(restoreRun(run.plan, value), null, JSON.stringify(value));
  });

  test("values of users that look like a snapshot's own shapes stay values", () => {
    const odd = { scopes: [['', { steps: [] }]], timers: [], control: null, __proto__: null, engine_version: '9.9.9' };
    const input = JSON.parse(`{"a": ${JSON.stringify(odd)}, "__proto__": {"b": 1}, "constructor": [["x", 1]]}`);
    const { run } = begin({ ...loop, entrypoint: 'work', steps: loop.steps.slice(1), edges: [] }, { input });
    const wanted = JSON.stringify(outstandingEffects(run));
    const back = restoreRun(run.plan, written(run));
    assert.is(back && JSON.stringify(outstandingEffects(back)), wanted);
    assert.match(wanted, '9.9.9');
  });
});

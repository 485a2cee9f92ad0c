import type { Fact, Segment } from '@llmteam/contracts';
import { type Effect, evolve, outstandingEffects } from '@llmteam/kernel';
import * as assert from 'uvu/assert';
import { epochMs } from '../support/simulation/simulation.js';
import { spec } from '../support/spec.js';
import { begin, report } from './support/engine.js';

const segment: Segment = {
  segment_id: 'parent',
  name: 'parent',
  entrypoint: 'fan',
  steps: [
    { step_id: 'fan', type: 'parallel_split', config: { branches: 3 } },
    { step_id: 'child', type: 'subworkflow', config: { segment_ref: 'other' } },
    { step_id: 'work', type: 'work' },
    { step_id: 'late_child', type: 'subworkflow', config: { segment_ref: 'other' } },
  ],
  edges: [
    { from: 'fan', from_port: 'branch_1', to: 'child' },
    { from: 'fan', from_port: 'branch_2', to: 'work' },
    { from: 'work', to: 'late_child' },
  ],
};

const control = (action: 'cancel' | 'pause' | 'resume', at: number): Fact => ({ type: 'run.controlled', at, action });
const controls = (effects: readonly Effect[]): Effect[] => effects.filter(({ kind }) => kind === 'control_child');

spec('engine: takeover', (test) => {
  test('a pause is told again to the children of that time, with the ids of the first time', () => {
    const { run } = begin(segment);
    const told = controls(evolve(run, control('pause', epochMs + 10)).effects);
    assert.is(told.length, 1);
    evolve(run, report('work', { at: epochMs + 50 }));
    assert.equal(controls(outstandingEffects(run)), told);
  });

  test('a resume is told again, so that no child stays paused because its parent changed hands', () => {
    const { run } = begin(segment);
    evolve(run, control('pause', epochMs + 10));
    const told = controls(evolve(run, control('resume', epochMs + 20)).effects);
    assert.equal(
      told.map((effect) => effect.kind === 'control_child' && effect.action),
      ['resume'],
    );
    evolve(run, report('work', { at: epochMs + 50 }));
    assert.equal(controls(outstandingEffects(run)), told);
  });

  test('a child that began after the resume is told of none', () => {
    const { run } = begin(segment);
    evolve(run, control('pause', epochMs + 10));
    evolve(run, report('work', { at: epochMs + 15 }));
    const { effects } = evolve(run, control('resume', epochMs + 20));
    const [start] = effects.filter((effect) => effect.kind === 'start_child');
    assert.is(start?.at, epochMs + 20, 'its time counts from its start');
    const again = controls(outstandingEffects(run));
    assert.equal(
      again.map((effect) => effect.kind === 'control_child' && effect.run_id),
      ['random.1'],
    );
  });

  test('children of a cancelled run are cancelled again until their end is known', () => {
    const { run } = begin(segment);
    evolve(run, control('cancel', epochMs + 10));
    const [again] = controls(outstandingEffects(run));
    assert.equal(again?.kind === 'control_child' && [again.action, again.run_id], ['cancel', 'random.1']);
    const usage = { input_tokens: 0, output_tokens: 0 };
    const ended = { type: 'child.ended', at: epochMs + 20, step: 'child', child_run_id: 'random.1', usage } as const;
    evolve(run, { ...ended, status: 'cancelled', output: null, error: null });
    assert.equal(controls(outstandingEffects(run)), []);
  });

  test('a repeated end is the original one, whatever came later', () => {
    const { run } = begin(segment, { parent: { run_id: 'above', step: 'x', depth: 1 } });
    const { effects } = evolve(run, control('cancel', epochMs + 10));
    const told = effects.filter(({ kind }) => kind === 'notify_parent' || kind === 'record_end');
    assert.equal(
      told.map(({ kind }) => kind),
      ['notify_parent', 'record_end'],
    );
    evolve(run, report('work', { at: epochMs + 5_000 }));
    assert.equal(
      outstandingEffects(run).filter(({ kind }) => kind !== 'control_child'),
      told,
    );
  });

  test('outstanding effects are the same however often they are computed', () => {
    const { run } = begin(segment);
    evolve(run, control('pause', epochMs + 10));
    const { seq } = run.state;
    const once = JSON.stringify(outstandingEffects(run));
    assert.is(JSON.stringify(outstandingEffects(run)), once);
    assert.is(run.state.seq, seq);
  });
});

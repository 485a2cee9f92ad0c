import { type Directive, errorInfo, type Occurrence } from '@llmteam/contracts';
import { withPoison } from '@llmteam/testing';
import * as assert from 'uvu/assert';
import { spec } from '../../support/spec.js';
import { broke, cameBack, drive, started } from './support/drive.js';
import { controlTypes, type Script, scripts, typeCalled } from './support/scripts.js';

function play(script: Script, forgetful: boolean): readonly (readonly Directive[])[] {
  const step = drive(typeCalled(script.type), script, { forgetful });
  return script.told.map((occurrence) => step.tell(occurrence));
}

/** A copy as the journal would store it; a reaction may return lists that the state still references. */
function written(script: Script, forgetful = false): string {
  return JSON.stringify(play(script, forgetful));
}

const everything: readonly Occurrence[] = [
  started,
  { kind: 'input_arrived', port: 'a', value: 1, edge: 0 },
  { kind: 'branch_failed', error: errorInfo('HTTP_FAILED', 'no') },
  { kind: 'inputs_closed' },
  cameBack(0, null),
  broke(0),
  { kind: 'timer_fired', name: 'unheard_of' },
  { kind: 'signal_received', name: 'unheard_of', payload: null },
  { kind: 'task_answered', answer: { decision: 'approve', answered_by: 'ann' } },
  { kind: 'child_ended', status: 'failed', output: null, error: null },
];

spec('flow: purity', (test) => {
  test('every type has a script, and every script ends its step with the last thing told', () => {
    const scripted = new Set(scripts.map(({ type }) => type));
    assert.equal(
      controlTypes.map(({ metadata }) => metadata.type_id).filter((typeId) => !scripted.has(typeId)),
      [],
    );
    for (const script of scripts) {
      const last = play(script, false).at(-1)?.at(-1)?.do;
      assert.ok(last === 'complete' || last === 'fail', script.type);
    }
  });

  test('no type looks at a clock, chance, a timer, a promise or the process', () => {
    for (const script of scripts) {
      const expected = written(script);
      assert.is(
        withPoison(() => written(script)),
        expected,
        script.type,
      );
    }
  });

  test('the poison works: each door throws, and a date that is a function of its arguments does not', () => {
    const doors: (() => unknown)[] = [
      () => Date.now(),
      () => new Date(),
      () => new Date(2026, 0, 1),
      () => new Date('2026-01-01T00:00:00'),
      () => Math.random(),
      () => setTimeout(() => undefined, 0),
      () => Promise.resolve(),
      () => performance.now(),
      () => process.hrtime(),
      () => crypto.randomUUID(),
    ];
    for (const door of doors) assert.throws(() => withPoison(door), /impure/);
    assert.is(
      withPoison(() => Date.parse('1970-01-01T00:00:01Z')),
      1_000,
    );
    assert.is(
      withPoison(() => new Date(1_000).toISOString()),
      '1970-01-01T00:00:01.000Z',
    );
    assert.type(Date.now(), 'number');
  });

  test('a state that went through JSON text leads to the same reactions', () => {
    for (const script of scripts) assert.is(written(script, true), written(script), script.type);
  });

  test('the same life twice gives the same reactions', () => {
    for (const script of scripts) assert.is(written(script), written(script), script.type);
  });

  test('a reaction is there at once, not promised', () => {
    for (const script of scripts) {
      for (const directives of play(script, false)) assert.ok(Array.isArray(directives), script.type);
    }
  });

  test('an occurrence a type has no use for throws nothing, neither before the start nor after it', () => {
    for (const script of scripts) {
      for (const occurrence of everything) {
        assert.ok(Array.isArray(drive(typeCalled(script.type), script).tell(occurrence)), script.type);
        const step = drive(typeCalled(script.type), script);
        if (!hasEnded(step.tell(started))) assert.ok(Array.isArray(step.tell(occurrence)), script.type);
      }
    }
  });
});

function hasEnded(directives: readonly Directive[]): boolean {
  return directives.some((one) => one.do === 'complete' || one.do === 'fail');
}

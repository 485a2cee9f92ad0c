import { type ControlDefinition, defineControl, Type } from '@llmteam/plugin';
import { driveControl, fuzzControl } from '@llmteam/testing';
import * as assert from 'uvu/assert';
import { controlTypes } from '../plugins/flow/support/scripts.js';
import { callsType } from '../support/simulation/calls-type.js';
import { spec } from '../support/spec.js';

type React = ControlDefinition<ReturnType<typeof Type.Object>, ReturnType<typeof Type.Unknown>>['react'];

function made(react: React, changes: object = {}) {
  return defineControl({ type: 'made', outputs: { output: Type.Unknown() }, state: Type.Unknown(), react, ...changes });
}

const wait = made(({ kind, ...more }, { state }) => {
  if (kind === 'started')
    return { state: { fired: 0 }, directives: [{ do: 'start_timer', name: 'a', after_seconds: 5 }] };
  const fired = (state as { fired: number }).fired + 1;
  if (fired < 2) return { state: { fired }, directives: [{ do: 'start_timer', name: 'a', after_seconds: 5 }] };
  return { directives: [{ do: 'complete', ports: { output: { fired, ...more } } }] };
});

const counter = { calls: 0 };
const done = { do: 'complete', ports: { output: 1 } } as const;

/** What is wrong with a control type, and what finds out. */
const wrong: Readonly<Record<string, readonly [React, RegExp]>> = {
  throws: [
    () => {
      throw new Error('boom');
    },
    /boom/,
  ],
  'returns nothing': [() => undefined as never, /must return \{directives/],
  'returns a promise': [(async () => ({ directives: [] })) as never, /at once and not as a promise/],
  'reads the clock': [() => ({ directives: [{ do: 'complete', ports: { output: Date.now() } }] }), /impure: Date.now/],
  'draws lots': [
    () => ({ directives: [{ do: 'complete', ports: { output: Math.random() } }] }),
    /not deterministic|impure/,
  ],
  'remembers something outside of its state': [
    () => ({ directives: [{ do: 'complete', ports: { output: ++counter.calls } }] }),
    /is not deterministic: .*occurrence 0 gives/,
  ],
  'has a state that is no JSON': [() => ({ state: new Map([[1, 2]]), directives: [] }), /is not JSON: state is not/],
  'fires a port it has not got': [() => ({ directives: [{ do: 'complete', ports: { other: 1 } }] }), /port 'other'/],
  'goes on after its end': [
    () => ({ directives: [{ do: 'complete', ports: {} }, { do: 'cancel_upstream' }] }),
    /after the end of the step/,
  ],
  'says what the engine does not know': [
    () => ({ directives: [{ do: 'finish' } as never] }),
    /no known `do`: "finish"/,
  ],
  'starts a timer for no time': [() => ({ directives: [{ do: 'start_timer', name: 'a' }] }), /exactly one of/],
  'changes what it is told': [
    (occurrence) => {
      (occurrence as { kind: string }).kind = 'other';
      return { directives: [] };
    },
    /read only|Cannot assign/,
  ],
};

spec('driveControl', (test) => {
  test('a step is told what happens and says what to do', () => {
    const fired = { kind: 'timer_fired', name: 'a' } as const;
    const outcome = driveControl(wait, {}, [{ kind: 'started' }, fired, { ...fired, now: 9 }]);
    assert.is(outcome.reactions.length, 3);
    assert.equal(outcome.ports, { output: { fired: 2, name: 'a' } });
    assert.ok(outcome.hasEnded);
    assert.throws(() => driveControl(wait, {}, [{ kind: 'started' }, fired, fired, fired]), /has ended/);
  });

  test('expressions of the config are evaluated as the engine does it, and a failing one fails the step', () => {
    const condition = controlTypes.find(({ metadata }) => metadata.type_id === 'condition');
    if (condition === undefined) throw new Error('there is no condition');
    const expression = (text: string) => driveControl(condition, { config: { expression: text }, input: { n: 3 } });
    assert.equal(expression('input.n > 2').ports, { true: { n: 3 } });
    assert.equal(expression('input.n > 5').ports, { false: { n: 3 } });
    assert.is(expression('input.absent > 5').error?.error_code, 'EXPRESSION_FAILED');
    assert.throws(() => driveControl(condition, { config: {} }), /expression/);
  });

  for (const [name, [react, message]] of Object.entries(wrong)) {
    test(`finds a control type that ${name}, and so does fuzzing`, () => {
      assert.throws(() => driveControl(made(react)), message);
      assert.throws(() => fuzzControl(made(react), { runs: 5 }), message);
    });
  }

  test('fuzzing finds what goes wrong only after several occurrences, and names the seed', () => {
    const late = made((occurrence, view) => {
      const count = Number(view.state ?? 0) + 1;
      if (count === 4) throw new Error(`the ${occurrence.kind} was too much`);
      return { state: count, directives: [{ do: 'start_timer', name: `t${count}`, after_seconds: 1 }] };
    });
    assert.throws(() => fuzzControl(late), /seed -?\d+\).*the timer_fired was too much/);
    const failing = made(({ kind }) => {
      if (kind === 'step_failed') throw new Error('no step may fail');
      return { directives: [kind === 'started' ? { do: 'run_step', step_id: 'ask', index: 0, input: 1 } : done] };
    });
    assert.throws(() => fuzzControl(failing), /no step may fail/);
    const only = made(() => ({ directives: [{ do: 'complete', ports: { output: 1 } }] }));
    fuzzControl(only);
  });

  test('the control types of this repository pass', () => {
    for (const type of [...controlTypes, callsType]) fuzzControl(type, { runs: 50 });
  });
});

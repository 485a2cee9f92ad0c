import { type ControlType, type ControlView, isLlmteamError } from '@llmteam/contracts';
import { guardedControl } from '@llmteam/kernel';
import * as assert from 'uvu/assert';
import { workType } from '../support/simulation/work-type.js';
import { spec } from '../support/spec.js';

/** What the engine sees of a control type that answers so. */
function answerOf(react: () => unknown): string {
  const outputPorts = [{ name: 'output', type: 'any', description: '', required: false } as const];
  const metadata = { ...workType.metadata, output_ports: outputPorts };
  const type: ControlType = { kind: 'control', metadata, react: react as ControlType['react'] };
  const view: ControlView<unknown, unknown> = {
    config: {},
    input: null,
    state: undefined,
    now: 0,
    evaluate: () => null,
  };
  try {
    return JSON.stringify(guardedControl(type).react({ kind: 'started' }, view));
  } catch (thrown) {
    return isLlmteamError(thrown) ? `${thrown.code}: ${thrown.message}` : 'not an error of ours';
  }
}

const done = { do: 'complete', ports: { output: 1 } };

spec('a control type from outside', (test) => {
  test('a reaction is passed on as it is', () => {
    assert.is(
      answerOf(() => ({ state: { n: 1 }, directives: [done] })),
      JSON.stringify({ state: { n: 1 }, directives: [done] }),
    );
  });

  test('of the inner steps that it names, those that are none are left out', () => {
    const step = { step_id: 'ask', type: 'work', config: {} };
    const innerOf = (innerSteps: () => unknown): unknown => {
      const type = {
        kind: 'control',
        metadata: workType.metadata,
        react: () => ({ directives: [] }),
        innerSteps,
      } as ControlType;
      return guardedControl(type).innerSteps?.({});
    };
    const answers: [() => unknown, unknown][] = [
      [() => [step], [step]],
      [
        () => [step, null, 'ask', { ...step, step_id: 1 }, { ...step, type: undefined }, { ...step, config: [] }],
        [step],
      ],
      [() => ({ ask: step }), []],
      [() => undefined, []],
      [() => Promise.reject(new Error('later')), []],
      [
        () => {
          throw new Error('odd');
        },
        [],
      ],
    ];
    for (const [told, expected] of answers) assert.equal(innerOf(told), expected, String(told));
  });

  test('whatever it throws or returns is one error with a code', () => {
    const cycle: Record<string, unknown> = {};
    cycle.self = cycle;
    const answers: [() => unknown, RegExp][] = [
      [() => undefined, /^STEP_RESULT_INVALID: /],
      [() => ({ directives: 'none' }), /^STEP_RESULT_INVALID: .*must return \{directives/],
      [() => ({ directives: [null] }), /^STEP_RESULT_INVALID: .*no known `do`/],
      [() => ({ directives: [{ do: 'explode' }] }), /^STEP_RESULT_INVALID: .*no known `do`/],
      [
        () => ({ directives: [{ do: 'start_timer', name: 'a', after_seconds: -1 }] }),
        /^STEP_RESULT_INVALID: .*start_timer/,
      ],
      [() => ({ directives: [{ do: 'complete', ports: { nowhere: 1 } }] }), /^STEP_RESULT_INVALID: .*'nowhere'/],
      [() => ({ directives: [{ do: 'emit', event_type: 'no.such', payload: {} }] }), /^STEP_RESULT_INVALID: /],
      [
        () => ({ directives: [{ do: 'run_step', step_id: 'ask', input: 1 }] }),
        /^STEP_RESULT_INVALID: .*run_step.*index/,
      ],
      [() => ({ directives: [{ do: 'run_step', step_id: 7, index: 0, input: 1 }] }), /^STEP_RESULT_INVALID: .*step_id/],
      [() => ({ directives: [{ do: 'cancel_step', index: -1 }] }), /^STEP_RESULT_INVALID: .*cancel_step/],
      [() => ({ state: 10n, directives: [done] }), /^STEP_RESULT_INVALID: .*bigint/],
      [() => ({ state: cycle, directives: [done] }), /^STEP_RESULT_INVALID: .*nested deeper/],
      [() => ({ state: 'x'.repeat(30_000_000), directives: [done] }), /^LIMIT_EXCEEDED: /],
      [() => Promise.reject(new Error('later')), /^STEP_RESULT_INVALID: /],
    ];
    for (const [react, expected] of answers) assert.match(answerOf(react), expected, String(react));
    const throwing: [() => unknown, RegExp][] = [
      [() => new Error('odd'), /^PLUGIN_FAILED: control type 'work' threw: odd$/],
      [() => Object.create(null), /^PLUGIN_FAILED: /],
      [() => Promise.reject(new Error('later')), /^PLUGIN_FAILED: /],
    ];
    for (const [thrown, expected] of throwing) {
      const react = () => {
        throw thrown();
      };
      assert.match(answerOf(react), expected, String(thrown));
    }
  });
});

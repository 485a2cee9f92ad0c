import type { ErrorInfo, JsonObject, LiveProgress, RunEvent, Segment } from '@llmteam/contracts';
import { drawFrame, glyphsFor, makeColours, RunProgress } from 'llmteam';
import * as assert from 'uvu/assert';
import { spec } from '../support/spec.js';

const segment: Segment = {
  segment_id: 's',
  name: 'S',
  entrypoint: 'each',
  steps: [
    { step_id: 'each', type: 'map' },
    { step_id: 'write', type: 'llm_agent' },
  ],
  edges: [{ from: 'each', from_port: 'body', to: 'write' }],
};

const withoutLoop: Segment = { ...segment, edges: [] };

function event(eventType: string, scope: string, more: Partial<RunEvent> = {}): RunEvent {
  const base = {
    event_type: eventType,
    scope,
    run_id: 'r',
    step_id: 'write',
    attempt: 1,
    error: null,
    duration_ms: null,
    payload: {},
  };
  return { ...base, timestamp: '2026-01-01T00:00:00Z', ...more } as unknown as RunEvent;
}

function frame(progress: RunProgress, rows = 24): string {
  const screen = { columns: 120, rows, now: Date.parse('2026-01-01T00:00:01Z'), tick: 0 };
  return drawFrame(progress, {
    ...screen,
    colours: makeColours(false),
    glyphs: glyphsFor(false),
    settings: undefined as never,
  });
}

function live(scope: string) {
  return { run_id: 'r', step_id: 'write', scope, attempt: 1 };
}

function telling(scope: string, progress: JsonObject): LiveProgress {
  return { ...live(scope), event_type: 'step.progress', progress };
}

const key = { tenant_id: 't', run_id: 'r' };

spec('the picture of a run', (test) => {
  test('tokens of parallel iterations are not mixed: one is shown, the next once it has ended', () => {
    const progress = new RunProgress(key, segment);
    progress.apply([event('step.started', 'each[0]'), event('step.started', 'each[1]')], null);
    for (const [scope, text] of [
      ['each[0]', 'The '],
      ['each[1]', 'Das '],
      ['each[0]', 'cat'],
      ['each[1]', 'Pferd'],
    ] as const) {
      progress.note({ ...live(scope), event_type: 'llm.token', text });
    }
    assert.match(frame(progress), /The cat$/m);
    assert.not.match(frame(progress), /Das/);
    progress.apply([event('step.completed', 'each[0]')], null);
    assert.match(frame(progress), /Das Pferd$/m);
  });

  test('an inner step with the id of a step is not that step, and its tokens are those of the step that runs it', () => {
    const steps = [
      { step_id: 'agent', type: 'calls' },
      { step_id: 'write', type: 'llm_agent' },
    ];
    const edges = [{ from: 'agent', to: 'write' }];
    const progress = new RunProgress(key, { segment_id: 's', name: 'S', entrypoint: 'agent', steps, edges });
    progress.apply([event('step.started', 'agent[0]')], null);
    progress.note({ ...live('agent[0]'), event_type: 'llm.token', text: 'The ' });
    progress.apply([event('step.completed', 'agent[0]')], { input_tokens: 2, output_tokens: 3 });
    progress.apply([event('step.completed', 'agent[1]/sub[0]')], { input_tokens: 4, output_tokens: 5 });
    const told = ['agent', 'write'].map((id) => progress.steps.get(id));
    assert.equal(
      told.map((step) => [step?.status, step?.completed, step?.writing.size, step?.output_tokens]),
      [
        ['pending', 0, 0, 5],
        ['pending', 0, 0, 0],
      ],
    );
    progress.apply([event('step.started', '')], null);
    assert.is(progress.steps.get('write')?.status, 'running');
  });

  test('a running step shows its progress as a fraction, a percentage or the first text', () => {
    for (const [told, shown] of [
      [{ done: 3, total: 10, page: 'x' }, '3/10'],
      [{ done: 0.42, total: 1 }, '42%'],
      [{ n: 7, page: 'reads \u001b[31mred\u001b[0m', more: 'y' }, 'reads red'],
      [{ done: 3, total: 0 }, ''],
      [{ done: '3', total: '10' }, '3'],
      [{}, ''],
    ] as const) {
      const progress = new RunProgress(key, withoutLoop);
      progress.apply([event('step.started', '')], null);
      progress.note(telling('', told));
      const line = /llm_agent +1\.0s *(.*)$/m.exec(frame(progress))?.[1];
      assert.is(line, shown, frame(progress));
    }
  });

  test('progress is that of the attempt that runs, and none is left of one that has ended', () => {
    const progress = new RunProgress(key, withoutLoop);
    progress.note(telling('', { done: 1, total: 10 }));
    assert.not.match(frame(progress), '1/10');
    progress.apply([event('step.started', '')], null);
    progress.note(telling('', { done: 2, total: 10 }));
    progress.note(telling('', { done: 3, total: 10 }));
    assert.match(frame(progress), /[^/]3\/10$/m);
    progress.apply([event('step.retrying', '')], null);
    assert.not.match(frame(progress), '3/10');
    progress.note(telling('', { done: 4, total: 10 }));
    progress.apply([event('step.completed', '')], null);
    progress.note(telling('', { done: 5, total: 10 }));
    assert.not.match(frame(progress), '/10');
  });

  test('a failure inside a loop is shown with its step, its item and its cause', () => {
    const error: ErrorInfo = {
      error_type: 'LlmteamError',
      error_code: 'ITERATION_FAILED',
      error_message: 'an iteration failed',
      recoverable: false,
      details: {
        failed_step: 'each[3]/write',
        index: 3,
        cause: { error_code: 'LLM_FAILED', error_message: 'overloaded' },
      },
    };
    const progress = new RunProgress(key, segment);
    progress.apply([event('segment.failed', '', { step_id: null, error })], null);
    const text = 'ITERATION_FAILED: an iteration failed (in step each[3]/write: LLM_FAILED: overloaded)';
    assert.ok(frame(progress).includes(text), frame(progress));
    assert.match(frame(progress), /failed 0 steps completed, 2 not run$/m);
  });

  test('running steps that do not fit are not counted as finished', () => {
    const steps = Array.from({ length: 20 }, (_, place) => ({ step_id: `s${place}`, type: 'any' }));
    const many = new RunProgress(key, { ...segment, entrypoint: 's0', steps, edges: [] });
    const of = (type: string, from: number, to: number) =>
      steps.slice(from, to).map(({ step_id }) => event(type, '', { step_id }));
    many.apply([...of('step.started', 0, 14), ...of('step.completed', 0, 2)], null);
    const shown = frame(many, 8);
    assert.match(shown, /2 steps finished/);
    assert.match(shown, /6 steps pending/);
    const active = Number(/(\d+) more steps active/.exec(shown)?.[1]);
    assert.is(active + (shown.match(/^ {2}\| s\d+/gm) ?? []).length, 12);
  });
});

import type { Directive, Json, JsonObject } from '@llmteam/contracts';
import { criticLoopType } from '@llmteam/flow';
import fc from 'fast-check';
import * as assert from 'uvu/assert';
import { assertProperty } from '../../support/random.js';
import { spec } from '../../support/spec.js';
import { broke, cameBack, type Driven, drive, failure, fired, opened, started } from './support/drive.js';

const timeout = { kind: 'timer_fired', name: 'timeout' } as const;
/** A config that never stops by itself. */
const patient = { max_iterations: 20, quality_threshold: 1, no_improvement_limit: 20 };

function critic(config: JsonObject = {}): Driven {
  return drive(criticLoopType, { config, input: 'topic' });
}

function round(score: number, more: JsonObject = {}): JsonObject {
  return { output: `scored ${score}`, score, ...more };
}

/** Plays the rounds until the loop ends. */
function play(config: JsonObject, rounds: readonly Json[]): readonly Directive[] {
  const step = critic(config);
  step.tell(started);
  for (const [index, value] of rounds.entries()) {
    const directives = step.tell(cameBack(index, value));
    if (opened(directives).length === 0) return directives;
  }
  throw new Error('the loop went on');
}

function done(directives: readonly Directive[]): JsonObject {
  return fired(directives).done as JsonObject;
}

function events(directives: readonly Directive[]): readonly [string, JsonObject][] {
  return directives.flatMap((one): [string, JsonObject][] =>
    one.do === 'emit' ? [[one.event_type.replace('critic_loop.', ''), one.payload]] : [],
  );
}

spec('flow: critic_loop rounds', (test) => {
  test('the first round is given the input and nothing else', () => {
    const value = { input: 'topic', previous_output: null, feedback: null, suggestions: [], score: null };
    assert.equal(opened(critic().tell(started)), [{ index: 0, value, item: value }]);
  });

  test('the next is given what the last one made, and what was said about it', () => {
    const step = critic();
    step.tell(started);
    const said = { output: 'draft', score: 0.3, feedback: 'too long', suggestions: ['cut'] };
    const [scope] = opened(step.tell(cameBack(0, said)));
    assert.is(scope?.index, 1);
    const { output, ...rest } = said;
    assert.equal(scope?.value, { input: 'topic', previous_output: output, ...rest });
  });

  test('it is told of the last output, though an earlier one was better', () => {
    const step = critic();
    step.tell(started);
    step.tell(cameBack(0, round(0.5)));
    const [scope] = opened(step.tell(cameBack(1, round(0.2))));
    assert.match(JSON.stringify(scope?.value), '"previous_output":"scored 0.2"');
  });

  test('absent and null feedback, suggestions and verdict are nothing said, and revise', () => {
    for (const empty of [{}, { feedback: null, suggestions: null, verdict: null }]) {
      const step = critic();
      step.tell(started);
      const [scope] = opened(step.tell(cameBack(0, round(0.1, empty))));
      const value = { input: 'topic', previous_output: 'scored 0.1', feedback: null, suggestions: [], score: 0.1 };
      assert.equal(scope?.value, value);
    }
  });

  test('the timer runs from the start, by default 300 seconds', () => {
    const timer = (afterSeconds: number) => ({ do: 'start_timer', name: 'timeout', after_seconds: afterSeconds });
    assert.equal(critic().tell(started)[1], timer(300));
    assert.equal(critic({ timeout_seconds: 5 }).tell(started)[1], timer(5));
  });
});

spec('flow: critic_loop end', (test) => {
  test('reaching the threshold ends it, by default 0.8', () => {
    const result = done(play({}, [round(0.79), round(0.8)]));
    assert.equal(result, {
      output: 'scored 0.8',
      score: 0.8,
      iterations: 2,
      reason: 'quality_threshold',
      history: [
        { iteration: 1, score: 0.79, verdict: 'revise', feedback: null },
        { iteration: 2, score: 0.8, verdict: 'revise', feedback: null },
      ],
    });
  });

  test('max_iterations ends it, by default 5, with the best output and not the last', () => {
    const result = done(
      play(
        { no_improvement_limit: 9 },
        [0.1, 0.6, 0.3, 0.2, 0.4].map((score) => round(score)),
      ),
    );
    assert.is(result.reason, 'max_iterations');
    assert.is(result.iterations, 5);
    assert.is(result.output, 'scored 0.6');
    assert.is(result.score, 0.6);
  });

  test('rounds in a row without improvement end it, by default 2', () => {
    const result = done(
      play(
        {},
        [0.5, 0.52, 0.54].map((score) => round(score)),
      ),
    );
    assert.is(result.reason, 'no_improvement');
    assert.is(result.iterations, 3);
    assert.is(result.output, 'scored 0.54', 'a gain too small to count may still be the best');
  });

  test('an improvement starts the count again', () => {
    const rounds = [0.1, 0.1, 0.2, 0.2, 0.2].map((score) => round(score));
    const result = done(play({ max_iterations: 20 }, rounds));
    assert.is(result.iterations, 5);
    assert.is(result.reason, 'no_improvement');
  });

  test('a gain of exactly min_improvement counts, also where binary fractions fall short of it', () => {
    const result = done(
      play(
        { no_improvement_limit: 1, max_iterations: 3 },
        [0.65, 0.7, 0.75].map((s) => round(s)),
      ),
    );
    assert.is(result.reason, 'max_iterations');
  });

  test('with min_improvement 0 an equal score is still no improvement', () => {
    const result = done(play({ no_improvement_limit: 1, min_improvement: 0 }, [round(0.5), round(0.5)]));
    assert.is(result.reason, 'no_improvement');
  });

  test('of equal scores the earlier output is returned', () => {
    const rounds = ['first', 'second'].map((output) => ({ output, score: 0.5 }));
    assert.is(done(play({ max_iterations: 2 }, rounds)).output, 'first');
  });

  test('an approved output is returned, though an earlier one scored higher', () => {
    const result = done(play({}, [round(0.7), round(0.4, { verdict: 'approved' })]));
    assert.is(result.reason, 'approved');
    assert.is(result.output, 'scored 0.4');
    assert.is(result.score, 0.4);
  });

  test('a rejection ends it with the best output so far, whatever the score', () => {
    const result = done(play({}, [round(0.7), round(0.2, { verdict: 'rejected', feedback: 'hopeless' })]));
    assert.is(result.reason, 'rejected');
    assert.is(result.output, 'scored 0.7');
    assert.match(JSON.stringify(result.history), '"feedback":"hopeless"');
  });

  test('the output may be null, and is then the best', () => {
    assert.is(done(play({ max_iterations: 1 }, [{ output: null, score: 0.5 }])).output, null);
  });

  test('the output returned always has the highest score of all rounds', () => {
    const scores = fc.array(fc.integer({ min: 0, max: 99 }), { minLength: 20, maxLength: 20 });
    assertProperty(
      fc.property(scores, (percents) => {
        const rounds = percents.map((percent, place) => ({ output: place, score: percent / 100 }));
        const result = done(play(patient, rounds));
        assert.is(result.output, percents.indexOf(Math.max(...percents)));
        assert.is(result.iterations, 20);
      }),
      { numRuns: 100 },
    );
  });

  test('the time-out ends it with the best so far', () => {
    const step = critic();
    step.tell(started);
    step.tell(cameBack(0, round(0.4)));
    const result = done(step.tell(timeout));
    assert.is(result.reason, 'timeout');
    assert.is(result.output, 'scored 0.4');
    assert.is(result.iterations, 1);
  });

  test('the time-out before any round has ended fails the step', () => {
    const step = critic({ timeout_seconds: 7 });
    step.tell(started);
    const error = failure(step.tell(timeout));
    assert.is(error.error_code, 'STEP_TIMEOUT');
    assert.match(error.error_message, 'timeout_seconds = 7');
  });
});

spec('flow: critic_loop failures', (test) => {
  test('a round that is not judged properly fails the step and names what is missing', () => {
    const wrong: [Json, string][] = [
      [null, 'nothing came back'],
      ['text', 'a string'],
      [[round(1)], 'a list'],
      [{ score: 1 }, '`output` is missing'],
      [{ output: 1 }, '`score` is missing'],
      [{ output: 1, score: null }, '`score` is missing'],
      [{ output: 1, score: '0.9' }, '`score` .* must be a number from 0 to 1, is "0.9"'],
      [{ output: 1, score: 7 }, '`score` .* is 7'],
      [{ output: 1, score: -0.1 }, '`score`'],
      [round(0.5, { verdict: 'fine' }), '`verdict` .* approved, revise or rejected, is "fine"'],
      [round(0.5, { feedback: ['a'] }), '`feedback` .* must be a string, is a list'],
      [round(0.5, { suggestions: 'a' }), '`suggestions` .* must be a list'],
    ];
    for (const [value, message] of wrong) {
      const error = failure(play({}, [value]));
      assert.is(error.error_code, 'ITERATION_FAILED');
      assert.match(error.error_message, new RegExp(`index 0 failed: .*${message}`));
    }
  });

  test('a failed iteration ends the loop with the best output so far, and says so', () => {
    const step = critic();
    step.tell(started);
    step.tell(cameBack(0, round(0.4)));
    const { score, reason, iterations, error } = done(step.tell(broke(1)));
    assert.equal([score, reason, iterations], [0.4, 'iteration_failed', 1]);
    assert.match(JSON.stringify(error), 'index 1 failed: HTTP_FAILED: no route');
  });

  test('so does one that returns no judgement', () => {
    const step = critic();
    step.tell(started);
    step.tell(cameBack(0, round(0.4)));
    assert.is(done(step.tell(cameBack(1, 'text'))).reason, 'iteration_failed');
  });

  test('without an output it fails the step, with the cause', () => {
    const step = critic();
    step.tell(started);
    const error = failure(step.tell(broke(0)));
    assert.is(error.error_code, 'ITERATION_FAILED');
    assert.match(error.error_message, 'index 0 failed: HTTP_FAILED: no route');
  });
});

spec('flow: critic_loop events', (test) => {
  test('the first tells the settings with their defaults', () => {
    assert.equal(events(critic({ max_iterations: 3 }).tell(started)), [
      [
        'started',
        {
          max_iterations: 3,
          quality_threshold: 0.8,
          no_improvement_limit: 2,
          min_improvement: 0.05,
          timeout_seconds: 300,
        },
      ],
      ['iteration_started', { iteration: 1 }],
    ]);
  });

  test('every round tells its score, whether it is an improvement, and that the next begins', () => {
    const step = critic();
    step.tell(started);
    assert.equal(events(step.tell(cameBack(0, round(0.3)))), [
      ['iteration_completed', { iteration: 1, score: 0.3, verdict: 'revise' }],
      ['iteration_started', { iteration: 2 }],
    ]);
    assert.equal(events(step.tell(cameBack(1, round(0.5)))), [
      ['iteration_completed', { iteration: 2, score: 0.5, verdict: 'revise' }],
      ['improvement', { from: 0.3, to: 0.5 }],
      ['iteration_started', { iteration: 3 }],
    ]);
    assert.equal(events(step.tell(cameBack(2, round(0.4)))), [
      ['iteration_completed', { iteration: 3, score: 0.4, verdict: 'revise' }],
      ['no_improvement', { best: 0.5, count: 1 }],
      ['iteration_started', { iteration: 4 }],
    ]);
    assert.equal(events(step.tell(timeout)), [['completed', { reason: 'timeout', score: 0.5, iterations: 3 }]]);
  });
});

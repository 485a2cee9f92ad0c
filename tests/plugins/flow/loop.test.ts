import type { Json, JsonObject } from '@llmteam/contracts';
import { loopType } from '@llmteam/flow';
import * as assert from 'uvu/assert';
import { spec } from '../../support/spec.js';
import { fitsSchema } from '../support/metadata-laws.js';
import {
  broke,
  cameBack,
  type Driven,
  drive,
  failure,
  fired,
  opened,
  type Replaced,
  started,
} from './support/drive.js';

function over(loopKind: 'foreach' | 'range', items: Json, more: JsonObject = {}): Driven {
  return drive(loopType, { config: { loop_type: loopKind, items: 'x', ...more }, expressions: { '/items': items } });
}

/** A loop whose condition is a function of the carried value. */
function asking(loopKind: 'while' | 'until', holds: (replaced: Replaced) => Json, more: JsonObject = {}): Driven {
  const config = { loop_type: loopKind, condition: 'x', ...more };
  return drive(loopType, { config, input: 0, expressions: { '/condition': holds } });
}

/** Ends every iteration with the result of `body` until the loop ends. */
function run(step: Driven, body: (value: Json) => Json) {
  const values: Json[] = [];
  const directives = { last: step.tell(started) };
  for (;;) {
    const [scope, ...more] = opened(directives.last);
    if (scope === undefined) return { values, done: fired(directives.last).done };
    assert.is(more.length, 0);
    assert.is(scope.index, values.length);
    assert.equal(scope.item, scope.value);
    values.push(scope.value);
    directives.last = step.tell(cameBack(scope.index, body(scope.value)));
  }
}

const plusOne = (value: Json) => Number(value) + 1;
const below = (limit: number) => (replaced: Replaced) => Number(replaced.input) < limit;

spec('flow: loop foreach', (test) => {
  test('gives the region one item after the other and returns the results in order', () => {
    const { values, done } = run(over('foreach', [10, null, 30]), (value) => [value]);
    assert.equal(values, [10, null, 30]);
    assert.equal(done, { results: [[10], [null], [30]], iterations: 3, completed: true });
  });

  test('an empty list goes straight to done', () => {
    const done = { results: [], iterations: 0, completed: true };
    assert.equal(fired(over('foreach', []).tell(started)), { done });
  });

  test('as many items as max_iterations run; one more fails before the first', () => {
    assert.is(run(over('foreach', [1, 2], { max_iterations: 2 }), plusOne).values.length, 2);
    const error = failure(over('foreach', [1, 2, 3], { max_iterations: 2 }).tell(started));
    assert.is(error.error_code, 'LIMIT_EXCEEDED');
    assert.match(error.error_message, '3 iterations, but max_iterations is 2');
  });

  test('max_iterations is 1000 if not given', () => {
    const items = (count: number) => new Array<Json>(count).fill(0);
    assert.is(opened(over('foreach', items(1_000)).tell(started)).length, 1);
    assert.is(failure(over('foreach', items(1_001)).tell(started)).error_code, 'LIMIT_EXCEEDED');
  });

  test('items that are no list fail the step', () => {
    for (const items of [3, { a: 1 }, null, 'abc']) {
      assert.is(failure(over('foreach', items).tell(started)).error_code, 'EXPRESSION_FAILED');
    }
  });

  test('a failed iteration fails the step, with its index and the cause', () => {
    const step = over('foreach', [1, 2, 3]);
    step.tell(started);
    step.tell(cameBack(0, 'a'));
    const error = failure(step.tell(broke(1)));
    assert.is(error.error_code, 'ITERATION_FAILED');
    assert.match(error.error_message, 'index 1 failed: HTTP_FAILED: no route');
    assert.is(error.details?.index, 1);
    assert.match(JSON.stringify(error.details?.cause), '"error_message":"no route"');
  });

  test('with continue_on_error its error is its result and the loop goes on', () => {
    const step = over('foreach', [1, 2], { continue_on_error: true });
    step.tell(started);
    const error = { error_type: 'LlmteamError', error_code: 'HTTP_FAILED', error_message: 'no', recoverable: true };
    assert.equal(opened(step.tell(broke(0, error))), [{ index: 1, value: 2, item: 2 }]);
    const done = { results: [{ error }, 'b'], iterations: 2, completed: true };
    assert.equal(fired(step.tell(cameBack(1, 'b'))), { done });
  });

  test('an iteration costs the same however many there are: nothing is copied', () => {
    const step = over('foreach', new Array<Json>(1_000).fill(0));
    step.tell(started);
    const { results } = step.state() as { results: Json };
    step.tell(cameBack(0, 1));
    assert.is((step.state() as { results: Json }).results, results);
  });
});

spec('flow: loop range', (test) => {
  test('a number n counts from 0 to n-1', () => {
    const { values, done } = run(over('range', 3), plusOne);
    assert.equal(values, [0, 1, 2]);
    assert.equal(done, { results: [1, 2, 3], iterations: 3, completed: true });
  });

  test('a list of two counts from the first to before the second, while the scopes count from 0', () => {
    assert.equal(run(over('range', [-1, 2]), plusOne).values, [-1, 0, 1]);
  });

  test('a range with nothing in it goes straight to done', () => {
    for (const items of [0, -2, [3, 3], [3, 1]]) assert.is(run(over('range', items), plusOne).values.length, 0);
  });

  test('anything but a whole number or two fails the step', () => {
    for (const items of [1.5, '3', null, [1], [1, 2, 3], [1, 'a'], [0.5, 2], 2 ** 60]) {
      assert.is(failure(over('range', items).tell(started)).error_code, 'EXPRESSION_FAILED', JSON.stringify(items));
    }
  });

  test('a huge range fails before it costs anything', () => {
    assert.is(failure(over('range', 2 ** 50).tell(started)).error_code, 'LIMIT_EXCEEDED');
  });
});

spec('flow: loop while', (test) => {
  test('is asked before each iteration and carries along what comes back', () => {
    const { values, done } = run(asking('while', below(3)), plusOne);
    assert.equal(values, [0, 1, 2]);
    assert.equal(done, { results: [1, 2, 3], iterations: 3, completed: true });
  });

  test('a condition that never holds runs nothing', () => {
    assert.equal(run(asking('while', below(0)), plusOne).values, []);
  });

  test('stops at max_iterations with completed false if it would go on', () => {
    const { values, done } = run(asking('while', below(99), { max_iterations: 2 }), plusOne);
    assert.equal(values, [0, 1]);
    assert.equal(done, { results: [1, 2], iterations: 2, completed: false });
  });

  test('has completed if the last allowed iteration was also the last wanted', () => {
    const { done } = run(asking('while', below(2), { max_iterations: 2 }), plusOne);
    assert.equal(done, { results: [1, 2], iterations: 2, completed: true });
  });

  test('the condition sees the value as input and item, and the index of the iteration to come', () => {
    const seen: Replaced[] = [];
    const step = asking('while', (replaced) => seen.push(replaced) < 3);
    run(step, () => 'next');
    assert.equal(seen, [
      { input: 0, loop: { index: 0, item: 0 } },
      { input: 'next', loop: { index: 1, item: 'next' } },
      { input: 'next', loop: { index: 2, item: 'next' } },
    ]);
  });

  test('with continue_on_error a failed iteration keeps the value', () => {
    const step = asking('while', below(9), { continue_on_error: true });
    step.tell(started);
    assert.equal(opened(step.tell(cameBack(0, 5))), [{ index: 1, value: 5, item: 5 }]);
    assert.equal(opened(step.tell(broke(1))), [{ index: 2, value: 5, item: 5 }]);
  });

  test('a condition that gives no boolean fails the step', () => {
    assert.is(failure(asking('while', () => 1).tell(started)).error_code, 'EXPRESSION_FAILED');
  });
});

spec('flow: loop until', (test) => {
  test('runs once before it is asked, and ends once the condition holds', () => {
    const { values, done } = run(
      asking('until', () => true),
      plusOne,
    );
    assert.equal(values, [0]);
    assert.equal(done, { results: [1], iterations: 1, completed: true });
  });

  test('is asked about what came back', () => {
    const seen: Replaced[] = [];
    run(
      asking('until', (replaced) => seen.push(replaced) === 2),
      plusOne,
    );
    assert.equal(seen, [
      { input: 1, loop: { index: 0, item: 1 } },
      { input: 2, loop: { index: 1, item: 2 } },
    ]);
  });

  test('stops at max_iterations with completed false', () => {
    const { done } = run(
      asking('until', () => false, { max_iterations: 2 }),
      plusOne,
    );
    assert.equal(done, { results: [1, 2], iterations: 2, completed: false });
  });

  test('has completed if the last allowed iteration brought it', () => {
    const step = asking('until', ({ input }) => input === 2, { max_iterations: 2 });
    assert.equal(run(step, plusOne).done, { results: [1, 2], iterations: 2, completed: true });
  });

  test('is not asked after an iteration that failed: nothing came back', () => {
    const step = asking('until', () => true, { continue_on_error: true });
    step.tell(started);
    assert.equal(opened(step.tell(broke(0))), [{ index: 1, value: 0, item: 0 }]);
    assert.equal(step.evaluated, []);
  });

  test('a condition that gives no boolean fails the step', () => {
    const step = asking('until', () => null);
    step.tell(started);
    assert.is(failure(step.tell(cameBack(0, 1))).error_code, 'EXPRESSION_FAILED');
  });
});

spec('flow: loop config', (test) => {
  test('foreach and range take items, while and until a condition, and neither the other', () => {
    for (const kind of ['foreach', 'range']) {
      assert.ok(fitsSchema(loopType, { loop_type: kind, items: 'x' }));
      assert.not(fitsSchema(loopType, { loop_type: kind, condition: 'x' }));
      assert.not(fitsSchema(loopType, { loop_type: kind, items: 'x', condition: 'x' }));
    }
    for (const kind of ['while', 'until']) {
      assert.ok(fitsSchema(loopType, { loop_type: kind, condition: 'x' }));
      assert.not(fitsSchema(loopType, { loop_type: kind, items: 'x' }));
      assert.not(fitsSchema(loopType, { loop_type: kind, items: 'x', condition: 'x' }));
    }
    assert.not(fitsSchema(loopType, { items: 'x' }));
  });

  test('max_iterations is at most the cap', () => {
    assert.ok(fitsSchema(loopType, { loop_type: 'range', items: '3', max_iterations: 10_000 }));
    assert.not(fitsSchema(loopType, { loop_type: 'range', items: '3', max_iterations: 10_001 }));
  });
});

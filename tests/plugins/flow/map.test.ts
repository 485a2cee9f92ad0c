import type { Json } from '@llmteam/contracts';
import { caps } from '@llmteam/contracts';
import { mapType } from '@llmteam/flow';
import fc from 'fast-check';
import * as assert from 'uvu/assert';
import { assertProperty } from '../../support/random.js';
import { spec } from '../../support/spec.js';
import { broke, cameBack, drive, failure, fired, opened, started } from './support/drive.js';

function mapOver(items: Json, config: { concurrency?: number; tolerate_failures?: boolean } = {}) {
  return drive(mapType, { config: { items: 'input', ...config }, expressions: { '/items': items } });
}

function numbers(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}

spec('flow: map', (test) => {
  test('an empty list goes straight to done', () => {
    assert.equal(fired(mapOver([]).tell(started)), { done: [] });
  });

  test('at first it opens as many items as concurrency allows, by default 10', () => {
    const first = opened(mapOver(['a', 'b', 'c'], { concurrency: 2 }).tell(started));
    assert.equal(first, [
      { index: 0, value: 'a', item: 'a' },
      { index: 1, value: 'b', item: 'b' },
    ]);
    assert.is(opened(mapOver(numbers(50)).tell(started)).length, 10);
  });

  test('every item that ends makes room for one more', () => {
    const step = mapOver(['a', 'b', 'c', null], { concurrency: 2 });
    step.tell(started);
    assert.equal(opened(step.tell(cameBack(1, 'B'))), [{ index: 2, value: 'c', item: 'c' }]);
    assert.equal(opened(step.tell(cameBack(2, 'C'))), [{ index: 3, value: null, item: null }]);
    assert.equal(step.tell(cameBack(3, 'D')), []);
    assert.equal(fired(step.tell(cameBack(0, 'A'))), { done: ['A', 'B', 'C', 'D'] });
  });

  test('results keep the order of the items and no more than concurrency are open, in any order of ending', () => {
    const shape = fc.record({
      count: fc.integer({ min: 1, max: 40 }),
      concurrency: fc.integer({ min: 1, max: 12 }),
      picks: fc.array(fc.nat(), { minLength: 40, maxLength: 40 }),
    });
    assertProperty(
      fc.property(shape, ({ count, concurrency, picks }) => {
        const step = mapOver(numbers(count), { concurrency });
        const open = opened(step.tell(started)).map(({ index }) => index);
        for (const pick of picks.slice(0, count - 1)) {
          assert.ok(open.length <= concurrency);
          const [index = -1] = open.splice(pick % open.length, 1);
          open.push(...opened(step.tell(cameBack(index, `r${index}`))).map((scope) => scope.index));
        }
        assert.is(open.length, 1);
        const last = open[0] ?? -1;
        assert.equal(fired(step.tell(cameBack(last, `r${last}`))), {
          done: numbers(count).map((index) => `r${index}`),
        });
      }),
      { numRuns: 100 },
    );
  });

  test('a failed item fails the step, with its index and the cause', () => {
    const step = mapOver([1, 2, 3]);
    step.tell(started);
    const error = failure(step.tell(broke(1)));
    assert.is(error.error_code, 'ITERATION_FAILED');
    assert.match(error.error_message, 'index 1 failed: HTTP_FAILED: no route');
    assert.is(error.details?.index, 1);
    assert.match(JSON.stringify(error.details?.cause), '"error_code":"HTTP_FAILED"');
  });

  test('a failed item that is tolerated has its error as result, and makes room too', () => {
    const step = mapOver([1, 2], { concurrency: 1, tolerate_failures: true });
    step.tell(started);
    const error = { error_type: 'LlmteamError', error_code: 'HTTP_FAILED', error_message: 'no', recoverable: true };
    assert.equal(opened(step.tell(broke(0, error))), [{ index: 1, value: 2, item: 2 }]);
    assert.equal(fired(step.tell(cameBack(1, 'ok'))), { done: [{ error }, 'ok'] });
  });

  test('items that are no list fail the step', () => {
    const error = failure(mapOver({ a: 1 }).tell(started));
    assert.is(error.error_code, 'EXPRESSION_FAILED');
    assert.match(error.error_message, 'config /items: must give a list, gave an object');
  });

  test('as many items as the cap run; one more fails before any starts, and names the cap', () => {
    assert.is(opened(mapOver(numbers(caps.loop_iterations)).tell(started)).length, 10);
    const error = failure(mapOver(numbers(caps.loop_iterations + 1)).tell(started));
    assert.is(error.error_code, 'LIMIT_EXCEEDED');
    assert.match(error.error_message, 'loop_iterations');
  });

  test('an item costs the same however many there are: nothing is copied', () => {
    const step = mapOver(numbers(1_000), { concurrency: 1 });
    step.tell(started);
    step.tell(cameBack(0, 0));
    const { results, items } = step.state() as { results: Json; items: Json };
    step.tell(cameBack(1, 1));
    const later = step.state() as { results: Json; items: Json };
    assert.is(later.results, results);
    assert.is(later.items, items);
  });
});

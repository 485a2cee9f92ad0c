import { errorInfo, type Json, type Occurrence } from '@llmteam/contracts';
import { parallelJoinType } from '@llmteam/flow';
import * as assert from 'uvu/assert';
import { spec } from '../../support/spec.js';
import { drive, failure, fired, started } from './support/drive.js';

const inputsClosed: Occurrence = { kind: 'inputs_closed' };

function arrived(edge: number, value: Json): Occurrence {
  return { kind: 'input_arrived', port: `from_${edge}`, value, edge };
}

function branchFailed(message: string): Occurrence {
  return { kind: 'branch_failed', error: errorInfo('HTTP_FAILED', message) };
}

spec('flow: parallel_join all', (test) => {
  test('fires the list in edge order, whatever the order of arrival', () => {
    const step = drive(parallelJoinType, { config: {} });
    assert.equal(step.tell(started), []);
    for (const edge of [11, 2, 1]) assert.equal(step.tell(arrived(edge, `v${edge}`)), []);
    assert.equal(fired(step.tell(inputsClosed)), { output: ['v1', 'v2', 'v11'] });
  });

  test('edges that turn out dead leave no hole', () => {
    const step = drive(parallelJoinType, { config: { merge_strategy: 'all' } });
    step.tell(started);
    step.tell(arrived(2, null));
    assert.equal(fired(step.tell(inputsClosed)), { output: [null] });
  });

  test('a value that is a list stays one element', () => {
    const step = drive(parallelJoinType, { config: {} });
    step.tell(started);
    step.tell(arrived(0, [1, 2]));
    step.tell(arrived(1, 3));
    assert.equal(fired(step.tell(inputsClosed)), { output: [[1, 2], 3] });
  });

  test('arrivals change the list in place', () => {
    const step = drive(parallelJoinType, { config: {} });
    step.tell(started);
    step.tell(arrived(0, 1));
    const state = step.state();
    step.tell(arrived(1, 1));
    assert.is(step.state(), state);
  });

  test('failures of branches do not come to it', () => {
    assert.is(parallelJoinType.catchesFailures?.({}), false);
    assert.is(parallelJoinType.catchesFailures?.({ merge_strategy: 'all' }), false);
  });
});

spec('flow: parallel_join first', (test) => {
  test('the first to arrive is the output and the others are cancelled', () => {
    const step = drive(parallelJoinType, { config: { merge_strategy: 'first' } });
    assert.equal(step.tell(started), []);
    assert.equal(step.tell(arrived(5, 'fast')), [
      { do: 'cancel_upstream' },
      { do: 'complete', ports: { output: 'fast' } },
    ]);
  });

  test('failures of branches do not come to it', () => {
    assert.is(parallelJoinType.catchesFailures?.({ merge_strategy: 'first' }), false);
  });
});

spec('flow: parallel_join any', (test) => {
  const config = { merge_strategy: 'any' };

  test('failures of branches come to it', () => {
    assert.is(parallelJoinType.catchesFailures?.(config), true);
  });

  test('a branch that fails is passed over; the first success is the output', () => {
    const step = drive(parallelJoinType, { config });
    assert.equal(step.tell(branchFailed('one')), []);
    assert.equal(step.tell(started), []);
    assert.equal(step.tell(arrived(1, 'ok')), [{ do: 'cancel_upstream' }, { do: 'complete', ports: { output: 'ok' } }]);
  });

  test('when all branches have failed so does the join, with their number and the last error', () => {
    const step = drive(parallelJoinType, { config });
    step.tell(branchFailed('one'));
    step.tell(branchFailed('two'));
    const error = failure(step.tell(inputsClosed));
    assert.is(error.error_code, 'BRANCHES_FAILED');
    assert.match(error.error_message, '2 failed, the last with HTTP_FAILED: two');
    assert.equal(error.details, { failures: 2, cause: errorInfo('HTTP_FAILED', 'two') });
  });

  test('when nothing arrived and nothing failed the join fails and says so', () => {
    const error = failure(drive(parallelJoinType, { config }).tell(inputsClosed));
    assert.is(error.error_code, 'BRANCHES_FAILED');
    assert.equal(error.details, { failures: 0 });
  });
});

import { iterationScope, splitIterationScope, splitStepKey, stepKey } from '@llmteam/contracts';
import * as assert from 'uvu/assert';
import { spec } from '../support/spec.js';

spec('keys of steps and scopes of iterations', (test) => {
  test('are split as they were made, nested ones and those of later attempts too', () => {
    for (const owner of ['each', 'each[3]/retry', 'each#2[3]/retry']) {
      for (const attempt of [1, 2, 10]) {
        const scope = iterationScope(owner, 7, attempt);
        assert.equal(splitIterationScope(scope), { owner, index: 7, attempt });
        assert.equal(splitStepKey(stepKey(scope, 'call')), { scope, step_id: 'call' });
      }
    }
    assert.is(splitIterationScope(''), null);
  });
});

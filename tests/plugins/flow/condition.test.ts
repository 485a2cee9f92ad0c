import { conditionType } from '@llmteam/flow';
import * as assert from 'uvu/assert';
import { spec } from '../../support/spec.js';
import { drive, failure, fired, started } from './support/drive.js';

const config = { expression: 'input.ok' };

spec('flow: condition', (test) => {
  test('an expression that holds fires true with the input', () => {
    const step = drive(conditionType, { config, input: { ok: 1 }, expressions: { '/expression': true } });
    assert.equal(fired(step.tell(started)), { true: { ok: 1 } });
  });

  test('an expression that does not hold fires false with the input', () => {
    const step = drive(conditionType, { config, input: null, expressions: { '/expression': false } });
    assert.equal(fired(step.tell(started)), { false: null });
  });

  test('a result that is no boolean fails the step: nothing counts as true', () => {
    for (const result of [1, 'true', null, []]) {
      const step = drive(conditionType, { config, expressions: { '/expression': result } });
      const error = failure(step.tell(started));
      assert.is(error.error_code, 'EXPRESSION_FAILED');
      assert.match(error.error_message, 'config /expression: must give true or false');
    }
  });

  test('an expression that cannot be evaluated is the engine to handle', () => {
    assert.throws(() => drive(conditionType, { config }).tell(started), /no expression at \/expression/);
  });
});

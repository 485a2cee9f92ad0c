import { waitForSignalType } from '@llmteam/flow';
import * as assert from 'uvu/assert';
import { spec } from '../../support/spec.js';
import { fitsSchema } from '../support/metadata-laws.js';
import { drive, failure, fired, started } from './support/drive.js';

spec('flow: wait_for_signal', (test) => {
  test('the payload of the signal is the output', () => {
    const step = drive(waitForSignalType, { config: { signal: 'paid' }, input: 'in' });
    assert.equal(step.tell(started), [{ do: 'wait_signal', name: 'paid', correlation: null }]);
    assert.equal(fired(step.tell({ kind: 'signal_received', name: 'paid', payload: { sum: 3 } })), {
      output: { sum: 3 },
    });
  });

  test('it waits for one correlation only if told so', () => {
    const step = drive(waitForSignalType, { config: { signal: 'paid', correlation: 'order-7' } });
    assert.equal(step.tell(started), [{ do: 'wait_signal', name: 'paid', correlation: 'order-7' }]);
  });

  test('the timer is set before the wait, which may end at once', () => {
    const step = drive(waitForSignalType, { config: { signal: 'paid', timeout_seconds: 60 } });
    assert.equal(step.tell(started), [
      { do: 'start_timer', name: 'timeout', after_seconds: 60 },
      { do: 'wait_signal', name: 'paid', correlation: null },
    ]);
  });

  test('when no signal comes in time, timeout fires with its name', () => {
    const step = drive(waitForSignalType, { config: { signal: 'paid', timeout_seconds: 60 } });
    step.tell(started);
    assert.equal(fired(step.tell({ kind: 'timer_fired', name: 'timeout' })), { timeout: { signal: 'paid' } });
  });

  test('a correlation that turns out to be no text fails the step instead of waiting for ever', () => {
    const step = drive(waitForSignalType, { config: { signal: 'paid', correlation: 7 } });
    const error = failure(step.tell(started));
    assert.is(error.error_code, 'STEP_CONFIG_INVALID');
    assert.match(error.error_message, 'config /correlation: must be a string, is 7');
  });

  test('the schema wants a signal', () => {
    assert.ok(fitsSchema(waitForSignalType, { signal: 'paid' }));
    assert.not(fitsSchema(waitForSignalType, {}));
    assert.not(fitsSchema(waitForSignalType, { signal: '' }));
    assert.not(fitsSchema(waitForSignalType, { signal: 'paid', timeout_seconds: 0 }));
  });
});

import type { JsonObject } from '@llmteam/contracts';
import { delayType } from '@llmteam/flow';
import fc from 'fast-check';
import * as assert from 'uvu/assert';
import { assertProperty } from '../../support/random.js';
import { spec } from '../../support/spec.js';
import { fitsSchema } from '../support/metadata-laws.js';
import { drive, failure, fired, started } from './support/drive.js';

const noon = Date.UTC(2030, 0, 31, 12);

function delay(config: JsonObject) {
  return drive(delayType, { config, input: { a: 1 } });
}

/** The time that `until` evaluates to; null if it is rejected. */
function moment(until: string): number | null {
  const [directive] = delay({ until }).tellAt(-1e15, started);
  if (directive?.do === 'start_timer') return directive.at ?? null;
  assert.is(directive?.do === 'fail' && directive.error.error_code, 'STEP_CONFIG_INVALID');
  return null;
}

spec('flow: delay', (test) => {
  test('after so many seconds it fires output with its input', () => {
    const step = delay({ seconds: 1.5 });
    assert.equal(step.tell(started), [{ do: 'start_timer', name: 'due', after_seconds: 1.5 }]);
    assert.equal(fired(step.tell({ kind: 'timer_fired', name: 'due' })), { output: { a: 1 } });
  });

  test('no seconds to wait need no timer', () => {
    assert.equal(fired(delay({ seconds: 0 }).tell(started)), { output: { a: 1 } });
  });

  test('seconds that turn out to be no number from 0 fail the step', () => {
    for (const seconds of ['5', -1, null, [], 1e12]) {
      const error = failure(delay({ seconds }).tell(started));
      assert.is(error.error_code, 'STEP_CONFIG_INVALID');
      assert.match(error.error_message, 'config /seconds: must be a number from 0');
    }
  });

  test('until sets a timer to the moment, by its offset', () => {
    assert.equal(delay({ until: '2030-01-31T13:00:00+01:00' }).tellAt(noon - 1, started), [
      { do: 'start_timer', name: 'due', at: noon },
    ]);
    assert.is(moment('2030-01-31T12:00:00Z'), noon);
    assert.is(moment('2030-01-31t12:00:00z'), noon);
    assert.is(moment('2030-01-31T06:30:00-05:30'), noon);
    assert.is(moment('2030-01-31T12:00:00.25Z'), noon + 250);
    assert.is(moment('2030-01-31T12:00:00.123987654Z'), noon + 123);
  });

  test('a moment that has come needs no timer', () => {
    for (const now of [noon, noon + 1]) {
      assert.equal(fired(delay({ until: '2030-01-31T12:00:00Z' }).tellAt(now, started)), { output: { a: 1 } });
    }
  });

  test('a text that is no moment, or leaves the offset open, fails the step', () => {
    const wrong = [
      'tomorrow',
      '2030-01-31',
      '2030-01-31T12:00:00',
      '2030-02-30T12:00:00Z',
      '2030-02-29T12:00:00Z',
      '1900-02-29T12:00:00Z',
      '2030-13-01T12:00:00Z',
      '2030-00-01T12:00:00Z',
      '2030-01-00T12:00:00Z',
      '2030-01-31T24:00:00Z',
      '2030-01-31T12:60:00Z',
      '2030-01-31T12:00:60Z',
      '2030-01-31T12:00:00+25:00',
      '2030-01-31 12:00:00Z',
      'Jan 31 2030 12:00:00 GMT',
      '2030-01-31T12:00:00Z and more',
    ];
    for (const until of wrong) assert.is(moment(until), null, until);
  });

  test('leap days are days', () => {
    assert.is(moment('2028-02-29T00:00:00Z'), Date.UTC(2028, 1, 29));
    assert.is(moment('2000-02-29T00:00:00Z'), Date.UTC(2000, 1, 29));
  });

  test('every moment as JavaScript writes it is read back the same', () => {
    const date = fc.date({ min: new Date(0), max: new Date('9999-12-31T23:59:59.999Z'), noInvalidDate: true });
    assertProperty(fc.property(date, (at) => assert.is(moment(at.toISOString()), at.getTime())));
  });

  test('a wrong moment that is long is not repeated whole', () => {
    const error = failure(delay({ until: 'x'.repeat(10_000) }).tell(started));
    assert.ok(error.error_message.length < 250);
  });

  test('the schema takes exactly one of seconds and until, and ${…} for either', () => {
    for (const config of [{ seconds: 0 }, { seconds: '${input.n}' }, { until: '${input.at}' }]) {
      assert.ok(fitsSchema(delayType, config));
    }
    for (const config of [{}, { seconds: 1, until: 'x' }, { seconds: -1 }, { seconds: '5' }, { until: 5 }]) {
      assert.not(fitsSchema(delayType, config));
    }
  });
});

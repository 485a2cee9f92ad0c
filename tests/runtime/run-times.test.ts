import { RunTimes } from '@llmteam/kernel';
import * as assert from 'uvu/assert';
import { spec } from '../support/spec.js';

spec('how long attempts take', (test) => {
  test('is a mean by queue', () => {
    const times = new RunTimes();
    times.note('work@1', 1, 0);
    times.note('work@1', 3, 0);
    times.note('mail@2', 5, 0);
    assert.equal(times.means(), { 'work@1': 2, 'mail@2': 5 });
  });

  test('forgets what was long ago, and stays as it is while nothing runs', () => {
    const times = new RunTimes();
    for (let place = 0; place < 100; place++) times.note('work@1', 10, place);
    times.note('work@1', 1, 600_000);
    const mean = times.means()['work@1'] ?? 0;
    assert.ok(mean > 1 && mean < 1.1, String(mean));
  });

  test('is of nothing before the first attempt', () => assert.equal(new RunTimes().means(), {}));
});

import { systemClock } from '@llmteam/service-host';
import { manualClock } from '@llmteam/testing';
import * as assert from 'uvu/assert';
import { spec } from '../support/spec.js';

spec('the system clock', (test) => {
  test('returns integer epoch milliseconds that never decrease', () => {
    const clock = systemClock();
    assert.ok(Math.abs(clock.now() - Date.now()) < 60_000);
    let last = 0;
    for (let index = 0; index < 100_000; index += 1) {
      const now = clock.now();
      assert.ok(Number.isInteger(now) && now >= last);
      last = now;
    }
  });

  test('calls back once, never early, by its own time and by the monotonic one', async () => {
    const clock = systemClock();
    const delays = Array.from({ length: 200 }, (_, index) => (index * 7) % 60);
    const calls = delays.map(() => 0);
    const early: number[] = [];
    const allCalled = delays.map((delay, index) => {
      const [started, precise] = [clock.now(), performance.now()];
      return new Promise<void>((resolve) => {
        clock.after(delay, () => {
          calls[index] = (calls[index] ?? 0) + 1;
          if (clock.now() - started < delay || performance.now() - precise < delay) early.push(delay);
          resolve();
        });
      });
    });
    await Promise.all(allCalled);
    // Time for a second call.
    await new Promise<void>((resolve) => clock.after(60, resolve));
    assert.equal(early, []);
    assert.ok(calls.every((count) => count === 1));
  });

  test('does not call back before after has returned, nor when it is cancelled', async () => {
    const clock = systemClock();
    const called: string[] = [];
    clock.after(0, () => called.push('now'));
    clock.after(-5, () => called.push('past'));
    clock.after(0, () => called.push('cancelled')).cancel();
    assert.equal(called, []);
    await new Promise<void>((resolve) => clock.after(5, resolve));
    assert.equal([...called].sort(), ['now', 'past']);
  });

  test('a delay of more than 24.8 days does not end at once', async () => {
    const clock = systemClock();
    const called: string[] = [];
    const timers = [2 ** 31, 2 ** 40, Number.POSITIVE_INFINITY].map((delay) =>
      clock.after(delay, () => called.push('early')),
    );
    await new Promise<void>((resolve) => clock.after(30, resolve));
    for (const timer of timers) timer.cancel();
    assert.equal(called, []);
  });
});

spec('the manual clock', (test) => {
  test('stands still until it is advanced', async () => {
    const clock = manualClock(1_000);
    assert.is(clock.now(), 1_000);
    await clock.advance(500);
    assert.is(clock.now(), 1_500);
  });

  test('calls back in the order of due time, then of arming, each at its time', async () => {
    const clock = manualClock();
    const called: string[] = [];
    const arm = (name: string, delay: number) => clock.after(delay, () => called.push(`${name}@${clock.now()}`));
    arm('c', 30);
    arm('a', 10);
    arm('b1', 20);
    arm('b2', 20);
    arm('late', 31);
    await clock.advance(30);
    assert.equal(called, ['a@10', 'b1@20', 'b2@20', 'c@30']);
    assert.is(clock.pending, 1);
  });

  test('timers that callbacks arm are due in the same advance, and what callbacks set off settles in between', async () => {
    const clock = manualClock();
    const called: string[] = [];
    clock.after(10, () => {
      void Promise.resolve().then(() => called.push('settled'));
      clock.after(5, () => called.push(`second@${clock.now()}`));
    });
    clock.after(12, () => called.push('other'));
    await clock.advance(20);
    assert.equal(called, ['settled', 'other', 'second@15']);
    assert.is(clock.now(), 20);
  });

  test('a cancelled timer is not called', async () => {
    const clock = manualClock();
    const called: number[] = [];
    const timer = clock.after(10, () => called.push(1));
    clock.after(5, () => timer.cancel());
    await clock.advance(100);
    assert.equal(called, []);
    assert.is(clock.pending, 0);
  });
});

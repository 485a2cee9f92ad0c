import { RefusalPace } from '@llmteam/gateway';
import * as assert from 'uvu/assert';
import { spec } from '../support/spec.js';

/** Turns of the event loop that come when the test says so. */
class Turns {
  private readonly due: (() => void)[] = [];
  readonly next = (work: () => void): void => {
    this.due.push(work);
  };

  async pass(): Promise<void> {
    for (const work of this.due.splice(0)) work();
    await Promise.resolve();
    await Promise.resolve();
  }
}

function refuse(pace: RefusalPace, count: number): number[] {
  const sent: number[] = [];
  for (let index = 0; index < count; index++) void pace.turn().then(() => sent.push(index));
  return sent;
}

spec('gateway: pace of refusals', (test) => {
  test('refusals leave a few per turn, in order, and all of them', async () => {
    const turns = new Turns();
    const sent = refuse(new RefusalPace(turns.next), 20);
    assert.is(sent.length, 0);
    await turns.pass();
    assert.equal(sent, [0, 1, 2, 3, 4, 5, 6, 7]);
    await turns.pass();
    await turns.pass();
    assert.equal(
      sent,
      Array.from({ length: 20 }, (_, index) => index),
    );
  });

  test('one that comes later waits for the turn after', async () => {
    const turns = new Turns();
    const pace = new RefusalPace(turns.next);
    const first = refuse(pace, 1);
    await turns.pass();
    const second = refuse(pace, 1);
    assert.equal([first.length, second.length], [1, 0]);
    await turns.pass();
    assert.is(second.length, 1);
  });

  test('beyond the bound they leave at once', async () => {
    const turns = new Turns();
    const sent = refuse(new RefusalPace(turns.next), 10_003);
    await Promise.resolve();
    await Promise.resolve();
    assert.equal(sent, [10_000, 10_001, 10_002]);
  });
});

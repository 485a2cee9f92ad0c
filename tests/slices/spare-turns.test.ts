import { SpareTurns } from '@llmteam/kernel';
import * as assert from 'uvu/assert';
import { spec } from '../support/spec.js';

/** An event loop whose turns come, and take time, when the test says so. */
class Loop {
  private readonly due: (() => void)[] = [];
  now = 0;
  readonly turns = new SpareTurns(
    (work) => this.due.push(work),
    () => this.now,
  );

  /** One turn, in which others work for `ms` before what waits for the turn. */
  async turn(ms: number): Promise<void> {
    this.now += ms;
    for (const work of this.due.splice(0)) work();
    await new Promise((resolve) => setImmediate(resolve));
  }

  /** Asks for turns; each piece takes `ms`. Returns those that went on, in order. */
  ask(count: number, ms: number): number[] {
    const begun: number[] = [];
    for (let piece = 0; piece < count; piece++) {
      void this.turns.next().then(() => {
        begun.push(piece);
        this.now += ms;
      });
    }
    return begun;
  }
}

spec('spare turns', (test) => {
  test('work goes on in a turn that finds nothing else to do', async () => {
    const loop = new Loop();
    const begun = loop.ask(1, 5);
    assert.equal(begun, []);
    await loop.turn(0);
    assert.equal(begun, [0]);
  });

  test('while others have work it waits, for 10 ms and no longer', async () => {
    const loop = new Loop();
    const begun = loop.ask(1, 5);
    for (let turn = 0; turn < 10; turn++) await loop.turn(1);
    assert.equal(begun, []);
    await loop.turn(1);
    assert.equal(begun, [0]);
  });

  test('of long pieces one goes on, then others have their turn', async () => {
    const loop = new Loop();
    const begun = loop.ask(3, 6);
    await loop.turn(0);
    assert.equal(begun, [0]);
    await loop.turn(1);
    assert.equal(begun, [0], 'this turn ended the piece');
    await loop.turn(1);
    assert.equal(begun, [0], 'others had work');
    await loop.turn(0);
    assert.equal(begun, [0, 1]);
  });

  test('short pieces share a turn, in order, until together they are long', async () => {
    const loop = new Loop();
    const begun = loop.ask(8, 1);
    await loop.turn(0);
    assert.equal(begun, [0, 1, 2, 3, 4]);
    await loop.turn(0);
    await loop.turn(0);
    assert.equal(begun, [0, 1, 2, 3, 4, 5, 6, 7]);
  });

  test('the last piece of some work goes before what has not begun', async () => {
    const loop = new Loop();
    const begun = loop.ask(2, 6);
    void loop.turns.last().then(() => begun.push(9));
    await loop.turn(0);
    assert.equal(begun, [9, 0]);
  });

  test('all work goes on in the end, also what is asked for later', async () => {
    const loop = new Loop();
    const first = loop.ask(20, 2);
    for (let turn = 0; turn < 40; turn++) await loop.turn(0);
    const second = loop.ask(2, 0);
    await loop.turn(0);
    assert.equal([first.length, second.length], [20, 2]);
  });
});

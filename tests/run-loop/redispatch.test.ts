import type { RunKey } from '@llmteam/contracts';
import * as assert from 'uvu/assert';
import { spec } from '../support/spec.js';
import { lossyQueue } from './lossy-queue.js';
import { failingEcho } from './mixed-runs.js';
import { echo, Partition, withBackend } from './partition.js';
import { chain, waiting } from './segments.js';

const redispatchAfterMs = 30_000;

spec('redispatch', (test) => {
  test('a job that the queue lost is published again after the time given, at most half as long later', () =>
    withBackend(async (shared) => {
      const lossy = lossyQueue(shared.backend.queue);
      const partition = new Partition(shared, 'a', echo, { queue: lossy.queue, redispatchAfterMs });
      await partition.takeOver();
      await partition.work();
      const run = await partition.start(chain, {}, 'r');
      await partition.settle();
      assert.equal(lossy.published, ['r/one#1']);
      lossy.loses = () => false;
      await shared.clock.advance(redispatchAfterMs - 1);
      assert.equal(lossy.published, ['r/one#1']);
      await shared.clock.advance(redispatchAfterMs / 2 + 1);
      assert.is((await partition.view(run)).status, 'completed');
      assert.equal(lossy.published, ['r/one#1', 'r/one#1', 'r/two#1']);
      await partition.stop();
    }));

  test('jobs that are lost repeatedly are published again each time, until they are reported', () =>
    withBackend(async (shared) => {
      const lossy = lossyQueue(shared.backend.queue);
      let left = 0;
      lossy.loses = () => left-- > 0;
      const done = new Map<string, number>();
      const partition = new Partition(shared, 'a', failingEcho(done), { queue: lossy.queue, redispatchAfterMs });
      await partition.takeOver();
      await partition.work();
      left = 25;
      const runs: RunKey[] = [];
      for (let count = 0; count < 10; count++) runs.push(await partition.start(chain));
      for (let time = 0; time < 8; time++) await shared.clock.advance(redispatchAfterMs);
      for (const run of runs) assert.is((await partition.view(run)).status, 'completed');
      assert.is(done.size, 20);
      assert.ok([...done.values()].every((times) => times === 1));
      await partition.stop();
    }));

  test('a job that is still with the queue or a worker is not done a second time by being published again', () =>
    withBackend(async (shared) => {
      const lossy = lossyQueue(shared.backend.queue);
      lossy.loses = () => false;
      const release: (() => void)[] = [];
      const slow = new Partition(
        shared,
        'a',
        () => new Promise((resolve) => release.push(() => resolve({ output: 1 }))),
        { queue: lossy.queue, redispatchAfterMs: 1_000 },
      );
      await slow.takeOver();
      await slow.work();
      const run = await slow.start({ ...chain, steps: chain.steps.slice(0, 1), edges: [] });
      for (let second = 0; second < 10; second++) await shared.clock.advance(1_000);
      assert.ok(lossy.published.length > 3);
      assert.is(release.length, 1);
      release[0]?.();
      assert.is((await slow.view(run)).status, 'completed');
      await slow.stop();
    }));

  test('without the time nothing is published twice; when asked to, everything in flight is, and runs that wait are not', () =>
    withBackend(async (shared) => {
      const lossy = lossyQueue(shared.backend.queue);
      const partition = new Partition(shared, 'a', echo, { queue: lossy.queue });
      await partition.takeOver();
      await partition.work();
      await partition.start(chain, {}, 'one');
      await partition.start(chain, {}, 'two');
      await partition.start(waiting, {}, 'three');
      await partition.settle();
      await shared.clock.advance(200_000);
      assert.equal(lossy.published, ['one/one#1', 'two/one#1']);
      lossy.loses = () => false;
      await partition.redispatch();
      await partition.settle();
      assert.equal(lossy.published.slice(2, 4), ['one/one#1', 'two/one#1']);
      assert.is(partition.liveRuns(), 1);
      await partition.stop();
    }));

  test('a stopped loop publishes nothing again', () =>
    withBackend(async (shared) => {
      const lossy = lossyQueue(shared.backend.queue);
      const partition = new Partition(shared, 'a', echo, { queue: lossy.queue, redispatchAfterMs });
      await partition.takeOver();
      await partition.start(chain, {}, 'r');
      await partition.settle();
      await partition.stop();
      await partition.redispatch();
      await shared.clock.advance(10 * redispatchAfterMs);
      assert.equal(lossy.published, ['r/one#1']);
    }));
});

import type { RunKey } from '@llmteam/contracts';
import type { PartitionLoopOptions } from '@llmteam/kernel';
import * as assert from 'uvu/assert';
import { spec } from '../support/spec.js';
import { failingEcho, mixedOutput, mixedRuns, release, startMixed } from './mixed-runs.js';
import { echo, Partition, type Shared, withBackend } from './partition.js';
import { chain, waiting } from './segments.js';
import { watched } from './watched-kv-store.js';

const intervalMs = 5_000;

async function factsOf({ backend }: Shared, run: RunKey): Promise<string[]> {
  const types: string[] = [];
  for await (const { fact } of backend.journal.read(run)) types.push(fact.type);
  return types;
}

async function passTime(shared: Shared, partitions: readonly Partition[], seconds: number): Promise<void> {
  for (let second = 0; second < seconds; second++) {
    await shared.clock.advance(1_000);
    for (const partition of partitions) await partition.settle();
  }
}

async function checkOutcomes(shared: Shared, partition: Partition, runs: readonly RunKey[]): Promise<void> {
  for (const [place, run] of runs.entries()) {
    const view = await partition.view(run);
    const told = `${run.run_id}: ${view.status} ${JSON.stringify(view.error)}`;
    assert.is(JSON.stringify(view.output), JSON.stringify(mixedOutput(place)), told);
    const ends = (await factsOf(shared, run)).filter((type) => type === 'run.ended');
    assert.is(ends.length, 1, told);
  }
}

function twoPartitions(shared: Shared, options: Partial<PartitionLoopOptions>): readonly [Partition, Partition] {
  const handler = failingEcho(new Map());
  return [new Partition(shared, 'one', handler, options), new Partition(shared, 'two', handler, options)];
}

/** Lists that collect the events of the runs as a loop derives them. */
function watchAll(partition: Partition, runs: readonly RunKey[]): string[][] {
  return runs.map((run) => {
    const events: string[] = [];
    partition.watch(run, events);
    return events;
  });
}

spec('two owners', (test) => {
  test(
    'two loops that own one partition see the same events, and every run ends once',
    () =>
      withBackend(async (shared) => {
        const pair = twoPartitions(shared, { maxResidentRuns: 5, redispatchAfterMs: 3_000 });
        const [one, two] = pair;
        for (const partition of pair) await partition.takeOver();
        for (const partition of pair) await partition.work();
        await one.publish(chain);
        const runs = mixedRuns('mixed', 3);
        const seen = pair.map((partition) => watchAll(partition, runs));
        await startMixed(one, runs);
        await passTime(shared, pair, 12);
        await release(two, runs);
        await passTime(shared, pair, 60);
        await checkOutcomes(shared, two, runs);
        const events = await Promise.all(runs.map((run) => two.runs.events(run)));
        const listed = events.map((list) => list.map(({ seq, event_type }) => `${seq} ${event_type}`));
        for (const lists of seen) assert.equal(lists, listed);
        for (const partition of pair) {
          assert.is(partition.liveRuns(), 0);
          assert.equal(partition.failures, []);
          await partition.stop();
        }
      }),
    { timeoutMs: 60_000 },
  );

  for (const crashAt of [0, 3, 6, 9, 14]) {
    test(`what two loops leave behind after ${crashAt} s a third takes over: no run is lost, none ends twice`, () =>
      withBackend(async (shared) => {
        const pair = twoPartitions(shared, { maxResidentRuns: 3, checkpointIntervalMs: 2_000 });
        const [one, two] = pair;
        const before = mixedRuns('before', 2);
        const after = mixedRuns('after', 2);
        await one.takeOver();
        await one.work();
        await one.publish(chain);
        await startMixed(one, before);
        await passTime(shared, pair, 3);
        await two.takeOver();
        await two.work();
        await startMixed(two, after);
        await passTime(shared, pair, crashAt);
        for (const partition of pair) await partition.crash();
        const third = new Partition(shared, 'three', failingEcho(new Map()), { maxResidentRuns: 3 });
        await third.takeOver();
        await third.work();
        await passTime(shared, [third], 35);
        for (const runs of [before, after]) await release(third, runs);
        await passTime(shared, [third], 60);
        for (const runs of [before, after]) await checkOutcomes(shared, third, runs);
        assert.is(third.liveRuns(), 0);
        assert.equal(await shared.backend.kv.list('snapshots/'), []);
        await third.stop();
      }));
  }

  test('a snapshot that a loop writes after another has taken over brings no run back from its end', () =>
    withBackend(async (shared) => {
      const held: (() => void)[] = [];
      const kv = watched(shared.backend.kv);
      kv.put = async (key, value, options) => {
        if (key.startsWith('snapshots/')) await new Promise<void>((resolve) => held.push(resolve));
        return shared.backend.kv.put(key, value, options);
      };
      const done = new Map<string, number>();
      const zombie = new Partition(shared, 'zombie', failingEcho(done), { kv });
      await zombie.takeOver();
      const run = await zombie.start(waiting);
      await passTime(shared, [zombie], 11);
      assert.is(held.length, 1, 'its snapshot is on the way');
      const owner = new Partition(shared, 'owner', failingEcho(done));
      await owner.takeOver();
      await owner.work();
      await owner.runs.signal(run, 'go', 'once');
      assert.is((await owner.view(run)).output, 'once');
      await passTime(shared, [owner], 3 * (intervalMs / 1_000));
      const crashed = zombie.crash();
      for (const arrive of held) arrive();
      await owner.settle();
      await crashed;
      assert.is((await shared.backend.kv.list('snapshots/')).length, 1, 'it arrived');
      await owner.crash();
      const third = new Partition(shared, 'third', failingEcho(done));
      await third.takeOver();
      await third.work();
      assert.is(third.liveRuns(), 0);
      await passTime(shared, [third], 60);
      assert.is((await factsOf(shared, run)).filter((type) => type === 'run.ended').length, 1);
      assert.is(done.get(`${run.run_id}/after#1`), 1);
      assert.equal(await shared.backend.kv.list('snapshots/'), []);
      await third.stop();
    }));

  test('a loop that another took over from writes no checkpoints, and drives runs all the same', () =>
    withBackend(async (shared) => {
      const kv = watched(shared.backend.kv);
      const first = new Partition(shared, 'first', echo, { kv, maxResidentRuns: 2 });
      await first.takeOver();
      await first.work();
      const second = new Partition(shared, 'second', echo);
      await second.takeOver();
      const runs: RunKey[] = [];
      for (let count = 0; count < 10; count++) runs.push(await first.start(waiting));
      await passTime(shared, [first, second], 20);
      await second.crash();
      const before = kv.writes.length;
      await passTime(shared, [first], 20);
      assert.is(kv.writes.length, before);
      for (const run of runs) await first.runs.signal(run, 'go', 'done');
      for (const run of runs) assert.is((await first.view(run)).output, 'done');
      await first.stop();
      const third = new Partition(shared, 'third', echo);
      await third.takeOver();
      assert.is(third.liveRuns(), 0);
      await third.stop();
    }));
});

import type { RunKey } from '@llmteam/contracts';
import type { PartitionLoopOptions } from '@llmteam/kernel';
import * as assert from 'uvu/assert';
import { spec } from '../support/spec.js';
import { failing_echo, mixed_output, mixed_runs, release, start_mixed } from './mixed-runs.js';
import { echo, Partition, type Shared, with_backend } from './partition.js';
import { chain, waiting } from './segments.js';
import { watched } from './watched-registry.js';

const interval_ms = 5_000;

async function facts_of({ backend }: Shared, run: RunKey): Promise<string[]> {
  const types: string[] = [];
  for await (const { fact } of backend.journal.read(run)) types.push(fact.type);
  return types;
}

async function pass_time(shared: Shared, partitions: readonly Partition[], seconds: number): Promise<void> {
  for (let second = 0; second < seconds; second++) {
    await shared.clock.advance(1_000);
    for (const partition of partitions) await partition.settle();
  }
}

async function check_outcomes(shared: Shared, partition: Partition, runs: readonly RunKey[]): Promise<void> {
  for (const [place, run] of runs.entries()) {
    const view = await partition.view(run);
    const told = `${run.run_id}: ${view.status} ${JSON.stringify(view.error)}`;
    assert.is(JSON.stringify(view.output), JSON.stringify(mixed_output(place)), told);
    const ends = (await facts_of(shared, run)).filter((type) => type === 'run.ended');
    assert.is(ends.length, 1, told);
  }
}

function two_partitions(shared: Shared, options: Partial<PartitionLoopOptions>): readonly [Partition, Partition] {
  const handler = failing_echo(new Map());
  return [new Partition(shared, 'one', handler, options), new Partition(shared, 'two', handler, options)];
}

/** Empty lists that fill with the events of the runs as a loop derives them. */
function watch_all(partition: Partition, runs: readonly RunKey[]): string[][] {
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
      with_backend(async (shared) => {
        const pair = two_partitions(shared, { max_resident_runs: 5, redispatch_after_ms: 3_000 });
        const [one, two] = pair;
        for (const partition of pair) await partition.take_over();
        for (const partition of pair) await partition.work();
        await one.publish(chain);
        const runs = mixed_runs('mixed', 3);
        const seen = pair.map((partition) => watch_all(partition, runs));
        await start_mixed(one, runs);
        await pass_time(shared, pair, 12);
        await release(two, runs);
        await pass_time(shared, pair, 60);
        await check_outcomes(shared, two, runs);
        const events = await Promise.all(runs.map((run) => two.runs.events(run)));
        const listed = events.map((list) => list.map(({ seq, event_type }) => `${seq} ${event_type}`));
        for (const lists of seen) assert.equal(lists, listed);
        for (const partition of pair) {
          assert.is(partition.live_runs(), 0);
          assert.equal(partition.failures, []);
          await partition.stop();
        }
      }),
    { timeout_ms: 60_000 },
  );

  for (const crash_at of [0, 3, 6, 9, 14]) {
    test(`what two loops leave behind after ${crash_at} s a third takes over: no run is lost, none ends twice`, () =>
      with_backend(async (shared) => {
        const pair = two_partitions(shared, { max_resident_runs: 3, checkpoint_interval_ms: 2_000 });
        const [one, two] = pair;
        const before = mixed_runs('before', 2);
        const after = mixed_runs('after', 2);
        await one.take_over();
        await one.work();
        await one.publish(chain);
        await start_mixed(one, before);
        await pass_time(shared, pair, 3);
        await two.take_over();
        await two.work();
        await start_mixed(two, after);
        await pass_time(shared, pair, crash_at);
        for (const partition of pair) await partition.crash();
        const third = new Partition(shared, 'three', failing_echo(new Map()), { max_resident_runs: 3 });
        await third.take_over();
        await third.work();
        await pass_time(shared, [third], 35);
        for (const runs of [before, after]) await release(third, runs);
        await pass_time(shared, [third], 60);
        for (const runs of [before, after]) await check_outcomes(shared, third, runs);
        assert.is(third.live_runs(), 0);
        assert.equal(await shared.backend.registry.list('snapshots/'), []);
        await third.stop();
      }));
  }

  test('a snapshot that a loop writes after another has taken over brings no run back from its end', () =>
    with_backend(async (shared) => {
      const held: (() => void)[] = [];
      const registry = watched(shared.backend.registry);
      registry.put = async (key, value, options) => {
        if (key.startsWith('snapshots/')) await new Promise<void>((resolve) => held.push(resolve));
        return shared.backend.registry.put(key, value, options);
      };
      const done = new Map<string, number>();
      const zombie = new Partition(shared, 'zombie', failing_echo(done), { registry });
      await zombie.take_over();
      const run = await zombie.start(waiting);
      await pass_time(shared, [zombie], 11);
      assert.is(held.length, 1, 'its snapshot is on the way');
      const owner = new Partition(shared, 'owner', failing_echo(done));
      await owner.take_over();
      await owner.work();
      await owner.runs.signal(run, 'go', 'once');
      assert.is((await owner.view(run)).output, 'once');
      await pass_time(shared, [owner], 3 * (interval_ms / 1_000));
      const crashed = zombie.crash();
      for (const arrive of held) arrive();
      await owner.settle();
      await crashed;
      assert.is((await shared.backend.registry.list('snapshots/')).length, 1, 'it arrived');
      await owner.crash();
      const third = new Partition(shared, 'third', failing_echo(done));
      await third.take_over();
      await third.work();
      assert.is(third.live_runs(), 0);
      await pass_time(shared, [third], 60);
      assert.is((await facts_of(shared, run)).filter((type) => type === 'run.ended').length, 1);
      assert.is(done.get(`${run.run_id}/after#1`), 1);
      assert.equal(await shared.backend.registry.list('snapshots/'), []);
      await third.stop();
    }));

  test('a loop that another took over from writes no checkpoints, and drives runs all the same', () =>
    with_backend(async (shared) => {
      const registry = watched(shared.backend.registry);
      const first = new Partition(shared, 'first', echo, { registry, max_resident_runs: 2 });
      await first.take_over();
      await first.work();
      const second = new Partition(shared, 'second', echo);
      await second.take_over();
      const runs: RunKey[] = [];
      for (let count = 0; count < 10; count++) runs.push(await first.start(waiting));
      await pass_time(shared, [first, second], 20);
      await second.crash();
      const before = registry.writes.length;
      await pass_time(shared, [first], 20);
      assert.is(registry.writes.length, before);
      for (const run of runs) await first.runs.signal(run, 'go', 'done');
      for (const run of runs) assert.is((await first.view(run)).output, 'done');
      await first.stop();
      const third = new Partition(shared, 'third', echo);
      await third.take_over();
      assert.is(third.live_runs(), 0);
      await third.stop();
    }));
});

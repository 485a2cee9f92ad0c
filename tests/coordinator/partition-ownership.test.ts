import * as assert from 'uvu/assert';
import { spec } from '../support/spec.js';
import { lease_ms, type TestCluster, type TestMember, with_cluster } from './cluster.js';

const one_second = 1_000;

function assert_even(cluster: TestCluster): void {
  const loads = cluster.loads();
  assert.is(
    loads.reduce((sum, load) => sum + load, 0),
    cluster.partitions,
    `loads ${loads}`,
  );
  assert.ok(Math.max(...loads) - Math.min(...loads) <= 1, `loads ${loads}`);
  for (const { ownership } of cluster.members.values()) assert.equal(ownership.unsettled(), []);
}

function assert_one_emitter_each(cluster: TestCluster): void {
  for (const [partition, ids] of cluster.emitters().entries()) {
    assert.ok(ids.length <= 1, `partition ${partition} is worked on by ${ids}`);
  }
}

spec('ownership of partitions', (test) => {
  test('spreads partitions evenly over any number of coordinators, also more than there are partitions', () =>
    with_cluster(7, async (cluster) => {
      for (const id of ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i']) {
        await cluster.join(id);
        await cluster.pass(lease_ms, () => assert_one_emitter_each(cluster), one_second);
        assert_even(cluster);
      }
    }));

  test('of coordinators that join at once is settled at once', () =>
    with_cluster(16, async (cluster) => {
      await cluster.join('a', 'b', 'c', 'd');
      await cluster.pass(one_second, () => assert_one_emitter_each(cluster));
      assert_even(cluster);
    }));

  test('moves with a checkpoint when a coordinator comes, and no more than its share', () =>
    with_cluster(16, async (cluster) => {
      await cluster.join('a', 'b', 'c');
      const before = cluster.owners();
      await cluster.join('d');
      const after = cluster.owners();
      const moved = after.flatMap((owner, partition) => (owner === before[partition] ? [] : [partition]));
      assert.equal(moved, cluster.member('d').owned());
      assert.is(moved.length, 4);
      for (const partition of moved) {
        const work = cluster.member(before[partition] ?? '').last_work(partition);
        assert.equal(work.stopped_with, { checkpoint: true });
      }
    }));

  test('is handed over at once on a clean stop: no time passes', () =>
    with_cluster(8, async (cluster) => {
      await cluster.join('a', 'b', 'c');
      const left = cluster.member('a');
      const had = left.owned();
      await cluster.leave('a');
      assert_even(cluster);
      for (const partition of had) assert.equal(left.last_work(partition).stopped_with, { checkpoint: true });
      assert.equal(await cluster.registry.list('members/coordinators/a'), []);
    }));

  test('is handed over at once also by one that is just telling that it lives', () =>
    with_cluster(2, async (cluster) => {
      await cluster.join('a', 'b');
      const { surroundings } = cluster.member('a');
      surroundings.write_delay_ms = 50;
      await cluster.clock.advance(lease_ms / 3);
      const left = cluster.leave('a');
      await cluster.pass(one_second);
      await left;
      assert.is(cluster.member('b').owned().length, 2);
      assert.equal(await cluster.registry.list('members/coordinators/a'), []);
    }));

  test('is kept while a long checkpoint is written, and handed over after it', () =>
    with_cluster(2, async (cluster) => {
      await cluster.join('a', 'b');
      const leaving = cluster.member('a');
      const [partition = 0] = leaving.owned();
      const work = leaving.last_work(partition);
      work.stopping = new Promise((resolve) => cluster.clock.after(3 * lease_ms, () => resolve()));
      const left = cluster.leave('a');
      await cluster.pass(3 * lease_ms - one_second, () =>
        assert.not.ok(cluster.member('b').owned().includes(partition)),
      );
      assert.ok(work.context.is_held(), 'it may still write');
      await cluster.pass(2 * one_second);
      await left;
      assert.is(cluster.member('b').owned().length, 2);
    }));

  test('of the last coordinator ends with it: no lease is left', () =>
    with_cluster(4, async (cluster) => {
      await cluster.join('a');
      await cluster.leave('a');
      assert.equal(await cluster.registry.list(''), []);
    }));

  test('is taken over within the lease and a second after a crash, and not before the lease is over', () =>
    with_cluster(8, async (cluster) => {
      await cluster.join('a', 'b', 'c');
      await cluster.pass(lease_ms / 2);
      const orphans = cluster.member('a').owned();
      cluster.crash('a');
      const crashed_at = cluster.clock.now();
      let whole_at = 0;
      await cluster.pass(lease_ms + one_second, () => {
        const is_whole = cluster.owners().every((owner) => owner !== null);
        if (is_whole && whole_at === 0) whole_at = cluster.clock.now();
      });
      assert.ok(orphans.length >= 2);
      assert.ok(whole_at > 0, `still orphaned: ${cluster.owners()}`);
      assert.ok(whole_at - crashed_at >= (lease_ms * 2) / 3 - 100, 'a renewal may be a third of a lease old');
      assert_even(cluster);
    }));

  test(
    'is kept as long as its coordinator lives: nothing is taken over twice in an hour',
    () =>
      with_cluster(4, async (cluster) => {
        await cluster.join('a', 'b');
        await cluster.pass(3_600_000, () => assert_one_emitter_each(cluster), 10_000);
        const takeovers = [...cluster.members.values()].map(({ ownership }) => ownership.takeovers);
        assert.ok(takeovers.reduce((sum, times) => sum + times, 0) <= 6, `taken over ${takeovers} times`);
        assert_even(cluster);
      }),
    { timeout_ms: 60_000 },
  );

  test('ends, for one that cannot reach the registry, before another takes over, and comes back', () =>
    with_cluster(4, async (cluster) => {
      await cluster.join('a', 'b');
      const { surroundings } = cluster.member('a');
      surroundings.is_cut = true;
      await cluster.pass(lease_ms + one_second, () => assert_one_emitter_each(cluster));
      assert.equal(cluster.member('a').owned(), []);
      assert.is(cluster.member('b').owned().length, 4);
      assert.match(cluster.member('a').ownership.unsettled()[0] ?? '', /not heard of it/);
      surroundings.is_cut = false;
      await cluster.pass(lease_ms, () => assert_one_emitter_each(cluster));
      assert_even(cluster);
    }));

  test('of a process that was stopped and wakes is over: it emits nothing, from its first instruction on', () =>
    with_cluster(4, async (cluster) => {
      await cluster.join('a', 'b');
      const sleeper = cluster.member('a');
      const had = sleeper.owned();
      sleeper.surroundings.pause();
      await cluster.pass(2 * lease_ms);
      assert.is(cluster.member('b').owned().length, 4);
      for (const partition of had) {
        assert.ok(sleeper.last_work(partition).is_working, 'it has not noticed anything yet');
        assert.not.ok(sleeper.may_emit(partition), 'and yet it may do nothing');
      }
      sleeper.surroundings.wake();
      await cluster.pass(lease_ms, () => assert_one_emitter_each(cluster));
      for (const partition of had) {
        const works = sleeper.works.filter(({ context }) => context.partition === partition);
        assert.equal(works[0]?.stopped_with, { checkpoint: false });
      }
      assert_even(cluster);
    }));

  test('survives a stop shorter than the trusted part of the lease', () =>
    with_cluster(4, async (cluster) => {
      await cluster.join('a', 'b');
      const { surroundings, ownership } = cluster.member('a');
      surroundings.pause();
      await cluster.pass(lease_ms / 4, () => assert_one_emitter_each(cluster));
      surroundings.wake();
      await cluster.pass(lease_ms, () => assert_one_emitter_each(cluster));
      assert.is(ownership.takeovers, 2);
      assert_even(cluster);
    }));

  test('that somebody else took all the same is given up without a checkpoint', () =>
    with_cluster(1, async (cluster) => {
      await cluster.join('a');
      await cluster.registry.put('leases/0', { owner: 'thief' }, { ttl_ms: lease_ms });
      await cluster.pass(lease_ms / 2);
      assert.equal(cluster.member('a').last_work(0).stopped_with, { checkpoint: false });
      assert.equal(cluster.member('a').owned(), []);
      await cluster.pass(lease_ms);
      assert.equal(cluster.member('a').owned(), [0]);
    }));

  test('is left to others where the work fails, and tried again there if nobody else can', () =>
    with_cluster(2, async (cluster) => {
      const bad = cluster.add('a');
      let attempts = 0;
      bad.takes = (partition) => {
        if (partition !== 0) return Promise.resolve();
        attempts++;
        return Promise.reject(new Error('cannot be read here'));
      };
      await bad.ownership.start();
      await cluster.pass(10 * lease_ms, () => undefined, one_second);
      assert.ok(attempts >= 3 && attempts <= 6, `${attempts} attempts within ten leases`);
      assert.equal(bad.owned(), [1]);
      assert.match(bad.ownership.unsettled()[0] ?? '', /not taken over yet: partition 0/);
      await cluster.join('b');
      await cluster.pass(lease_ms);
      assert.equal(cluster.member('b').owned().includes(0), true);
    }));

  test('whose takeover takes longer than the lease is kept and may be given up meanwhile', () =>
    with_cluster(1, async (cluster) => {
      const slow = cluster.add('a');
      slow.takes = () => new Promise(() => undefined);
      await slow.ownership.start();
      await cluster.pass(3 * lease_ms);
      assert.is(slow.works.length, 1);
      assert.ok(slow.may_emit(0));
      assert.equal(slow.owned(), []);
      await cluster.leave('a');
      assert.equal(slow.last_work(0).stopped_with, { checkpoint: false });
      assert.equal(await cluster.registry.list('leases/'), []);
    }));

  test(
    'stays whole and even through an hour of coming, going, crashing, sleeping and cuts',
    () =>
      with_cluster(8, async (cluster) => {
        const random = seeded(42);
        const look = (): void => assert_one_emitter_each(cluster);
        const happened = new Map<string, number>();
        await cluster.join('first');
        for (let round = 0; round < 60; round++) {
          const [what, happen] = next_event(cluster, random);
          happened.set(what, (happened.get(what) ?? 0) + 1);
          await happen(`m${round}`, look);
          const calm_ms = random() < 0.5 ? random() * lease_ms : 2.5 * lease_ms;
          await cluster.pass(calm_ms, look, 500);
        }
        await cluster.pass(3 * lease_ms, look, 500);
        assert_even(cluster);
        for (const what of ['join', 'leave', 'crash', 'sleep', 'cut']) {
          assert.ok((happened.get(what) ?? 0) >= 3, `${what}: ${happened.get(what)} times`);
        }
      }),
    { timeout_ms: 60_000 },
  );
});

type Happening = readonly [what: string, happen: (name: string, look: () => void) => Promise<void>];

/** One member is always left. */
function next_event(cluster: TestCluster, random: () => number): Happening {
  const members = [...cluster.members.values()];
  const one = members[Math.floor(random() * members.length)] as TestMember;
  const long_ms = random() * 2 * lease_ms;
  const { surroundings } = one;
  const happenings: Happening[] = [
    [
      'sleep',
      async (_, look) => {
        surroundings.pause();
        await cluster.pass(long_ms, look, 500);
        surroundings.wake();
      },
    ],
    [
      'cut',
      async (_, look) => {
        surroundings.is_cut = true;
        await cluster.pass(long_ms, look, 500);
        surroundings.is_cut = false;
      },
    ],
  ];
  if (members.length < 5) happenings.push(['join', (name) => cluster.join(name)]);
  if (members.length > 1) happenings.push(['leave', () => cluster.leave(one.id)]);
  if (members.length > 1) happenings.push(['crash', async () => cluster.crash(one.id)]);
  return happenings[Math.floor(random() * happenings.length)] as Happening;
}

/** The same numbers every time. */
function seeded(seed: number): () => number {
  const state = { value: seed };
  return () => {
    state.value = (Math.imul(state.value, 1_664_525) + 1_013_904_223) >>> 0;
    return state.value / 0x1_0000_0000;
  };
}

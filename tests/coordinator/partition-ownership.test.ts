import * as assert from 'uvu/assert';
import { spec } from '../support/spec.js';
import { leaseMs, type TestCluster, type TestMember, withCluster } from './cluster.js';

const oneSecond = 1_000;

function assertEven(cluster: TestCluster): void {
  const loads = cluster.loads();
  assert.is(
    loads.reduce((sum, load) => sum + load, 0),
    cluster.partitions,
    `loads ${loads}`,
  );
  assert.ok(Math.max(...loads) - Math.min(...loads) <= 1, `loads ${loads}`);
  for (const { ownership } of cluster.members.values()) assert.equal(ownership.unsettled(), []);
}

function assertOneEmitterEach(cluster: TestCluster): void {
  for (const [partition, ids] of cluster.emitters().entries()) {
    assert.ok(ids.length <= 1, `partition ${partition} is worked on by ${ids}`);
  }
}

spec('ownership of partitions', (test) => {
  test('spreads partitions evenly over any number of coordinators, also more than there are partitions', () =>
    withCluster(7, async (cluster) => {
      for (const id of ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i']) {
        await cluster.join(id);
        await cluster.pass(leaseMs, () => assertOneEmitterEach(cluster), oneSecond);
        assertEven(cluster);
      }
    }));

  test('settles immediately when coordinators join at the same time', () =>
    withCluster(16, async (cluster) => {
      await cluster.join('a', 'b', 'c', 'd');
      await cluster.pass(oneSecond, () => assertOneEmitterEach(cluster));
      assertEven(cluster);
    }));

  test('moves with a checkpoint when a coordinator joins, and no more than its share', () =>
    withCluster(16, async (cluster) => {
      await cluster.join('a', 'b', 'c');
      const before = cluster.owners();
      await cluster.join('d');
      const after = cluster.owners();
      const moved = after.flatMap((owner, partition) => (owner === before[partition] ? [] : [partition]));
      assert.equal(moved, cluster.member('d').owned());
      assert.is(moved.length, 4);
      for (const partition of moved) {
        const work = cluster.member(before[partition] ?? '').lastWork(partition);
        assert.equal(work.stoppedWith, { checkpoint: true });
      }
    }));

  test('is transferred immediately on a graceful stop: no time passes', () =>
    withCluster(8, async (cluster) => {
      await cluster.join('a', 'b', 'c');
      const left = cluster.member('a');
      const had = left.owned();
      await cluster.leave('a');
      assertEven(cluster);
      for (const partition of had) assert.equal(left.lastWork(partition).stoppedWith, { checkpoint: true });
      assert.equal(await cluster.kv.list('members/coordinators/a'), []);
    }));

  test('is transferred immediately even during a heartbeat', () =>
    withCluster(2, async (cluster) => {
      await cluster.join('a', 'b');
      const { surroundings } = cluster.member('a');
      surroundings.writeDelayMs = 50;
      await cluster.clock.advance(leaseMs / 3);
      const left = cluster.leave('a');
      await cluster.pass(oneSecond);
      await left;
      assert.is(cluster.member('b').owned().length, 2);
      assert.equal(await cluster.kv.list('members/coordinators/a'), []);
    }));

  test('is kept while a long checkpoint is written, and transferred afterwards', () =>
    withCluster(2, async (cluster) => {
      await cluster.join('a', 'b');
      const leaving = cluster.member('a');
      const [partition = 0] = leaving.owned();
      const work = leaving.lastWork(partition);
      work.stopping = new Promise((resolve) => cluster.clock.after(3 * leaseMs, () => resolve()));
      const left = cluster.leave('a');
      await cluster.pass(3 * leaseMs - oneSecond, () => assert.not.ok(cluster.member('b').owned().includes(partition)));
      assert.ok(work.context.isHeld(), 'it may still write');
      await cluster.pass(2 * oneSecond);
      await left;
      assert.is(cluster.member('b').owned().length, 2);
    }));

  test('ends with the last coordinator: no lease is left', () =>
    withCluster(4, async (cluster) => {
      await cluster.join('a');
      await cluster.leave('a');
      assert.equal(await cluster.kv.list(''), []);
    }));

  test('is taken over within the lease plus a second after a crash, and not before the lease expires', () =>
    withCluster(8, async (cluster) => {
      await cluster.join('a', 'b', 'c');
      await cluster.pass(leaseMs / 2);
      const orphans = cluster.member('a').owned();
      cluster.crash('a');
      const crashedAt = cluster.clock.now();
      let wholeAt = 0;
      await cluster.pass(leaseMs + oneSecond, () => {
        const isWhole = cluster.owners().every((owner) => owner !== null);
        if (isWhole && wholeAt === 0) wholeAt = cluster.clock.now();
      });
      assert.ok(orphans.length >= 2);
      assert.ok(wholeAt > 0, `still orphaned: ${cluster.owners()}`);
      assert.ok(wholeAt - crashedAt >= (leaseMs * 2) / 3 - 100, 'a renewal may be a third of a lease old');
      assertEven(cluster);
    }));

  test(
    'is kept as long as its coordinator lives: nothing is taken over twice in an hour',
    () =>
      withCluster(4, async (cluster) => {
        await cluster.join('a', 'b');
        await cluster.pass(3_600_000, () => assertOneEmitterEach(cluster), 10_000);
        const takeovers = [...cluster.members.values()].map(({ ownership }) => ownership.takeovers);
        assert.ok(takeovers.reduce((sum, times) => sum + times, 0) <= 6, `taken over ${takeovers} times`);
        assertEven(cluster);
      }),
    { timeoutMs: 60_000 },
  );

  test('of a coordinator that cannot reach the key-value store ends before another takes over, and comes back', () =>
    withCluster(4, async (cluster) => {
      await cluster.join('a', 'b');
      const { surroundings } = cluster.member('a');
      surroundings.isCut = true;
      await cluster.pass(leaseMs + oneSecond, () => assertOneEmitterEach(cluster));
      assert.equal(cluster.member('a').owned(), []);
      assert.is(cluster.member('b').owned().length, 4);
      assert.match(cluster.member('a').ownership.unsettled()[0] ?? '', /not been renewed/);
      surroundings.isCut = false;
      await cluster.pass(leaseMs, () => assertOneEmitterEach(cluster));
      assertEven(cluster);
    }));

  test('of a process that wakes from a pause is over: it emits nothing, from its first instruction on', () =>
    withCluster(4, async (cluster) => {
      await cluster.join('a', 'b');
      const sleeper = cluster.member('a');
      const had = sleeper.owned();
      sleeper.surroundings.pause();
      await cluster.pass(2 * leaseMs);
      assert.is(cluster.member('b').owned().length, 4);
      for (const partition of had) {
        assert.ok(sleeper.lastWork(partition).isWorking, 'it has not noticed anything yet');
        assert.not.ok(sleeper.mayEmit(partition), 'and yet it may do nothing');
      }
      sleeper.surroundings.wake();
      await cluster.pass(leaseMs, () => assertOneEmitterEach(cluster));
      for (const partition of had) {
        const works = sleeper.works.filter(({ context }) => context.partition === partition);
        assert.equal(works[0]?.stoppedWith, { checkpoint: false });
      }
      assertEven(cluster);
    }));

  test('survives a pause shorter than the trusted part of the lease', () =>
    withCluster(4, async (cluster) => {
      await cluster.join('a', 'b');
      const { surroundings, ownership } = cluster.member('a');
      surroundings.pause();
      await cluster.pass(leaseMs / 4, () => assertOneEmitterEach(cluster));
      surroundings.wake();
      await cluster.pass(leaseMs, () => assertOneEmitterEach(cluster));
      assert.is(ownership.takeovers, 2);
      assertEven(cluster);
    }));

  test('that another member took anyway is released without a checkpoint', () =>
    withCluster(1, async (cluster) => {
      await cluster.join('a');
      await cluster.kv.put('leases/0', { owner: 'thief' }, { ttlMs: leaseMs });
      await cluster.pass(leaseMs / 2);
      assert.equal(cluster.member('a').lastWork(0).stoppedWith, { checkpoint: false });
      assert.equal(cluster.member('a').owned(), []);
      await cluster.pass(leaseMs);
      assert.equal(cluster.member('a').owned(), [0]);
    }));

  test('is left to others if its loop fails, and retried there if no other member can take it', () =>
    withCluster(2, async (cluster) => {
      const bad = cluster.add('a');
      let attempts = 0;
      bad.takes = (partition) => {
        if (partition !== 0) return Promise.resolve();
        attempts++;
        return Promise.reject(new Error('cannot be read here'));
      };
      await bad.ownership.start();
      await cluster.pass(10 * leaseMs, () => undefined, oneSecond);
      assert.ok(attempts >= 3 && attempts <= 6, `${attempts} attempts within ten leases`);
      assert.equal(bad.owned(), [1]);
      assert.match(bad.ownership.unsettled()[0] ?? '', /not taken over yet: partition 0/);
      await cluster.join('b');
      await cluster.pass(leaseMs);
      assert.equal(cluster.member('b').owned().includes(0), true);
    }));

  test('is kept during a takeover that takes longer than the lease, and may be released meanwhile', () =>
    withCluster(1, async (cluster) => {
      const slow = cluster.add('a');
      slow.takes = () => new Promise(() => undefined);
      await slow.ownership.start();
      await cluster.pass(3 * leaseMs);
      assert.is(slow.works.length, 1);
      assert.ok(slow.mayEmit(0));
      assert.equal(slow.owned(), []);
      await cluster.leave('a');
      assert.equal(slow.lastWork(0).stoppedWith, { checkpoint: false });
      assert.equal(await cluster.kv.list('leases/'), []);
    }));

  test(
    'stays complete and balanced through an hour of joins, stops, crashes, pauses and network cuts',
    () =>
      withCluster(8, async (cluster) => {
        const random = seeded(42);
        const look = (): void => assertOneEmitterEach(cluster);
        const happened = new Map<string, number>();
        await cluster.join('first');
        for (let round = 0; round < 60; round++) {
          const [what, happen] = nextEvent(cluster, random);
          happened.set(what, (happened.get(what) ?? 0) + 1);
          await happen(`m${round}`, look);
          const calmMs = random() < 0.5 ? random() * leaseMs : 2.5 * leaseMs;
          await cluster.pass(calmMs, look, 500);
        }
        await cluster.pass(3 * leaseMs, look, 500);
        assertEven(cluster);
        for (const what of ['join', 'leave', 'crash', 'sleep', 'cut']) {
          assert.ok((happened.get(what) ?? 0) >= 3, `${what}: ${happened.get(what)} times`);
        }
      }),
    { timeoutMs: 60_000 },
  );
});

type Happening = readonly [what: string, happen: (name: string, look: () => void) => Promise<void>];

/** At least one member always survives. */
function nextEvent(cluster: TestCluster, random: () => number): Happening {
  const members = [...cluster.members.values()];
  const one = members[Math.floor(random() * members.length)] as TestMember;
  const longMs = random() * 2 * leaseMs;
  const { surroundings } = one;
  const happenings: Happening[] = [
    [
      'sleep',
      async (_, look) => {
        surroundings.pause();
        await cluster.pass(longMs, look, 500);
        surroundings.wake();
      },
    ],
    [
      'cut',
      async (_, look) => {
        surroundings.isCut = true;
        await cluster.pass(longMs, look, 500);
        surroundings.isCut = false;
      },
    ],
  ];
  if (members.length < 5) happenings.push(['join', (name) => cluster.join(name)]);
  if (members.length > 1) happenings.push(['leave', () => cluster.leave(one.id)]);
  if (members.length > 1) happenings.push(['crash', async () => cluster.crash(one.id)]);
  return happenings[Math.floor(random() * happenings.length)] as Happening;
}

/** A fixed sequence of numbers. */
function seeded(seed: number): () => number {
  const state = { value: seed };
  return () => {
    state.value = (Math.imul(state.value, 1_664_525) + 1_013_904_223) >>> 0;
    return state.value / 0x1_0000_0000;
  };
}

import { assign, type Member } from '@llmteam/coordinator';
import * as fc from 'fast-check';
import * as assert from 'uvu/assert';
import { assertProperty } from '../support/random.js';
import { spec } from '../support/spec.js';

const ready = (id: string): Member => ({ id, declines: [] });

/** Members with unique names, and arbitrary current owners, including members that are gone. */
const scenes = fc
  .record({
    partitions: fc.integer({ min: 1, max: 64 }),
    ids: fc.uniqueArray(fc.string({ minLength: 1, maxLength: 8 }), { minLength: 1, maxLength: 9 }),
    holders: fc.array(fc.option(fc.nat(10), { nil: null }), { minLength: 64, maxLength: 64 }),
  })
  .map(({ partitions, ids, holders }) => {
    const owners = new Map<number, string>();
    for (const [partition, holder] of holders.slice(0, partitions).entries()) {
      if (holder !== null) owners.set(partition, ids[holder] ?? 'gone');
    }
    return { partitions, members: ids.map(ready), owners };
  });

function loadsOf(assigned: ReadonlyMap<number, string>, members: readonly Member[]): number[] {
  return members.map(({ id }) => [...assigned.values()].filter((owner) => owner === id).length);
}

function withEvenShares(partitions: number, ids: readonly string[]): ReadonlyMap<number, string> {
  return assign({ partitions, members: ids.map(ready), owners: new Map() });
}

spec('assignment of partitions', (test) => {
  test('gives every partition to a live member and differs by one at most, whoever holds what (P1, P2)', () =>
    assertProperty(
      fc.property(scenes, (scene) => {
        const assigned = assign(scene);
        assert.is(assigned.size, scene.partitions);
        const loads = loadsOf(assigned, scene.members);
        assert.is(
          loads.reduce((sum, load) => sum + load, 0),
          scene.partitions,
        );
        assert.ok(Math.max(...loads) - Math.min(...loads) <= 1, `loads ${loads}`);
      }),
    ));

  test('moves nothing but what must: each live member keeps its share of what it holds (P3)', () =>
    assertProperty(
      fc.property(scenes, (scene) => {
        const assigned = assign(scene);
        const loads = loadsOf(assigned, scene.members);
        for (const [place, { id }] of scene.members.entries()) {
          const held = [...scene.owners].flatMap(([partition, owner]) => (owner === id ? [partition] : []));
          const kept = held.filter((partition) => assigned.get(partition) === id).length;
          assert.is(kept, Math.min(held.length, loads[place] ?? 0), `${id} holds ${held} and keeps ${kept}`);
        }
      }),
    ));

  test('is the same for all, in whatever order they see members and leases', () =>
    assertProperty(
      fc.property(scenes, (scene) => {
        const turned = {
          ...scene,
          members: [...scene.members].reverse(),
          owners: new Map([...scene.owners].reverse()),
        };
        assert.equal([...assign(turned)].sort(), [...assign(scene)].sort());
      }),
    ));

  test('is what it was once it is carried out', () =>
    assertProperty(
      fc.property(scenes, (scene) => {
        const assigned = assign(scene);
        assert.equal([...assign({ ...scene, owners: assigned })].sort(), [...assigned].sort());
      }),
    ));

  test('for a newcomer moves its share alone, for one that goes what it had alone', () => {
    const ids = ['a', 'b', 'c', 'd', 'e'];
    for (const partitions of [4, 7, 16, 64]) {
      for (let count = 1; count < ids.length; count++) {
        const before = withEvenShares(partitions, ids.slice(0, count));
        const members = ids.slice(0, count + 1).map(ready);
        const after = assign({ partitions, members, owners: before });
        const moved = [...after].filter(([partition, id]) => before.get(partition) !== id);
        assert.is(moved.length, Math.floor(partitions / (count + 1)), `${partitions} partitions, ${count} members`);
        const [first, ...rest] = ids.slice(0, count + 1).map(ready);
        const left = assign({ partitions, members: rest, owners: after });
        const movedAgain = [...left].filter(([partition, id]) => after.get(partition) !== id);
        const had = [...after.values()].filter((id) => id === first?.id).length;
        assert.is(movedAgain.length, had);
      }
    }
  });

  test('leaves a partition to others while a member declines it, and to nobody but it if all decline', () => {
    const owners = new Map([[0, 'a']]);
    const members = [{ id: 'a', declines: [0] }, ready('b')];
    assert.is(assign({ partitions: 1, members, owners }).get(0), 'b');
    assert.is(assign({ partitions: 1, members: [{ id: 'a', declines: [0] }], owners }).get(0), 'a');
    const full = new Map([0, 1, 2, 3].map((partition) => [partition, partition < 2 ? 'a' : 'b'] as const));
    const overloaded = assign({ partitions: 4, members, owners: full });
    assert.equal(
      [0, 1, 2, 3].map((partition) => overloaded.get(partition)),
      ['b', 'a', 'b', 'b'],
    );
  });

  test('of nobody is empty, and a lease of a partition that is no more counts for nothing', () => {
    assert.is(assign({ partitions: 4, members: [], owners: new Map([[0, 'gone']]) }).size, 0);
    const owners = new Map([
      [9, 'a'],
      [10, 'a'],
    ]);
    const assigned = assign({ partitions: 2, members: ['a', 'b'].map(ready), owners });
    assert.equal(loadsOf(assigned, ['a', 'b'].map(ready)), [1, 1]);
  });
});

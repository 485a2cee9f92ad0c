/** Conformance suite of `KvStore`; numbers as in contracts/src/ports/kv-store.ts. */
import * as assert from 'node:assert/strict';
import type { Json, KvChange, KvStore } from '@llmteam/contracts';
import { Collected, checkSupports, firstOf, type Kit, rejectsWith, withPort, withReopened } from './kit.js';

const keysOf = (values: readonly { readonly key: string }[]) => values.map(({ key }) => key);

async function readValue(kv: KvStore, key: string): Promise<Json | undefined> {
  return (await kv.get(key))?.value;
}

/** Watches until `use` settles. */
async function withWatcher(
  kv: KvStore,
  prefix: string,
  use: (watcher: Collected<KvChange>, stop: () => void) => Promise<void>,
): Promise<void> {
  const control = new AbortController();
  const watcher = new Collected(kv.watch(prefix, control.signal));
  try {
    await use(watcher, () => control.abort());
  } finally {
    control.abort();
  }
}

/** The changes a watcher got as key and value, undefined for a removed key. */
function told(changes: readonly KvChange[]): [string, Json | undefined][] {
  return changes.map(({ key, value }) => [key, value?.value]);
}

export function kvStoreConformance(kit: Kit<KvStore>): void {
  writeLaws(kit);
  expiryLaws(kit);
  listLaws(kit);
  watchLaws(kit);
  copyAndCloseLaws(kit);
}

function writeLaws(kit: Kit<KvStore>): void {
  const { test } = kit;

  test('the flags of a key-value store are known', () => withPort(kit, async (kv) => checkSupports(kv)));

  test('G1 get returns a stored value with key and revision, and null for an unknown key', () =>
    withPort(kit, async (kv) => {
      assert.equal(await kv.get('a'), null);
      const revision = await kv.put('a', { x: [1, null] });
      assert.ok(revision > 0);
      assert.deepEqual(await kv.get('a'), { key: 'a', value: { x: [1, null] }, revision });
    }));

  test('G1 a put without ifRevision always writes, and every write changes the revision', () =>
    withPort(kit, async (kv) => {
      const revisions = [await kv.put('a', 1), await kv.put('a', 1), await kv.put('a', 2)];
      await kv.delete('a');
      revisions.push(await kv.put('a', 1));
      assert.equal(new Set(revisions).size, 4);
      assert.equal((await kv.get('a'))?.revision, revisions[3]);
    }));

  test('G1 a put with ifRevision writes if the key has that revision, otherwise it changes nothing', () =>
    withPort(kit, async (kv) => {
      const first = await kv.put('a', 1, { ifRevision: 0 });
      await rejectsWith('REVISION_CONFLICT', () => kv.put('a', 2, { ifRevision: 0 }));
      const second = await kv.put('a', 3, { ifRevision: first });
      await rejectsWith('REVISION_CONFLICT', () => kv.put('a', 4, { ifRevision: first }));
      await rejectsWith('REVISION_CONFLICT', () => kv.put('b', 4, { ifRevision: second }));
      assert.deepEqual(await kv.get('a'), { key: 'a', value: 3, revision: second });
      assert.equal(await kv.get('b'), null);
    }));

  test('G1 a delete with ifRevision deletes if the key has that revision, otherwise it changes nothing', () =>
    withPort(kit, async (kv) => {
      const first = await kv.put('a', 1);
      const second = await kv.put('a', 2);
      await rejectsWith('REVISION_CONFLICT', () => kv.delete('a', { ifRevision: first }));
      assert.equal(await readValue(kv, 'a'), 2);
      await kv.delete('a', { ifRevision: second });
      assert.equal(await kv.get('a'), null);
      await kv.delete('a');
      await kv.delete('never');
    }));

  test('G1 a revision from before a deletion matches nothing that is written afterwards', () =>
    withPort(kit, async (kv) => {
      const old = await kv.put('a', 1);
      await kv.delete('a');
      await kv.put('a', 2, { ifRevision: 0 });
      await rejectsWith('REVISION_CONFLICT', () => kv.put('a', 3, { ifRevision: old }));
    }));

  for (const present of [false, true]) {
    test(`G1 of N racing writers with the same ifRevision exactly one wins; key ${present ? 'present' : 'absent'}`, () =>
      withPort(kit, async (kv) => {
        const ifRevision = present ? await kv.put('a', 'before') : 0;
        const racers = Array.from({ length: 20 }, (_, index) => kv.put('a', index, { ifRevision }));
        const outcomes = await Promise.allSettled(racers);
        const winners = outcomes.flatMap((outcome, index) => (outcome.status === 'fulfilled' ? [index] : []));
        assert.equal(winners.length, 1);
        assert.equal(await readValue(kv, 'a'), winners[0]);
        for (const outcome of outcomes) {
          if (outcome.status === 'rejected') {
            await rejectsWith('REVISION_CONFLICT', () => Promise.reject(outcome.reason));
          }
        }
      }));
  }

  test('G1 writes and deletions survive a reopen, and revisions are never reused', () =>
    withReopened(
      kit,
      async (kv) => {
        await kv.put('a', { kept: true });
        await kv.put('b', 1);
        await kv.delete('b');
      },
      async (kv) => {
        const kept = await kv.get('a');
        assert.deepEqual(kept?.value, { kept: true });
        assert.equal(await kv.get('b'), null);
        const revision = await kv.put('b', 2);
        assert.ok(revision > (kept?.revision ?? 0) + 1, 'the revision of the deleted value is not given again');
      },
    ));
}

function expiryLaws(kit: Kit<KvStore>): void {
  const { test } = kit;

  test('G2 a value with ttlMs expires after that time, not before', () =>
    withPort(kit, async (kv, { advance }) => {
      await kv.put('a', 1, { ttlMs: 1_000 });
      await kv.put('b', 2);
      await advance(400);
      assert.equal(await readValue(kv, 'a'), 1);
      await advance(800);
      assert.equal(await kv.get('a'), null);
      assert.deepEqual(keysOf(await kv.list('')), ['b']);
    }));

  test('G2 a value that is written again has the ttl of the last write, or none', () =>
    withPort(kit, async (kv, { advance }) => {
      await kv.put('renewed', 1, { ttlMs: 1_000 });
      await kv.put('kept', 1, { ttlMs: 1_000 });
      await advance(600);
      await kv.put('renewed', 2, { ttlMs: 1_000 });
      await kv.put('kept', 2);
      await advance(800);
      assert.equal(await readValue(kv, 'renewed'), 2);
      await advance(2_000);
      assert.equal(await kv.get('renewed'), null);
      assert.equal(await readValue(kv, 'kept'), 2);
    }));

  test('G2 an expired value counts as absent for ifRevision', () =>
    withPort(kit, async (kv, { advance }) => {
      const revision = await kv.put('a', 1, { ttlMs: 500 });
      await advance(1_000);
      await rejectsWith('REVISION_CONFLICT', () => kv.put('a', 2, { ifRevision: revision }));
      await kv.put('a', 2, { ifRevision: 0 });
      assert.equal(await readValue(kv, 'a'), 2);
    }));

  test('G2 each value expires at its own time', () =>
    withPort(kit, async (kv, { advance }) => {
      await kv.put('c', 1, { ttlMs: 3_000 });
      await kv.put('a', 1, { ttlMs: 1_000 });
      await kv.put('b', 1, { ttlMs: 2_000 });
      for (const left of [['b', 'c'], ['c'], []]) {
        await advance(1_050);
        assert.deepEqual(keysOf(await kv.list('')), left);
      }
    }));

  test('G2 a value expires even while the store is closed', () =>
    withReopened(
      kit,
      async (kv) => {
        await kv.put('short', 1, { ttlMs: 1_000 });
        await kv.put('long', 1, { ttlMs: 60_000 });
      },
      async (kv, { advance }) => {
        await advance(1_500);
        assert.equal(await kv.get('short'), null);
        assert.equal(await readValue(kv, 'long'), 1);
      },
    ));
}

function listLaws(kit: Kit<KvStore>): void {
  const { test } = kit;
  const keys = ['a', 'a/1', 'a/10', 'a/2', 'a/b/c', 'a%', 'a_x', 'ab', 'B', 'b', 'é', '😀'];

  async function filled(kv: KvStore): Promise<void> {
    for (const key of [...keys].reverse()) await kv.put(key, key);
  }

  test('G3 list returns the keys with the prefix in key order, with values and revisions', () =>
    withPort(kit, async (kv) => {
      await filled(kv);
      assert.deepEqual(keysOf(await kv.list('a/')), ['a/1', 'a/10', 'a/2', 'a/b/c']);
      assert.deepEqual(keysOf(await kv.list('')), [
        'B',
        'a',
        'a%',
        'a/1',
        'a/10',
        'a/2',
        'a/b/c',
        'a_x',
        'ab',
        'b',
        'é',
        '😀',
      ]);
      assert.deepEqual(await kv.list('a/b'), [await kv.get('a/b/c')]);
    }));

  test('G3 a prefix is matched literally', () =>
    withPort(kit, async (kv) => {
      await filled(kv);
      assert.deepEqual(keysOf(await kv.list('a%')), ['a%']);
      assert.deepEqual(keysOf(await kv.list('a_')), ['a_x']);
      assert.deepEqual(keysOf(await kv.list('A')), []);
      assert.deepEqual(keysOf(await kv.list('a/1')), ['a/1', 'a/10']);
      assert.deepEqual(keysOf(await kv.list('zzz')), []);
    }));

  test('G3 pages by after and limit return every key once', () =>
    withPort(kit, async (kv) => {
      await filled(kv);
      const all = keysOf(await kv.list('a'));
      const paged: string[] = [];
      for (let after: string | undefined; ; after = paged.at(-1)) {
        const page = await kv.list('a', after === undefined ? { limit: 3 } : { after, limit: 3 });
        assert.ok(page.length <= 3);
        paged.push(...keysOf(page));
        if (page.length < 3) break;
      }
      assert.deepEqual(paged, all);
      assert.deepEqual(keysOf(await kv.list('a', { after: 'a/11' })), ['a/2', 'a/b/c', 'a_x', 'ab']);
      assert.deepEqual(keysOf(await kv.list('a/', { after: 'A' })), ['a/1', 'a/10', 'a/2', 'a/b/c']);
    }));
}

function watchLaws(kit: Kit<KvStore>): void {
  const { test } = kit;

  test('G4 a watcher first gets the current values, then changes as it keeps up, of its prefix only', () =>
    withPort(kit, async (kv) => {
      await kv.put('w/b', 1);
      await kv.put('w/a', 2);
      await kv.put('x', 3);
      await withWatcher(kv, 'w/', async (watcher) => {
        assert.deepEqual(told(await watcher.until((changes) => changes.length >= 2)), [
          ['w/a', 2],
          ['w/b', 1],
        ]);
        await kv.put('w/c', 4);
        await kv.put('x', 5);
        await kv.put('w/a', 6);
        await kv.delete('w/b');
        await watcher.until((all) => all.length >= 5);
        await kv.put('w/b', 7);
        const changes = await watcher.until((all) => all.length >= 6);
        assert.deepEqual(told(changes.slice(2)), [
          ['w/c', 4],
          ['w/a', 6],
          ['w/b', undefined],
          ['w/b', 7],
        ]);
        assert.deepEqual(changes.at(-1)?.value, await kv.get('w/b'));
      });
    }));

  test('G4 a watcher is notified of an expired value once', () =>
    withPort(kit, async (kv, { advance }) => {
      await withWatcher(kv, '', async (watcher) => {
        await kv.put('a', 1, { ttlMs: 1_000 });
        await kv.put('b', 1);
        await watcher.until((all) => all.length >= 2);
        await advance(1_500);
        await kv.put('b', 2);
        const changes = await watcher.until((all) => all.length >= 4);
        assert.deepEqual(told(changes), [
          ['a', 1],
          ['b', 1],
          ['a', undefined],
          ['b', 2],
        ]);
      });
    }));

  test('G4 a conflicting write is not a change', () =>
    withPort(kit, async (kv) => {
      await withWatcher(kv, '', async (watcher) => {
        await kv.put('a', 1);
        await watcher.until((all) => all.length >= 1);
        await rejectsWith('REVISION_CONFLICT', () => kv.put('a', 2, { ifRevision: 0 }));
        await kv.delete('never');
        await kv.put('a', 3);
        assert.deepEqual(told(await watcher.until((all) => all.length >= 2)), [
          ['a', 1],
          ['a', 3],
        ]);
      });
    }));

  test('G4 a watcher misses nothing that is written while it starts, and its last value is the current one', () =>
    withPort(kit, async (kv) => {
      const round = (number: number) =>
        Array.from({ length: 10 }, (_, index) => kv.put(`k${index}`, number * 10 + index));
      const early = Array.from({ length: 5 }, (_, number) => round(number)).flat();
      await withWatcher(kv, 'k', async (watcher) => {
        const late = Array.from({ length: 5 }, (_, number) => round(number + 5)).flat();
        await Promise.all([...early, ...late]);
        await kv.put('kz-last', true);
        const changes = await watcher.until((all) => all.some(({ key }) => key === 'kz-last'));
        const last = new Map(told(changes));
        for (let index = 0; index < 10; index += 1) assert.equal(last.get(`k${index}`), 90 + index);
      });
    }));

  test('G4 a watcher ends when its signal aborts, and without an error when the store closes', () =>
    withPort(kit, async (kv) => {
      await kv.put('a', 1);
      await withWatcher(kv, '', async (stays) => {
        await withWatcher(kv, '', async (goes, stop) => {
          await goes.until((changes) => changes.length === 1);
          stop();
          await goes.ended;
        });
        await stays.until((changes) => changes.length === 1);
        await kv.put('a', 2);
        await stays.until((changes) => changes.length === 2);
        await kv.close();
        await stays.ended;
      });
    }));
}

function copyAndCloseLaws(kit: Kit<KvStore>): void {
  const { test } = kit;

  test('G5 values are copied when they are put, read, listed and watched', () =>
    withPort(kit, async (kv) => {
      const value = { list: [1] };
      const spoil = (read: { readonly value: Json } | null | undefined) => {
        assert.deepEqual(read?.value, { list: [1] });
        Object.assign(read?.value as object, { list: 'spoilt' });
      };
      const putting = kv.put('a', value);
      value.list.push(2);
      await putting;
      value.list.push(3);
      await withWatcher(kv, '', async (watcher) => {
        spoil((await watcher.until((changes) => changes.length === 1))[0]?.value);
        spoil(await kv.get('a'));
        spoil((await kv.list(''))[0]);
        spoil(await kv.get('a'));
      });
    }));

  test('G5 values survive as JSON', () =>
    withPort(kit, async (kv) => {
      const values: Json[] = [
        null,
        false,
        0,
        '',
        'ж😀\u0000\ud800',
        [],
        {},
        { a: [null, { b: -1.5e-9 }] },
        'x'.repeat(500_000),
      ];
      for (const [index, value] of values.entries()) await kv.put(`k${index}`, value);
      for (const [index, value] of values.entries()) assert.deepEqual(await readValue(kv, `k${index}`), value);
    }));

  test('G6 after close every method rejects with CLOSED, and close may be called again', () =>
    withPort(kit, async (kv) => {
      await kv.put('a', 1, { ttlMs: 1_000 });
      await kv.close();
      await rejectsWith('CLOSED', () => kv.get('a'));
      await rejectsWith('CLOSED', () => kv.put('a', 2));
      await rejectsWith('CLOSED', () => kv.delete('a'));
      await rejectsWith('CLOSED', () => kv.list(''));
      await rejectsWith('CLOSED', () => firstOf(kv.watch('', new AbortController().signal)));
      await kv.close();
    }));

  test('G6 a put issued before close is stored or rejected with CLOSED', () =>
    withReopened(
      kit,
      async (kv) => {
        const putting = kv.put('late', 1);
        await Promise.all([kv.close(), putting]);
      },
      async (kv) => assert.equal(await readValue(kv, 'late'), 1),
    ));
}

import { openMemoryBackend } from '@llmteam/backend-embedded';
import type { KvStore } from '@llmteam/contracts';
import { manualClock } from '@llmteam/testing';
import * as assert from 'uvu/assert';
import { Collected, rejectsWith } from '../conformance/kit.js';
import { spec } from '../support/spec.js';
import { withFolder, withStore } from './store-folder.js';

/** Both key-value stores of the package. */
async function withRegistries(use: (kv: KvStore) => Promise<void>): Promise<void> {
  const memory = await openMemoryBackend({ clock: manualClock() });
  await use(memory.kv);
  await memory.close();
  await withFolder((folder) => withStore(folder, ({ kv }) => use(kv)));
}

spec('limits of a key-value store', (test) => {
  test('a key is 1 to 1,024 characters of text; another one is a TypeError', () =>
    withRegistries(async (kv) => {
      for (const key of ['', 'x'.repeat(1_025), 'a\0b', '\ud800', '\u{10ffff}']) {
        const thrown = await kv.put(key, 1).catch((error) => error);
        assert.instance(thrown, TypeError);
      }
      await kv.put('x'.repeat(1_024), 1);
      assert.is((await kv.list('')).length, 1);
    }));

  test('a value that is not JSON is a TypeError', () =>
    withRegistries(async (kv) => {
      const thrown = await kv.put('a', undefined as unknown as null).catch((error) => error);
      assert.instance(thrown, TypeError);
      assert.is(await kv.get('a'), null);
    }));

  test('a value of more than 16 Mi characters is LIMIT_EXCEEDED', () =>
    withRegistries(async (kv) => {
      await rejectsWith('LIMIT_EXCEEDED', () => kv.put('a', 'x'.repeat(16 * 1024 * 1024)));
      assert.is(await kv.get('a'), null);
    }));

  test('a watcher that falls 10,000 changes behind still gets the last value of every key', () =>
    withRegistries(async (kv) => {
      const stop = new AbortController();
      const iterator = kv.watch('', stop.signal)[Symbol.asyncIterator]();
      await kv.put('first', 0);
      assert.is((await iterator.next()).value.key, 'first');
      for (let round = 0; round < 25; round += 1) {
        await Promise.all(Array.from({ length: 1_000 }, (_, index) => kv.put(`k${index % 100}`, round)));
      }
      await kv.put('last', 0);
      const rest = new Collected({ [Symbol.asyncIterator]: () => iterator });
      const changes = await rest.until((all) => all.at(-1)?.key === 'last');
      assert.ok(changes.length < 15_000, `${changes.length} changes`);
      const last = new Map(changes.map(({ key, value }) => [key, value?.value]));
      for (let index = 0; index < 100; index += 1) assert.is(last.get(`k${index}`), 24);
      stop.abort();
    }));
});

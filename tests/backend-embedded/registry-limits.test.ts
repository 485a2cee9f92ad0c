import { manualClock, openMemoryBackend } from '@llmteam/backend-embedded';
import type { Registry } from '@llmteam/contracts';
import * as assert from 'uvu/assert';
import { Collected, rejectsWith } from '../conformance/kit.js';
import { spec } from '../support/spec.js';
import { withFolder, withStore } from './store-folder.js';

/** Both registries of the package. */
async function withRegistries(use: (registry: Registry) => Promise<void>): Promise<void> {
  const memory = await openMemoryBackend({ clock: manualClock() });
  await use(memory.registry);
  await memory.close();
  await withFolder((folder) => withStore(folder, ({ registry }) => use(registry)));
}

spec('limits of a registry', (test) => {
  test('a key is 1 to 1,024 characters of text; another one is a TypeError', () =>
    withRegistries(async (registry) => {
      for (const key of ['', 'x'.repeat(1_025), 'a\0b', '\ud800', '\u{10ffff}']) {
        const thrown = await registry.put(key, 1).catch((error) => error);
        assert.instance(thrown, TypeError);
      }
      await registry.put('x'.repeat(1_024), 1);
      assert.is((await registry.list('')).length, 1);
    }));

  test('a value that is not JSON is a TypeError', () =>
    withRegistries(async (registry) => {
      const thrown = await registry.put('a', undefined as unknown as null).catch((error) => error);
      assert.instance(thrown, TypeError);
      assert.is(await registry.get('a'), null);
    }));

  test('a value of more than 16 Mi characters is LIMIT_EXCEEDED', () =>
    withRegistries(async (registry) => {
      await rejectsWith('LIMIT_EXCEEDED', () => registry.put('a', 'x'.repeat(16 * 1024 * 1024)));
      assert.is(await registry.get('a'), null);
    }));

  test('a watcher that does not look for 10,000 changes is still told the last one of every key', () =>
    withRegistries(async (registry) => {
      const stop = new AbortController();
      const iterator = registry.watch('', stop.signal)[Symbol.asyncIterator]();
      await registry.put('first', 0);
      assert.is((await iterator.next()).value.key, 'first');
      for (let round = 0; round < 25; round += 1) {
        await Promise.all(Array.from({ length: 1_000 }, (_, index) => registry.put(`k${index % 100}`, round)));
      }
      await registry.put('last', 0);
      const rest = new Collected({ [Symbol.asyncIterator]: () => iterator });
      const changes = await rest.until((all) => all.at(-1)?.key === 'last');
      assert.ok(changes.length < 15_000, `${changes.length} changes`);
      const last = new Map(changes.map(({ key, value }) => [key, value?.value]));
      for (let index = 0; index < 100; index += 1) assert.is(last.get(`k${index}`), 24);
      stop.abort();
    }));
});

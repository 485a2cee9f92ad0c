import { setTimeout as sleep } from 'node:timers/promises';
import type { NatsBackend } from '@llmteam/backend-nats';
import { isLlmteamError, type KvChange } from '@llmteam/contracts';
import * as assert from 'uvu/assert';
import { withNatsServer } from '../support/nats/nats-server.js';
import { withRawClient } from '../support/nats/raw-client.js';
import { spec } from '../support/spec.js';
import { newNamespace, withBackend } from './open-backend.js';

type KvStore = NatsBackend['kv'];

/** The changes a watcher gets, as `key=value` or `key gone`. */
class Watched {
  readonly told: string[] = [];
  private readonly stopped = new AbortController();
  private readonly watching: Promise<void>;

  constructor(kv: KvStore, prefix: string) {
    this.watching = this.watch(kv.watch(prefix, this.stopped.signal));
    this.watching.catch(() => undefined);
  }

  async until(last: string): Promise<void> {
    while (!this.told.includes(last)) await Promise.race([sleep(2), this.watching]);
  }

  async stop(): Promise<void> {
    this.stopped.abort();
    await this.watching;
  }

  private async watch(changes: AsyncIterable<KvChange>): Promise<void> {
    for await (const { key, value } of changes) {
      this.told.push(value === null ? `${key} gone` : `${key}=${JSON.stringify(value.value)}`);
    }
  }
}

async function againAndAgain<T>(act: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await act();
    } catch (error) {
      if (!isLlmteamError(error) || error.code !== 'BACKEND_UNREACHABLE') throw error;
      await sleep(20);
    }
  }
}

/** Counts up until stopped; returns every number whose write was acknowledged. */
async function countUp(kv: KvStore, isOver: () => boolean): Promise<number[]> {
  const won: number[] = [];
  while (!isOver()) {
    try {
      const found = await kv.get('counter');
      const next = Number(found?.value ?? 0) + 1;
      await kv.put('counter', next, { ifRevision: found?.revision ?? 0 });
      won.push(next);
    } catch (error) {
      if (!isLlmteamError(error) || !error.recoverable) throw error;
      await sleep(5);
    }
  }
  return won;
}

spec('the key-value store when its server fails', (test) => {
  test(
    'a watcher gets the last value and the removal of every key across kills',
    () =>
      withNatsServer({}, (server) =>
        withBackend({ url: server.url }, async ({ kv }) => {
          await kv.put('a/1', 'before');
          await kv.put('a/short', 'x', { ttlMs: 600 });
          const watched = new Watched(kv, 'a/');
          await watched.until('a/short="x"');
          for (let kill = 0; kill < 5; kill++) {
            await server.kill();
            await server.start();
            await againAndAgain(() => kv.put('a/1', kill));
            await watched.until(`a/1=${kill}`);
          }
          await watched.until('a/short gone');
          await kv.delete('a/1');
          await watched.until('a/1 gone');
          assert.equal(watched.told, ['a/1="before"', 'a/short="x"', ...watched.told.slice(2, -1), 'a/1 gone']);
          assert.is(watched.told.filter((told) => told === 'a/short gone').length, 1);
          await watched.stop();
        }),
      ),
    { timeoutMs: 30_000 },
  );

  test('a value ends by the clock of the server though it was away when its time came', () =>
    withNatsServer({}, (server) =>
      withBackend({ url: server.url }, async ({ kv }) => {
        await kv.put('lease', 'mine', { ttlMs: 500 });
        const watched = new Watched(kv, '');
        await watched.until('lease="mine"');
        await server.kill();
        await sleep(600);
        await server.start();
        assert.is(await againAndAgain(() => kv.get('lease')), null);
        await watched.until('lease gone');
        await kv.put('lease', 'yours', { ifRevision: 0, ttlMs: 60_000 });
        await watched.until('lease="yours"');
        assert.equal(watched.told, ['lease="mine"', 'lease gone', 'lease="yours"']);
        await watched.stop();
      }),
    ));

  test(
    'two writers of the same revision never both win, with or without kills',
    () =>
      withNatsServer({}, async (server) => {
        const namespace = newNamespace();
        await withBackend({ url: server.url, namespace }, (one) =>
          withBackend({ url: server.url, namespace }, async (other) => {
            const state = { isOver: false };
            const contenders = [one, other, one, other, one, other].map(({ kv }) => countUp(kv, () => state.isOver));
            for (let kill = 0; kill < 5; kill++) {
              await sleep(200);
              await server.kill();
              await server.start();
            }
            await sleep(1_000);
            state.isOver = true;
            const won = (await Promise.all(contenders)).flat();
            const last = Number((await one.kv.get('counter'))?.value);
            process.stderr.write(`5 kills: ${won.length} writes won, the counter is at ${last}\n`);
            assert.is(new Set(won).size, won.length, 'no number was written twice');
            assert.ok(won.length > 100 && last >= won.length);
          }),
        );
      }),
    { timeoutMs: 40_000 },
  );

  test('a watcher that stops in the middle leaves nothing pending', () =>
    withNatsServer({}, ({ url }) =>
      withBackend({ url }, async ({ kv }) => {
        await kv.put('a', 1);
        for await (const { key } of kv.watch('', new AbortController().signal)) {
          assert.is(key, 'a');
          break;
        }
      }),
    ));

  test(
    'a slow watcher gets the last value of every key and buffers no more than necessary',
    () =>
      withNatsServer({}, async ({ url }) => {
        await withBackend({ url }, async ({ kv }) => {
          const stop = new AbortController();
          const watching = kv.watch('', stop.signal)[Symbol.asyncIterator]();
          await kv.put('first', 0);
          await watching.next();
          for (let round = 0; round < 20; round++) {
            await Promise.all(Array.from({ length: 250 }, (_, key) => kv.put(`k${key}`, round)));
          }
          const last = new Map<string, unknown>();
          let told = 0;
          while (last.get('k249') !== 19 || [...last.values()].some((value) => value !== 19)) {
            const { value: change } = await watching.next();
            told += 1;
            last.set(change.key, change.value?.value);
          }
          process.stderr.write(`5000 writes, ${told} told\n`);
          assert.is(last.size, 250);
          stop.abort();
          await watching.next();
        });
      }),
    { timeoutMs: 30_000 },
  );

  test('a deletion that all have seen does not stay for ever', () =>
    withNatsServer({}, async ({ url }) => {
      const namespace = newNamespace();
      await withBackend({ url, namespace }, async ({ kv }) => {
        const stream = `KV_${namespace.toUpperCase()}_REGISTRY`;
        await kv.put('kept', 1);
        await withRawClient(url, async ({ streams, publish }) => {
          await kv.put('gone', 1);
          await kv.delete('gone');
          assert.is((await streams.info(stream)).state.messages, 2, 'what is deleted leaves a marker');
          assert.is(await kv.get('gone'), null);
          assert.is((await streams.info(stream)).state.messages, 2, 'which is younger than an hour');
          assert.ok(publish);
        });
      });
    }));
});

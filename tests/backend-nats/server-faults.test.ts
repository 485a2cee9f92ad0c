// takes: 15
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Journal } from '@llmteam/contracts';
import * as assert from 'uvu/assert';
import { type NatsServer, withNatsServer } from '../support/nats/nats-server.js';
import { withRawClient } from '../support/nats/raw-client.js';
import { type TcpProxy, withTcpProxy } from '../support/nats/tcp-proxy.js';
import { spec } from '../support/spec.js';
import { failure } from './failure.js';
import { underLoad } from './journal-load.js';
import { entry, newNamespace, withBackend } from './open-backend.js';

const run = { tenant_id: 'acme', run_id: 'run-1' };
const kills = 12;

async function killAndStart(server: NatsServer, awayMs: number): Promise<void> {
  await server.kill();
  await sleep(awayMs);
  await server.start();
}

spec('the journal when its server fails', (test) => {
  test(
    'nothing acknowledged is lost or duplicated while the server is killed again and again',
    () =>
      withNatsServer({}, (server) =>
        withBackend({ url: server.url, partitions: 2 }, (backend) =>
          underLoad(backend, 20, async (load) => {
            for (let kill = 0; kill < kills; kill++) {
              await load.progress(200);
              await killAndStart(server, 20 * kill);
              if (kill === kills / 2) load.follow();
            }
            await load.progress(200);
            assert.ok(load.counts.appends >= 200 * kills);
            return `${kills} kills`;
          }),
        ),
      ),
    { timeoutMs: 60_000 },
  );

  test(
    'nor with a server that syncs every write and accepts batches',
    () =>
      withNatsServer({ syncInterval: 'always' }, (server) =>
        withBackend({ url: server.url }, (backend) =>
          underLoad(backend, 60, async (load) => {
            for (let kill = 0; kill < 4; kill++) {
              await load.progress(400);
              await killAndStart(server, 50);
            }
            await load.progress(400);
            return '4 kills';
          }),
        ),
      ),
    { timeoutMs: 60_000 },
  );

  test(
    'clients recover from a server that is paused for longer than every timeout',
    () =>
      withNatsServer({}, (server) =>
        withBackend({ url: server.url }, (backend) =>
          underLoad(backend, 10, async (load) => {
            await load.progress(100);
            for (const ms of [6_000, 16_000]) {
              await server.pause();
              await sleep(ms);
              server.resume();
              await load.progress(100);
            }
            assert.ok(load.counts.retries > 0, 'appends ran out of time');
            return '2 pauses of 22 s';
          }),
        ),
      ),
    { timeoutMs: 60_000 },
  );

  test('a follower that starts while the server is away waits for it', () =>
    withNatsServer({}, (server) =>
      withBackend({ url: server.url }, async ({ journal }) => {
        await journal.append(run, [entry('m')]);
        await server.kill();
        const stop = new AbortController();
        const first = journal.follow(0, 0, stop.signal)[Symbol.asyncIterator]().next();
        await sleep(300);
        await server.start();
        const { value } = await first;
        assert.equal(
          value?.map(({ message_id }: { message_id: string }) => message_id),
          ['m'],
        );
        stop.abort();
      }),
    ));
});

interface Damaged {
  readonly server: NatsServer;
  /** The proxy between the follower and the server. */
  readonly proxy: TcpProxy;
  readonly stream: string;
  /** A copy of the store from when only the first entry had been written. */
  readonly restore: () => void;
}

/** Three entries are written and followed before the damage. */
async function followDamaged(damage: (damaged: Damaged) => Promise<void>, told: RegExp): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'llmteam-copy-'));
  const namespace = newNamespace();
  const stream = `${namespace.toUpperCase()}_JOURNAL_0`;
  try {
    await withNatsServer({}, async (server) => {
      await withBackend({ url: server.url, namespace }, async ({ journal }) => {
        await journal.append(run, [entry('a')]);
      });
      await server.stop();
      cpSync(server.storeDir, folder, { recursive: true });
      await server.start();
      const restore = (): void => {
        rmSync(server.storeDir, { recursive: true });
        cpSync(folder, server.storeDir, { recursive: true });
      };
      await withTcpProxy(server.url, (proxy) =>
        withBackend({ url: proxy.url, namespace }, async ({ journal }) => {
          for (const id of ['b', 'c']) await journal.append(run, [entry(id)]);
          const seen: string[] = [];
          const ended = failure(() => followAll(journal, seen), 'STORE_CORRUPT', stream, told);
          ended.catch(() => undefined);
          while (seen.length < 3) await sleep(2);
          await damage({ server, proxy, stream, restore });
          await ended;
          assert.equal(seen, ['a', 'b', 'c']);
        }),
      );
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function followAll(journal: Journal, seen: string[]): Promise<void> {
  for await (const batch of journal.follow(0, 0, new AbortController().signal)) {
    seen.push(...batch.map(({ message_id }) => message_id));
  }
}

/** More entries than before. */
async function writeOthers({ url }: NatsServer, stream: string): Promise<void> {
  await withRawClient(url, async ({ streams, publish }) => {
    const { config } = await streams.info(stream);
    const subject = config.subjects[0]?.replace('>', 'acme.run-1.s') ?? '';
    for (let each = 0; each < 5; each++) await publish(subject, JSON.stringify([entry('other')]));
  });
}

spec('a journal that changed under its followers is STORE_CORRUPT for them', (test) => {
  test('when its stream was deleted', () =>
    followDamaged(
      ({ server, stream }) =>
        withRawClient(server.url, async ({ streams }) => {
          await streams.delete(stream);
        }),
      /is gone/,
    ));

  test('when its stream was deleted, recreated and written while the follower was disconnected', () =>
    followDamaged(async ({ server, proxy, stream }) => {
      proxy.cut();
      await withRawClient(server.url, async ({ streams }) => {
        const { config } = await streams.info(stream);
        await streams.delete(stream);
        await streams.add(config);
      });
      await writeOthers(server, stream);
      proxy.heal();
    }, /was recreated/));

  test('when its server lost its disk', () =>
    followDamaged(async ({ server }) => {
      await server.kill();
      rmSync(server.storeDir, { recursive: true });
      await server.start();
    }, /is gone/));

  test('when its server lost its tail, as in a power cut', () =>
    followDamaged(async ({ server, restore }) => {
      await server.kill();
      restore();
      await server.start();
    }, /ends at 1, but was read up to 3/));

  test('when it lost its tail and grew beyond it before the follower reconnected', () =>
    followDamaged(async ({ server, proxy, stream, restore }) => {
      proxy.cut();
      await server.kill();
      restore();
      await server.start();
      await writeOthers(server, stream);
      proxy.heal();
    }, /has a different message at 3/));

  test('a foreign message in a history is STORE_CORRUPT too', () =>
    withNatsServer({}, async ({ url }) => {
      const namespace = newNamespace();
      await withBackend({ url, namespace }, async ({ journal }) => {
        await withRawClient(url, async ({ publish }) => {
          for (const [place, body] of ['no JSON', '{}', '[1]', 'null', '[{"message_id":"m"}]'].entries()) {
            await publish(`${namespace}.journal.0.acme.run-${place}.s`, body);
            const read = async (): Promise<void> => {
              for await (const _ of journal.read({ ...run, run_id: `run-${place}` })) assert.unreachable();
            };
            await failure(read, 'STORE_CORRUPT');
          }
        });
      });
    }));
});

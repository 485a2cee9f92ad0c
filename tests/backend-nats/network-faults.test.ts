// takes: 15
import { setTimeout as sleep } from 'node:timers/promises';
import * as assert from 'uvu/assert';
import { listOf } from '../conformance/kit.js';
import { withNatsServer } from '../support/nats/nats-server.js';
import { type TcpProxy, withTcpProxy } from '../support/nats/tcp-proxy.js';
import { spec } from '../support/spec.js';
import { underLoad } from './journal-load.js';
import { entry, newNamespace, requested, withBackend } from './open-backend.js';

const run = { tenant_id: 'acme', run_id: 'run-1' };

async function withNetwork(use: (proxy: TcpProxy, url: string) => Promise<void>): Promise<void> {
  await withNatsServer({}, ({ url }) => withTcpProxy(url, (proxy) => use(proxy, url)));
}

spec('the NATS backend on a faulty network', (test) => {
  test(
    'nothing acknowledged is lost or duplicated while the network is cut and heals',
    () =>
      withNetwork((proxy) =>
        withBackend({ url: proxy.url, partitions: 2 }, (backend) =>
          underLoad(backend, 20, async (load) => {
            for (let cut = 0; cut < 8; cut++) {
              await load.progress(200);
              proxy.cut();
              assert.not(await isConnectedFor(backend.isConnected, 40 * cut));
              proxy.heal();
              if (cut === 4) load.follow();
            }
            await load.progress(200);
            assert.ok(proxy.counts.refused > 0);
            return `8 cuts (${proxy.counts.refused} connections refused meanwhile)`;
          }),
        ),
      ),
    { timeoutMs: 40_000 },
  );

  test(
    'nor while connections are reset at random',
    () =>
      withNetwork((proxy) =>
        withBackend({ url: proxy.url }, (backend) =>
          underLoad(backend, 20, async (load) => {
            proxy.resetRandomly({ seed: 7, chance: 0.02 });
            while (proxy.counts.reset < 20) await load.progress(20);
            proxy.heal();
            await load.progress(100);
            return `${proxy.counts.reset} resets`;
          }),
        ),
      ),
    { timeoutMs: 40_000 },
  );

  test(
    'nothing acknowledged is lost or duplicated when the network stalls for longer than an append waits',
    () =>
      withNetwork((proxy) =>
        withBackend({ url: proxy.url }, (backend) =>
          underLoad(backend, 10, async (load) => {
            await load.progress(100);
            proxy.stall();
            await sleep(6_500);
            proxy.heal();
            await load.progress(100);
            assert.ok(load.counts.retries > 0);
            return 'a stall of 6.5 s';
          }),
        ),
      ),
    { timeoutMs: 30_000 },
  );

  test(
    'a slow network makes it slow, not wrong',
    () =>
      withNetwork((proxy) =>
        withBackend({ url: proxy.url }, async (backend) => {
          proxy.delay(200);
          await underLoad(backend, 30, async (load) => {
            await load.progress(150);
            proxy.heal();
            return '200 ms each way';
          });
          proxy.delay(200);
          const large = 'x'.repeat(1_000_000);
          await backend.journal.append(run, [entry('large', large)]);
          const [read] = await listOf(backend.journal.read(run));
          assert.equal(read?.fact, entry('large', large).fact);
        }),
      ),
    { timeoutMs: 30_000 },
  );

  test('a large value that is read or written while the connection is lost is whole, or an error at once', () =>
    withNetwork((proxy) =>
      withBackend({ url: proxy.url }, async ({ blobs }) => {
        const bytes = new Uint8Array(4_000_000).fill(7);
        const hash = await blobs.put(bytes);
        const done = { whole: 0, failed: 0 };
        for (let each = 0; each < 8; each++) {
          const other = new Uint8Array(2_000_000).fill(each);
          const work = [blobs.get(hash), blobs.put(other).then((of) => blobs.get(of))];
          await sleep(4 * each);
          proxy.resetAll();
          for (const { status } of await Promise.allSettled(work))
            done[status === 'fulfilled' ? 'whole' : 'failed'] += 1;
          await untilKept(() => blobs.put(other));
          assert.equal(await blobs.get(await blobs.put(other)), other);
        }
        assert.equal(await blobs.get(hash), bytes);
        process.stderr.write(`8 resets: ${done.whole} values whole, ${done.failed} errors\n`);
      }),
    ));
});

spec('what is sent twice', (test) => {
  test('is known by its message id as long as the window lasts; a run begins once, however late it is asked for again', () =>
    withNatsServer({}, ({ url }) =>
      withBackend({ url, dedupeWindowMs: 300 }, async ({ journal }) => {
        const [begun] = await journal.append(run, [requested()]);
        const [first] = await journal.append(run, [entry('m')]);
        assert.equal(await journal.append(run, [entry('m')]), [first]);
        await sleep(700);
        assert.equal(await journal.append(run, [requested()]), [begun]);
        assert.is((await journal.append(run, [entry('m')]))[0] === first, false, 'the window is over');
        const ids = (await listOf(journal.read(run))).map(({ message_id }) => message_id);
        assert.equal(ids, ['requested', 'm', 'm']);
      }),
    ));

  test('a run that many clients request at once begins once, and all get its position', () =>
    withNatsServer({}, async ({ url }) => {
      const namespace = newNamespace();
      await withBackend({ url, namespace }, (one) =>
        withBackend({ url, namespace }, async (other) => {
          for (let each = 0; each < 20; each++) {
            const key = { tenant_id: 'acme', run_id: `run-${each}` };
            const asked = [one, other, one, other].map(({ journal }, place) => journal.append(key, [requested(place)]));
            const positions = (await Promise.all(asked)).flat();
            assert.is(new Set(positions).size, 1);
            assert.is((await listOf(one.journal.read(key))).length, 1);
          }
        }),
      );
    }));
});

async function isConnectedFor(isConnected: () => boolean, ms: number): Promise<boolean> {
  const until = performance.now() + 2_000;
  while (isConnected() && performance.now() < until) await sleep(1);
  await sleep(ms);
  return isConnected();
}

async function untilKept(keep: () => Promise<unknown>): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await keep();
      return;
    } catch (error) {
      if (attempt === 100) throw error;
      await sleep(20);
    }
  }
}

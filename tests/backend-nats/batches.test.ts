// takes: 10
import { jetstreamManager } from '@nats-io/jetstream';
import * as assert from 'uvu/assert';
import { listOf } from '../conformance/kit.js';
import { withNatsServer } from '../support/nats/nats-server.js';
import { withRawClient } from '../support/nats/raw-client.js';
import { withTcpProxy } from '../support/nats/tcp-proxy.js';
import { spec } from '../support/spec.js';
import { underLoad } from './journal-load.js';
import { entry, job, newNamespace, requested, withBackend } from './open-backend.js';

const run = { tenant_id: 'acme', run_id: 'run-1' };
const otherRun = { tenant_id: 'acme', run_id: 'run-2' };
/** Syncing every write makes the server slow enough for batches to form. */
const synced = { syncInterval: 'always' } as const;

/** The number of messages of the stream that were published in batches, and the number of batches. */
async function batchesIn(url: string, stream: string): Promise<{ messages: number; batches: number }> {
  const ids: string[] = [];
  await withRawClient(url, async ({ connection }) => {
    const { streams } = await jetstreamManager(connection);
    const { state } = await streams.info(stream);
    for (let seq = state.first_seq; seq <= state.last_seq; seq++) {
      const id = (await streams.getMessage(stream, { seq }))?.header.get('Nats-Batch-Id') ?? '';
      if (id !== '') ids.push(id);
    }
  });
  return { messages: ids.length, batches: new Set(ids).size };
}

function many(count: number, prefix: string): string[] {
  return Array.from({ length: count }, (_, place) => `${prefix}${place}`);
}

spec('a server that syncs every write', (test) => {
  test('is given batches if that is asked for, and every append its own position', () =>
    withNatsServer(synced, async ({ url }) => {
      const namespace = newNamespace();
      await withBackend({ url, namespace, atomicBatches: true }, async ({ journal }) => {
        const ids = many(600, 'm');
        const positions = (await Promise.all(ids.map((id) => journal.append(run, [entry(id)])))).flat();
        const more = many(600, 'n');
        const later = (await Promise.all(more.map((id) => journal.append(run, [entry(id)])))).flat();
        const where = new Map([...ids, ...more].map((id, place) => [id, [...positions, ...later][place]]));
        for (const { message_id, position } of await listOf(journal.read(run))) {
          assert.is(position, where.get(message_id), message_id);
        }
        const { messages, batches } = await batchesIn(url, `${namespace.toUpperCase()}_JOURNAL_0`);
        process.stderr.write(`${messages} of 1200 messages in ${batches} batches\n`);
        assert.ok(batches > 1 && messages > 400);
      });
    }));

  test('is given none unless that is asked for', () =>
    withNatsServer(synced, async ({ url }) => {
      const namespace = newNamespace();
      await withBackend({ url, namespace }, async ({ journal }) => {
        for (const prefix of ['m', 'n']) {
          await Promise.all(many(200, prefix).map((id) => journal.append(run, [entry(id)])));
        }
        const { messages } = await batchesIn(url, `${namespace.toUpperCase()}_JOURNAL_0`);
        assert.is(messages, 0);
      });
    }));

  test('a batch that holds an id that is known, or one twice, is written message by message', () =>
    withNatsServer(synced, ({ url }) =>
      withBackend({ url, atomicBatches: true }, async ({ journal }) => {
        const before = (await listOf(journal.read(run))).length;
        const [known] = await journal.append(run, [entry('known')]);
        const ids = [...many(20, 'a'), 'known', ...many(20, 'b'), 'twice', 'twice'];
        const positions = (await Promise.all(ids.map((id) => journal.append(run, [entry(id)])))).flat();
        assert.is(positions[20], known);
        assert.is(positions.at(-1), positions.at(-2));
        const written = await listOf(journal.read(run));
        assert.is(written.length, before + 42);
        for (const [place, id] of ids.entries()) {
          assert.is(written.find(({ message_id }) => message_id === id)?.position, positions[place], id);
        }
      }),
    ));

  test('a batch that holds an append whose guard fails writes the others, and that one once', () =>
    withNatsServer(synced, ({ url }) =>
      withBackend({ url, atomicBatches: true }, async ({ journal }) => {
        const [begun] = await journal.append(otherRun, [requested()]);
        const appends = [
          ...many(10, 'a').map((id) => journal.append(run, [entry(id)])),
          journal.append(otherRun, [requested()]),
          journal.append(otherRun, [entry('x'), entry('y')]),
          ...many(10, 'b').map((id) => journal.append(run, [entry(id)])),
        ];
        const positions = await Promise.all(appends);
        assert.equal(positions[10], [begun]);
        const ids = (await listOf(journal.read(otherRun))).map(({ message_id }) => message_id);
        assert.equal(ids, ['requested', 'x', 'y']);
        const written = await listOf(journal.read(run));
        for (const id of [...many(10, 'a'), ...many(10, 'b')]) {
          assert.is(written.filter(({ message_id }) => message_id === id).length, 1, id);
        }
      }),
    ));

  test('jobs on disk go in batches, and a job that is queued already stops none of the others', () =>
    withNatsServer(synced, async ({ url }) => {
      const namespace = newNamespace();
      await withBackend({ url, namespace, jobsStorage: 'file', atomicBatches: true }, async ({ queue }) => {
        const all = Array.from({ length: 400 }, (_, place) => job(place));
        await queue.publish(all.slice(0, 200));
        await queue.publish(all.slice(200));
        await queue.publish(all);
        const stream = `${namespace.toUpperCase()}_JOBS`;
        await withRawClient(url, async ({ streams }) => {
          assert.is((await streams.info(stream)).state.messages, 400);
        });
        assert.ok((await batchesIn(url, stream)).batches > 0);
      });
    }));

  test(
    'a connection that is lost between the parts of a batch loses and doubles nothing',
    () =>
      withNatsServer(synced, async ({ url }) => {
        const namespace = newNamespace();
        await withTcpProxy(url, (proxy) =>
          withBackend({ url: proxy.url, namespace, atomicBatches: true }, (backend) =>
            underLoad(backend, 60, async (load) => {
              await load.progress(500);
              const resets = proxy.counts.reset;
              proxy.resetRandomly({ seed: 3, chance: 0.05 });
              while (proxy.counts.reset < resets + 15) await load.progress(10);
              proxy.heal();
              await load.progress(200);
              const { batches } = await batchesIn(url, `${namespace.toUpperCase()}_JOURNAL_0`);
              assert.ok(batches > 5, 'batches were used');
              return `${proxy.counts.reset} resets, ${batches} batches`;
            }),
          ),
        );
      }),
    { timeoutMs: 60_000 },
  );

  test('a server without batches is written one by one, and misses nothing', () =>
    withNatsServer({ ...synced, suite: 'trixie' }, ({ url }) =>
      withBackend({ url, atomicBatches: true }, async ({ journal }) => {
        for (const prefix of ['m', 'n']) {
          await Promise.all(many(200, prefix).map((id) => journal.append(run, [entry(id)])));
        }
        assert.is((await listOf(journal.read(run))).length, 400);
      }),
    ));
});

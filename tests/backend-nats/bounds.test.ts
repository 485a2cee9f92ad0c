// takes: 10
// own process: counts its open handles
import { setTimeout as sleep } from 'node:timers/promises';
import type { NatsBackend } from '@llmteam/backend-nats';
import type { Delivery } from '@llmteam/contracts';
import { jetstreamManager } from '@nats-io/jetstream';
import * as assert from 'uvu/assert';
import { firstOf, listOf } from '../conformance/kit.js';
import { withNatsServer } from '../support/nats/nats-server.js';
import { withRawClient } from '../support/nats/raw-client.js';
import { spec } from '../support/spec.js';
import { entry, job, newNamespace, openBackend, requested, withBackend, workQueue } from './open-backend.js';

const run = { tenant_id: 'acme', run_id: 'run-1' };
const megabyte = 1_000_000;

/** The names of all consumers of all streams. */
async function consumersOn(url: string): Promise<string[]> {
  const names: string[] = [];
  await withRawClient(url, async ({ connection }) => {
    const manager = await jetstreamManager(connection);
    for await (const { config } of manager.streams.list()) {
      for await (const { name } of manager.consumers.list(config.name)) names.push(name);
    }
  });
  return names;
}

/** The open handles of this process, except for those of the test itself. */
function resources(): string {
  const kinds = process.getActiveResourcesInfo().filter((kind) => /Timeout|Immediate|TCPSocket/.test(kind));
  return kinds.sort().join(' ');
}

async function useEverything({ journal, queue, pubSub, kv, blobs }: NatsBackend, place: number): Promise<void> {
  const key = { ...run, run_id: `run-${place}` };
  const stop = new AbortController();
  await journal.append(key, [requested()]);
  await journal.append(key, [entry('large', 'x'.repeat(megabyte / 2))]);
  assert.is((await listOf(journal.read(key))).length, 2);
  const following = journal.follow(0, 0, stop.signal)[Symbol.asyncIterator]();
  await following.next();
  const watching = kv.watch('', stop.signal)[Symbol.asyncIterator]();
  await kv.put('key', place, { ttlMs: 60_000 });
  await watching.next();
  pubSub.subscribe('live', () => undefined);
  assert.ok(await blobs.has(await blobs.put(new Uint8Array(place + 1))));
  const deliveries: Delivery[] = [];
  await queue.consume(workQueue, { concurrency: 2 }, (delivery) => deliveries.push(delivery));
  await queue.publish([job(place)]);
  while (deliveries.length === 0) await sleep(1);
  await deliveries[0]?.ack();
  if (place % 2 === 0) stop.abort();
}

async function beginAndStop({ journal, kv, queue }: NatsBackend): Promise<void> {
  const { signal } = new AbortController();
  await listOf(journal.read({ ...run, run_id: 'run-0' }));
  for (const iterable of [journal.follow(0, 0, signal), kv.watch('', signal)]) {
    await firstOf<unknown>(iterable);
    await iterable[Symbol.asyncIterator]().return?.();
  }
  const consumer = await queue.consume(workQueue, { concurrency: 1 }, () => undefined);
  await consumer.stop();
}

spec('memory and handles of a NATS backend', (test) => {
  test(
    'are released on close, however often it was opened and whatever was left open',
    () =>
      withNatsServer({}, async ({ url }) => {
        const namespace = newNamespace();
        const before = resources();
        for (let place = 0; place < 12; place++) {
          await withBackend({ url, namespace }, (backend) => useEverything(backend, place));
        }
        for (let wait = 0; wait < 500 && resources() !== before; wait++) await sleep(10);
        assert.is(resources(), before);
        assert.equal(await consumersOn(url), ['queue_work_v1'], 'one consumer per queue, shared by all');
      }),
    { timeoutMs: 30_000 },
  );

  test(
    'include no consumers of readers that have ended',
    () =>
      withNatsServer({}, ({ url }) =>
        withBackend({ url }, async (backend) => {
          await useEverything(backend, 0);
          const settled = (await consumersOn(url)).length;
          for (let each = 0; each < 50; each++) await beginAndStop(backend);
          while ((await consumersOn(url)).length > settled) await sleep(10);
        }),
      ),
    { timeoutMs: 30_000 },
  );

  test(
    'are bounded for a slow follower, which misses nothing',
    () =>
      withNatsServer({}, async ({ url }) => {
        const namespace = newNamespace();
        const facts = 400;
        await withBackend({ url, namespace }, async ({ journal }) => {
          const payload = 'x'.repeat(200_000);
          const appended = Array.from({ length: facts }, (_, each) =>
            journal.append(run, [entry(`m${each}`, payload)]),
          );
          await Promise.all(appended);
        });
        await withBackend({ url, namespace }, async ({ journal }) => {
          const stop = new AbortController();
          const following = journal.follow(0, 0, stop.signal)[Symbol.asyncIterator]();
          const largest = { batch: 0 };
          let seen = 0;
          while (seen < facts) {
            const { value } = await following.next();
            // Long enough for everything to arrive if nothing held it back.
            if (seen < 100) await sleep(150);
            seen += value.length;
            largest.batch = Math.max(largest.batch, value.length);
          }
          process.stderr.write(`80 MB followed, at most ${largest.batch} facts of 200 kB waited\n`);
          assert.ok(largest.batch < 100, `${largest.batch} facts of 200 kB waited`);
          stop.abort();
          await following.next();
        });
      }),
    { timeoutMs: 30_000 },
  );

  test('a reader ends even if the tail of what it reads is removed meanwhile', () =>
    withNatsServer({}, async ({ url }) => {
      const namespace = newNamespace();
      const backend = await openBackend({ url, namespace });
      try {
        const payload = 'x'.repeat(100_000);
        for (let each = 0; each < 200; each++) await backend.journal.append(run, [entry(`m${each}`, payload)]);
        const reading = backend.journal.read(run)[Symbol.asyncIterator]();
        await reading.next();
        await backend.retention.remove(backend.journal.partitionOf(run), run);
        let read = 1;
        while ((await reading.next()).done !== true) read += 1;
        process.stderr.write(`removed after ${read} of 200 facts were read\n`);
        assert.ok(read < 200);
      } finally {
        await backend.close();
      }
    }));

  test('a worker fetches no more than it can process at once, however long the queue', () =>
    withNatsServer({}, ({ url }) =>
      withBackend({ url }, async ({ queue }) => {
        await queue.publish(Array.from({ length: 300 }, (_, place) => job(place)));
        const held = new Set<Delivery>();
        const counts = { most: 0, done: 0 };
        const consumers = await Promise.all(
          [1, 3].map((concurrency) => {
            const own = new Set<Delivery>();
            return queue.consume(workQueue, { concurrency }, (delivery) => {
              held.add(delivery);
              own.add(delivery);
              assert.ok(own.size <= concurrency, `${own.size} at a time, not ${concurrency}`);
              counts.most = Math.max(counts.most, held.size);
              setTimeout(() => {
                held.delete(delivery);
                own.delete(delivery);
                counts.done += 1;
                void delivery.ack();
              }, 2);
            });
          }),
        );
        while (counts.done < 300) await sleep(2);
        assert.is(counts.most, 4);
        assert.is(counts.done, 300);
        await Promise.all(consumers.map((consumer) => consumer.stop()));
      }),
    ));
});

// takes: 30
// mostly waits
/** Seconds of network delay cost time, but no extra requests and no CPU. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { NatsBackend } from '@llmteam/backend-nats';
import * as assert from 'uvu/assert';
import { withNatsServer } from '../support/nats/nats-server.js';
import { withRawClient } from '../support/nats/raw-client.js';
import { type TcpProxy, withTcpProxy } from '../support/nats/tcp-proxy.js';
import { spec } from '../support/spec.js';
import { entry, job, newNamespace, withBackend, workQueue } from './open-backend.js';

const delayMs = 2_000;
const messages = 20;
const everyMs = 250;

interface Sides {
  readonly proxy: TcpProxy;
  /** Connects through the proxy. */
  readonly far: NatsBackend;
  /** Connects directly. */
  readonly near: NatsBackend;
  /** The requests of all clients to the server, by kind. */
  readonly asked: Map<string, number>;
}

async function withSides(use: (sides: Sides) => Promise<void>): Promise<void> {
  await withNatsServer({}, ({ url }) =>
    withTcpProxy(url, (proxy) =>
      withRawClient(url, async ({ connection }) => {
        const asked = new Map<string, number>();
        connection.subscribe('$JS.API.>', {
          callback: (_error, { subject }) => {
            const kind = subject.split('.').slice(2, 4).join(' ');
            asked.set(kind, (asked.get(kind) ?? 0) + 1);
          },
        });
        const namespace = newNamespace();
        await withBackend({ url: proxy.url, namespace }, (far) =>
          withBackend({ url, namespace }, async (near) => use({ proxy, far, near, asked })),
        );
      }),
    ),
  );
}

/** Reads in every possible way and counts the results. */
async function readAll({ journal, kv, queue }: NatsBackend, signal: AbortSignal) {
  const came = { entries: 0, changes: 0, jobs: 0 };
  const following = async (): Promise<void> => {
    for await (const batch of journal.follow(0, 0, signal)) came.entries += batch.length;
  };
  const watching = async (): Promise<void> => {
    for await (const _ of kv.watch('watched/', signal)) came.changes += 1;
  };
  const consumer = await queue.consume(workQueue, { concurrency: messages }, (delivery) => {
    came.jobs += 1;
    void delivery.ack();
  });
  const ended = Promise.all([following(), watching()]);
  return { came, stop: () => Promise.all([consumer.stop(), ended]) };
}

async function writeAll({ journal, kv, queue }: NatsBackend): Promise<void> {
  for (let count = 1; count <= messages; count++) {
    await journal.append({ tenant_id: 'acme', run_id: 'near' }, [entry(`near-${count}`)]);
    await kv.put(`watched/${count}`, count);
    await queue.publish([job(count)]);
    await sleep(everyMs);
  }
}

spec('the NATS backend behind a network that is seconds slow', (test) => {
  test(
    'everything arrives and is acknowledged, the number of requests is bounded, and the process stays idle',
    () =>
      withSides(async ({ proxy, far, near, asked }) => {
        const reading = new AbortController();
        const { came, stop } = await readAll(far, reading.signal);
        await far.journal.append({ tenant_id: 'acme', run_id: 'far' }, [entry('before')]);
        while (came.entries === 0) await sleep(10);
        proxy.delay(delayMs);
        asked.clear();
        const [began, cpu] = [performance.now(), process.cpuUsage()];
        const appended = Array.from({ length: messages }, (_, place) =>
          far.journal.append({ tenant_id: 'acme', run_id: 'far' }, [entry(`far-${place}`)]),
        );
        await writeAll(near);
        assert.is((await Promise.all(appended)).length, messages);
        while (came.entries < 2 * messages + 1 || came.changes < messages || came.jobs < messages) await sleep(10);
        // Nothing arrives any more, so each of the three readers keeps polling.
        const pulls = asked.get('CONSUMER MSG') ?? 0;
        while ((asked.get('CONSUMER MSG') ?? 0) < pulls + 9) await sleep(10);
        const tookMs = performance.now() - began;
        const { user, system } = process.cpuUsage(cpu);
        const computedMs = (user + system) / 1_000;
        const questions = [...asked.values()].reduce((sum, count) => sum + count, 0);
        assert.is(asked.get('CONSUMER CREATE'), undefined, 'no consumer is made anew');
        assert.ok(questions < tookMs / 200, `${questions} questions in ${tookMs} ms`);
        // A busy loop would use CPU all the time.
        assert.ok(computedMs < tookMs / 2, `computed ${computedMs} of ${tookMs} ms`);
        proxy.heal();
        reading.abort();
        await stop();
      }),
    { timeoutMs: 90_000 },
  );
});

/** Seconds of delay cost time. They cost neither the server nor the process anything else. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { NatsBackend } from '@llmteam/backend-nats';
import * as assert from 'uvu/assert';
import { with_nats_server } from '../support/nats/nats-server.js';
import { with_raw_client } from '../support/nats/raw-client.js';
import { type TcpProxy, with_tcp_proxy } from '../support/nats/tcp-proxy.js';
import { spec } from '../support/spec.js';
import { entry, job, new_namespace, with_backend, work_queue } from './open-backend.js';

const delay_ms = 2_000;
const messages = 20;
const every_ms = 250;

interface Sides {
  readonly proxy: TcpProxy;
  /** Behind the proxy. */
  readonly far: NatsBackend;
  /** Beside the server. */
  readonly near: NatsBackend;
  /** What the server was asked by all of them, by kind. */
  readonly asked: Map<string, number>;
}

async function with_sides(use: (sides: Sides) => Promise<void>): Promise<void> {
  await with_nats_server({}, ({ url }) =>
    with_tcp_proxy(url, (proxy) =>
      with_raw_client(url, async ({ connection }) => {
        const asked = new Map<string, number>();
        connection.subscribe('$JS.API.>', {
          callback: (_error, { subject }) => {
            const kind = subject.split('.').slice(2, 4).join(' ');
            asked.set(kind, (asked.get(kind) ?? 0) + 1);
          },
        });
        const namespace = new_namespace();
        await with_backend({ url: proxy.url, namespace }, (far) =>
          with_backend({ url, namespace }, async (near) => use({ proxy, far, near, asked })),
        );
      }),
    ),
  );
}

/** Reads on all of the ways there are; counts what came. */
async function read_all({ journal, registry, queue }: NatsBackend, signal: AbortSignal) {
  const came = { entries: 0, changes: 0, jobs: 0 };
  const following = async (): Promise<void> => {
    for await (const batch of journal.follow(0, 0, signal)) came.entries += batch.length;
  };
  const watching = async (): Promise<void> => {
    for await (const _ of registry.watch('watched/', signal)) came.changes += 1;
  };
  const consumer = await queue.consume(work_queue, { concurrency: messages }, (delivery) => {
    came.jobs += 1;
    void delivery.ack();
  });
  const ended = Promise.all([following(), watching()]);
  return { came, stop: () => Promise.all([consumer.stop(), ended]) };
}

async function write_all({ journal, registry, queue }: NatsBackend): Promise<void> {
  for (let count = 1; count <= messages; count++) {
    await journal.append({ tenant_id: 'acme', run_id: 'near' }, [entry(`near-${count}`)]);
    await registry.put(`watched/${count}`, count);
    await queue.publish([job(count)]);
    await sleep(every_ms);
  }
}

spec('the NATS backend behind a network that is seconds slow', (test) => {
  test(
    'everything arrives and is acknowledged, what is asked stays within bounds, and the process is calm',
    () =>
      with_sides(async ({ proxy, far, near, asked }) => {
        const reading = new AbortController();
        const { came, stop } = await read_all(far, reading.signal);
        await far.journal.append({ tenant_id: 'acme', run_id: 'far' }, [entry('before')]);
        while (came.entries === 0) await sleep(10);
        proxy.delay(delay_ms);
        asked.clear();
        const [began, cpu] = [performance.now(), process.cpuUsage()];
        const appended = Array.from({ length: messages }, (_, place) =>
          far.journal.append({ tenant_id: 'acme', run_id: 'far' }, [entry(`far-${place}`)]),
        );
        await write_all(near);
        assert.is((await Promise.all(appended)).length, messages);
        while (came.entries < 2 * messages + 1 || came.changes < messages || came.jobs < messages) await sleep(10);
        // Nothing comes any more: each of the three readers asks again and again.
        const pulls = asked.get('CONSUMER MSG') ?? 0;
        while ((asked.get('CONSUMER MSG') ?? 0) < pulls + 9) await sleep(10);
        const took_ms = performance.now() - began;
        const { user, system } = process.cpuUsage(cpu);
        const computed_ms = (user + system) / 1_000;
        const questions = [...asked.values()].reduce((sum, count) => sum + count, 0);
        assert.is(asked.get('CONSUMER CREATE'), undefined, 'no consumer is made anew');
        assert.ok(questions < took_ms / 200, `${questions} questions in ${took_ms} ms`);
        assert.ok(computed_ms < took_ms / 4, `computed ${computed_ms} of ${took_ms} ms`);
        proxy.heal();
        reading.abort();
        await stop();
      }),
    { timeout_ms: 90_000 },
  );
});

// mostly waits
import { setTimeout as sleep } from 'node:timers/promises';
import type { NatsBackend } from '@llmteam/backend-nats';
import type { Consumer, Delivery } from '@llmteam/contracts';
import { jetstreamManager } from '@nats-io/jetstream';
import * as assert from 'uvu/assert';
import { type NatsServer, withNatsServer } from '../support/nats/nats-server.js';
import { withRawClient } from '../support/nats/raw-client.js';
import { withTcpProxy } from '../support/nats/tcp-proxy.js';
import { spec } from '../support/spec.js';
import { type BackendOrder, job, newNamespace, withBackend, workQueue } from './open-backend.js';

const leaseMs = 1_000;
/** Ten leases, so only a hang takes longer. */
const soonMs = 10_000;

/** A worker that records the jobs it does. */
class Worker {
  readonly deliveries: Delivery[] = [];
  mostAtATime = 0;
  private atWork = 0;
  private consumer: Consumer | undefined;

  constructor(private readonly takesMs = 0) {}

  async start({ queue }: NatsBackend, concurrency = 4): Promise<void> {
    this.consumer = await queue.consume(workQueue, { concurrency }, (delivery) => void this.work(delivery));
  }

  get steps(): string[] {
    return this.deliveries.map(({ job: { step } }) => step);
  }

  /** Resolves once each job was delivered at least once. */
  async untilDone(count: number): Promise<void> {
    while (new Set(this.steps).size < count) await sleep(2);
  }

  async stop(): Promise<void> {
    await this.consumer?.stop();
  }

  private async work(delivery: Delivery): Promise<void> {
    this.atWork += 1;
    this.mostAtATime = Math.max(this.mostAtATime, this.atWork);
    if (this.takesMs > 0) await sleep(this.takesMs);
    this.deliveries.push(delivery);
    this.atWork -= 1;
    await delivery.ack();
  }
}

const jobs = (count: number, prefix = ''): ReturnType<typeof job>[] =>
  Array.from({ length: count }, (_, place) => job(`${prefix}${place}`));

/** A backend that counts its lost jobs, on a separate server. */
async function withJobs(
  changes: Partial<BackendOrder>,
  use: (at: { server: NatsServer; backend: NatsBackend; stream: string; lost: () => number }) => Promise<void>,
): Promise<void> {
  const counted = { lost: 0 };
  const namespace = newNamespace();
  const onJobsLost = (): void => {
    counted.lost += 1;
  };
  await withNatsServer({}, (server) =>
    withBackend({ url: server.url, namespace, jobLeaseMs: leaseMs, onJobsLost, ...changes }, (backend) =>
      use({ server, backend, stream: `${namespace.toUpperCase()}_JOBS`, lost: () => counted.lost }),
    ),
  );
}

async function within(ms: number, what: string, happens: () => Promise<void>): Promise<void> {
  const began = performance.now();
  await happens();
  const took = performance.now() - began;
  process.stderr.write(`${what}: ${Math.round(took)} ms\n`);
  assert.ok(took < ms, `${what} took ${took} ms`);
}

async function until(satisfied: () => boolean): Promise<void> {
  while (!satisfied()) await sleep(2);
}

async function onServer(
  { url }: NatsServer,
  use: (manager: Awaited<ReturnType<typeof jetstreamManager>>) => Promise<unknown>,
): Promise<void> {
  await withRawClient(url, async ({ connection }) => {
    await use(await jetstreamManager(connection));
  });
}

spec('jobs when their server fails', (test) => {
  test('in memory are reported lost when the server was killed, and workers continue with republished ones', () =>
    withJobs({}, async ({ server, backend, lost }) => {
      const worker = new Worker();
      await worker.start(backend);
      await backend.queue.publish(jobs(20));
      await worker.untilDone(20);
      await worker.stop();
      await backend.queue.publish(jobs(20, 'lost'));
      const next = new Worker();
      await server.kill();
      await server.start();
      await within(soonMs, 'lost jobs told', () => until(() => lost() > 0));
      await next.start(backend);
      await backend.queue.publish(jobs(20, 'lost'));
      await next.untilDone(20);
      assert.is(next.deliveries.length, 20);
      await next.stop();
    }));

  test(
    'a waiting worker recovers by itself after each of ten kills',
    () =>
      withJobs({}, async ({ server, backend, lost }) => {
        const worker = new Worker();
        await worker.start(backend, 1);
        for (let kill = 0; kill < 10; kill++) {
          await server.kill();
          await sleep(10 * kill);
          await server.start();
          await until(() => lost() > kill);
          await backend.queue.publish([job(kill)]);
          await within(soonMs, `a job after kill ${kill + 1}`, () => worker.untilDone(kill + 1));
        }
        assert.is(worker.mostAtATime, 1);
        await worker.stop();
      }),
    { timeoutMs: 60_000 },
  );

  test('on disk survive, whether or not a worker held them', () =>
    withJobs({ jobsStorage: 'file' }, async ({ server, backend, lost }) => {
      await backend.queue.publish(jobs(40));
      const slow = new Worker(50);
      await slow.start(backend, 4);
      await slow.untilDone(8);
      await server.kill();
      await server.start();
      await within(soonMs, 'jobs on disk gone on with', () => slow.untilDone(12));
      await slow.untilDone(40);
      assert.ok(lost() > 0, 'a server that was started again may have lost jobs it had acknowledged');
      assert.is(slow.mostAtATime, 4);
      await slow.stop();
    }));

  test('a consumer that was deleted under its worker is recreated', () =>
    withJobs({}, async ({ server, backend, stream }) => {
      const worker = new Worker();
      await worker.start(backend);
      await onServer(server, (manager) => manager.consumers.delete(stream, 'queue_work_v1'));
      await backend.queue.publish(jobs(3));
      await within(soonMs, 'jobs after the consumer was deleted', () => worker.untilDone(3));
      await worker.stop();
    }));

  test('that were purged can be published again', () =>
    withJobs({}, async ({ server, backend, stream }) => {
      await backend.queue.publish(jobs(10));
      await onServer(server, (manager) => manager.streams.purge(stream));
      const worker = new Worker();
      await worker.start(backend);
      await backend.queue.publish(jobs(10));
      await worker.untilDone(10);
      assert.is(worker.deliveries.length, 10);
      await worker.stop();
    }));

  test('a stream that was deleted under a worker is recreated, and its jobs are reported lost', () =>
    withJobs({}, async ({ server, backend, stream, lost }) => {
      const worker = new Worker();
      await worker.start(backend);
      await onServer(server, (manager) => manager.streams.delete(stream));
      await within(soonMs, 'the stream made again', () => until(() => lost() > 0));
      await backend.queue.publish(jobs(3));
      await worker.untilDone(3);
      await worker.stop();
    }));

  test('a stream that was recreated by another process is noticed by a client that only publishes', () =>
    withJobs({}, async ({ server, backend, stream, lost }) => {
      await backend.queue.publish(jobs(3));
      await onServer(server, async ({ streams }) => {
        const { config } = await streams.info(stream);
        await streams.delete(stream);
        await streams.add(config);
      });
      await within(soonMs + 1_500, 'another stream noticed', () => until(() => lost() > 0));
      assert.is(lost(), 1);
    }));

  test(
    'one job at a time stays one when the network fails again and again',
    () =>
      withJobs({}, ({ server }) =>
        withTcpProxy(server.url, (proxy) =>
          withBackend({ url: proxy.url, jobLeaseMs: leaseMs }, async (backend) => {
            const worker = new Worker(5);
            await worker.start(backend, 1);
            await backend.queue.publish(jobs(60));
            for (let cut = 1; cut <= 6; cut++) {
              await worker.untilDone(8 * cut);
              proxy.resetAll();
            }
            await worker.untilDone(60);
            assert.is(worker.mostAtATime, 1);
            assert.ok(proxy.counts.reset >= 6);
            process.stderr.write(`${proxy.counts.reset} resets, ${worker.deliveries.length} deliveries of 60 jobs\n`);
            await worker.stop();
          }),
        ),
      ),
    { timeoutMs: 30_000 },
  );

  test('a stopping worker immediately nacks jobs that were on their way to it', () =>
    withJobs({ jobLeaseMs: 20_000 }, async ({ server, backend }) => {
      await withTcpProxy(server.url, async (proxy) => {
        const namespace = newNamespace();
        await withBackend({ url: server.url, namespace, jobLeaseMs: 20_000 }, async (other) => {
          await withBackend({ url: proxy.url, namespace, jobLeaseMs: 20_000 }, async (leaving) => {
            const worker = new Worker();
            await worker.start(leaving, 5);
            proxy.delay(200);
            await other.queue.publish(jobs(5));
            await sleep(50);
            await worker.stop();
            assert.equal(worker.deliveries, []);
            const next = new Worker();
            await next.start(other);
            await within(soonMs, 'jobs of a worker that left', () => next.untilDone(5));
            await next.stop();
          });
        });
      });
      await backend.queue.withdraw([]);
    }));

  test('a lease that is configured later applies to the queue from then on', () =>
    withJobs({ jobLeaseMs: 20_000 }, async ({ server, backend, stream }) => {
      const first = new Worker();
      await first.start(backend);
      await first.stop();
      const namespace = stream.replace('_JOBS', '').toLowerCase();
      await withBackend({ url: server.url, namespace, jobLeaseMs: 300 }, async (other) => {
        const held: Delivery[] = [];
        const consumer = await other.queue.consume(workQueue, { concurrency: 1 }, (delivery) => held.push(delivery));
        await other.queue.publish([job(1)]);
        await until(() => held.length > 0);
        await consumer.stop(AbortSignal.abort());
        const next = new Worker();
        await next.start(other);
        await within(soonMs, 'a job whose lease ran out', () => next.untilDone(1));
        assert.is(next.deliveries[0]?.deliveries, 2);
        await next.stop();
      });
    }));
});

import { setTimeout as sleep } from 'node:timers/promises';
import {
  type Delivery,
  type Job,
  type JobQueue,
  type JsonObject,
  LlmteamError,
  type Segment,
  type StepReported,
} from '@llmteam/contracts';
import { createExpressionCompiler, type JobEnd, Resources, Retry, StepCatalog, WorkLoop } from '@llmteam/kernel';
import * as assert from 'uvu/assert';
import { type Handler, Partition, type Shared, withBackend } from '../run-loop/partition.js';
import { noOutbound } from '../support/no-outbound.js';
import { quietLogger } from '../support/quiet-logger.js';
import { workType } from '../support/simulation/work-type.js';
import { spec } from '../support/spec.js';

const oneStep: Segment = {
  segment_id: 'one',
  name: 'One',
  entrypoint: 'work',
  params: { timeout_seconds: null, max_retries: 0 },
  steps: [{ step_id: 'work', type: 'work' }],
};

interface Worker {
  readonly loop: WorkLoop;
  readonly told: string[];
}

/** A separate worker next to the partition's loop. */
async function startWorker({ backend, clock }: Shared, name: string, handler: Handler): Promise<Worker> {
  const catalog = new StepCatalog();
  catalog.add({ ...workType, run: handler }, '1.0.0', 'test');
  const told: string[] = [];
  const observer = {
    began: (job: Job, deliveries: number) => void told.push(`began ${job.step} ${deliveries}`),
    reported: (job: Job, { at, started_at }: StepReported) => void told.push(`reported ${job.step} ${at - started_at}`),
    ended: (job: Job, how: JobEnd) => void told.push(`${how} ${job.step}`),
  };
  const resources = new Resources(
    { llms: {}, clients: {}, stores: [], secrets: {}, reveal: (text) => text },
    new Map(),
  );
  const compiler = createExpressionCompiler();
  const retry = new Retry(clock, quietLogger, Number.POSITIVE_INFINITY, () => undefined);
  const ports = { ...backend, clock, log: quietLogger, resources, outbound: noOutbound, compiler };
  const loop = new WorkLoop(ports, { workerId: name, catalog, retry, observer });
  await loop.start();
  return { loop, told };
}

async function factsOf({ backend }: Shared, run: { tenant_id: string; run_id: string }): Promise<string[]> {
  const types: string[] = [];
  for await (const { fact } of backend.journal.read(run)) types.push(fact.type);
  return types;
}

async function withRun(
  use: (scene: { shared: Shared; partition: Partition; run: { tenant_id: string; run_id: string } }) => Promise<void>,
): Promise<void> {
  await withBackend(async (shared) => {
    const partition = new Partition(shared, 'p', () => Promise.reject(new Error('has no worker')));
    await partition.takeOver();
    await use({ shared, partition, run: await partition.start(oneStep) });
    await partition.stop();
  });
}

spec('a redelivered job', (test) => {
  test('is not executed again if it was reported but not acked', async () => {
    await withRun(async ({ shared, run }) => {
      const { backend, clock } = shared;
      const at = clock.now();
      const reported = new Promise<void>((resolve, reject) => {
        const dieBeforeTheAck = async (delivery: Delivery): Promise<void> => {
          const { job } = delivery;
          const { step, attempt } = job;
          const fact = { type: 'step.reported', at, step, attempt, started_at: at, worker: 'dead', ports: {} } as const;
          await backend.journal.append(job, [{ message_id: `report:${step}#${attempt}`, fact }]);
          await delivery.nak();
        };
        const consuming = backend.queue.consume('work@1', { concurrency: 1 }, (delivery) => {
          void consuming.then((consumer) => {
            dieBeforeTheAck(delivery).then(resolve, reject);
            return consumer.stop();
          });
        });
      });
      await reported;
      const calls = { made: 0 };
      const worker = await startWorker(shared, 'next', async () => {
        calls.made += 1;
        return {};
      });
      while (!worker.told.some((line) => line.startsWith('dropped'))) await sleep(1);
      assert.is(calls.made, 0);
      const facts = await factsOf(shared, run);
      assert.is(facts.filter((type) => type === 'step.reported').length, 1);
      await worker.loop.stop(0);
    });
  });
});

/** The first ack never arrives. */
function losingAnAck(queue: JobQueue): JobQueue {
  const lost = { acks: 0 };
  const lose = async (): Promise<void> => {
    lost.acks += 1;
    throw new LlmteamError('BACKEND_UNREACHABLE', 'the connection is gone');
  };
  const withoutAck = (delivery: Delivery): Delivery => ({
    job: delivery.job,
    deliveries: delivery.deliveries,
    ack: lose,
    nak: (delayMs) => delivery.nak(delayMs),
    extend: () => delivery.extend(),
  });
  return {
    supports: queue.supports,
    leaseMs: queue.leaseMs,
    publish: (jobs) => queue.publish(jobs),
    consume: (name, options, work) =>
      queue.consume(name, options, (delivery) => work(lost.acks > 0 ? delivery : withoutAck(delivery))),
    withdraw: (ids) => queue.withdraw(ids),
    depth: (names) => queue.depth(names),
    close: () => queue.close(),
  };
}

spec('the callback for a report', (test) => {
  test('is called once the report is stored, even if its acknowledgement is lost', () =>
    withRun(async ({ shared, partition, run }) => {
      const { backend, clock } = shared;
      const lossy = { ...shared, backend: { ...backend, queue: losingAnAck(backend.queue) } };
      const slow: Handler = () => new Promise((resolve) => clock.after(2_000, () => resolve({ output: 'done' })));
      const { loop, told } = await startWorker(lossy, 'a', slow);
      await partition.settle();
      await clock.advance(2_000);
      await partition.settle();
      await clock.advance(1_000);
      await partition.settle();
      assert.is((await partition.view(run)).output, 'done');
      assert.equal(told, ['began work 1', 'reported work 2000', 'dropped work', 'began work 2', 'dropped work']);
      await loop.stop(0);
    }));
});

spec('a stopping worker', (test) => {
  test('lets a handler finish within the drain timeout and takes nothing new', () =>
    withRun(async ({ shared, partition, run }) => {
      const finish: (() => void)[] = [];
      const handler: Handler = () => new Promise((resolve) => finish.push(() => resolve({ output: 'done' })));
      const { loop, told } = await startWorker(shared, 'a', handler);
      await partition.settle();
      const stopped = loop.stop(20_000);
      const later = await partition.start(oneStep);
      await shared.clock.advance(15_000);
      finish[0]?.();
      await partition.settle();
      await stopped;
      assert.is((await partition.view(run)).output, 'done');
      assert.is((await partition.view(later)).status, 'running');
      assert.equal(told, ['began work 1', 'reported work 15000', 'completed work']);
    }));

  test('releases unfinished jobs: nothing is reported, and the next worker takes them immediately', () =>
    withRun(async ({ shared, partition, run }) => {
      const reasons: unknown[] = [];
      const finish: (() => void)[] = [];
      const stubborn: Handler = (context) =>
        new Promise((resolve) => {
          finish.push(() => resolve({ output: 'too late' }));
          context.signal.addEventListener('abort', () => reasons.push((context.signal.reason as JsonObject).message));
        });
      const first = await startWorker(shared, 'a', stubborn);
      await partition.settle();
      const stopped = first.loop.stop(20_000);
      await shared.clock.advance(19_999);
      assert.equal(reasons, []);
      await shared.clock.advance(1);
      await stopped;
      assert.equal(reasons, ['the worker stops']);
      const second = await startWorker(shared, 'b', async () => ({ output: 'done' }));
      await partition.settle();
      finish[0]?.();
      assert.is((await partition.view(run)).output, 'done');
      assert.equal(await factsOf(shared, run), ['run.requested', 'step.started', 'step.reported', 'run.ended']);
      assert.equal(first.told, ['began work 1', 'handed_back work']);
      assert.equal(second.told, ['began work 2', 'reported work 0', 'completed work']);
      await second.loop.stop(0);
    }));

  test('does not report a handler that ends because it was aborted', () =>
    withRun(async ({ shared, partition, run }) => {
      const obedient: Handler = (context) =>
        new Promise((_, reject) => context.signal.addEventListener('abort', () => reject(context.signal.reason)));
      const { loop, told } = await startWorker(shared, 'a', obedient);
      await partition.settle();
      const stopped = loop.stop(5_000);
      await shared.clock.advance(5_000);
      await stopped;
      await partition.settle();
      assert.equal(await factsOf(shared, run), ['run.requested', 'step.started']);
      assert.equal(told, ['began work 1', 'handed_back work']);
    }));
});

spec('concurrency of a worker', (test) => {
  test('is that of the options for the type, else that of the type, else the default; per queue', () =>
    withBackend(async ({ backend, clock }) => {
      const catalog = new StepCatalog();
      catalog.add(workType, '1.0.0', 'test');
      catalog.add(workType, '2.0.0', 'test');
      for (const typeId of ['slow', 'plain']) {
        const metadata = { ...workType.metadata, type_id: typeId };
        catalog.add({ ...workType, metadata, ...(typeId === 'slow' && { concurrency: 2 }) }, '1.0.0', 'test');
      }
      const resources = new Resources({ llms: {}, clients: {}, stores: [], secrets: {}, reveal: String }, new Map());
      const ports = {
        ...backend,
        clock,
        log: quietLogger,
        resources,
        outbound: noOutbound,
        compiler: createExpressionCompiler(),
      };
      const retry = new Retry(clock, quietLogger, 0, () => undefined);
      const common = { workerId: 'a', catalog, retry };
      const all = new WorkLoop(ports, { ...common, concurrency: 7, concurrencyByType: { work: 3 } });
      assert.equal(Object.fromEntries(all.concurrency()), { 'work@1': 3, 'work@2': 3, 'slow@1': 2, 'plain@1': 7 });
      const own = new WorkLoop(ports, { ...common, concurrencyByType: { slow: 9 } });
      assert.equal(Object.fromEntries(own.concurrency()), { 'work@1': 16, 'work@2': 16, 'slow@1': 9, 'plain@1': 16 });
    }));
});

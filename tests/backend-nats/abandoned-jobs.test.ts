/** W4 when a worker ends because of one attempt: the deliveries of the others do not count, and their jobs go back at once. */
import type { NatsBackend } from '@llmteam/backend-nats';
import type { Job, TaskType } from '@llmteam/contracts';
import {
  createExpressionCompiler,
  ReleasedJobs,
  Resources,
  Retry,
  RunningAttempts,
  StepCatalog,
  WorkLoop,
} from '@llmteam/kernel';
import { systemClock } from '@llmteam/service-host';
import * as assert from 'uvu/assert';
import { withNatsServer } from '../support/nats/nats-server.js';
import { noOutbound } from '../support/no-outbound.js';
import { quietLogger } from '../support/quiet-logger.js';
import { workType } from '../support/simulation/work-type.js';
import { spec } from '../support/spec.js';
import { job, newNamespace, openBackend } from './open-backend.js';

interface Worker {
  readonly loop: WorkLoop;
  readonly running: RunningAttempts;
  /** Step and deliveries of each job it was given. */
  readonly began: Map<string, number>;
}

async function startWorker(backend: NatsBackend, run: TaskType['run']): Promise<Worker> {
  const clock = systemClock();
  const catalog = new StepCatalog();
  catalog.add({ ...workType, run }, '1.0.0', 'test');
  const began = new Map<string, number>();
  const running = new RunningAttempts();
  const observer = {
    began: ({ step }: Job, deliveries: number) => void began.set(step, deliveries),
    reported: () => undefined,
    ended: () => undefined,
  };
  const settings = { llms: {}, clients: {}, stores: [], secrets: {}, reveal: (text: string) => text };
  const ports = {
    ...backend,
    clock,
    log: quietLogger,
    resources: new Resources(settings, new Map()),
    outbound: noOutbound,
    compiler: createExpressionCompiler(),
  };
  const retry = new Retry(clock, quietLogger, Number.POSITIVE_INFINITY, () => undefined);
  const loop = new WorkLoop(ports, { workerId: 'w', catalog, retry, observer, running });
  await loop.start();
  return { loop, running, began };
}

async function untilBegan({ began }: Worker, count: number): Promise<void> {
  while (began.size < count) await new Promise((resolve) => setTimeout(resolve, 10));
}

spec('a worker that ends because of one attempt', (test) => {
  test('hands the jobs of the others back uncounted, and the delivery of the culprit counts', () =>
    withNatsServer({}, async ({ url }) => {
      const order = { url, namespace: newNamespace(), jobLeaseMs: 1_500 };
      const dying = await openBackend(order);
      const next = await openBackend(order);
      const first = await startWorker(dying, () => new Promise(() => undefined));
      await dying.queue.publish([job('culprit'), job('innocent'), job('other')]);
      await untilBegan(first, 3);
      const culprit = first.running.list().find(({ job: { step } }) => step === 'stepculprit');
      assert.ok(culprit);
      first.running.culprit(culprit);
      await first.loop.abandon(first.running.blame?.job.job_id ?? '');
      const second = await startWorker(next, async () => ({ output: 1 }));
      await untilBegan(second, 2);
      assert.not.ok(second.began.has('stepculprit'), 'the others are there before the lease of the culprit is over');
      await dying.close();
      await untilBegan(second, 3);
      assert.equal([...second.began.values()], [2, 2, 2]);
      const released = new ReleasedJobs(next.kv);
      assert.is(await released.times(job('culprit').job_id), 0);
      assert.is(await released.times(job('innocent').job_id), 1);
      assert.is(await released.times(job('other').job_id), 1);
      await second.loop.stop(0);
      await next.close();
      await first.loop.stop(0);
    }));
});

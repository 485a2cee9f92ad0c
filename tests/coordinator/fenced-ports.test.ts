import { openMemoryBackend } from '@llmteam/backend-embedded';
import { type Fact, isLlmteamError, type Job } from '@llmteam/contracts';
import { fencedPorts, type PartitionPorts } from '@llmteam/coordinator';
import { manualClock } from '@llmteam/testing';
import * as assert from 'uvu/assert';
import { spec } from '../support/spec.js';

const run = { tenant_id: 'acme', run_id: 'r1' };
const ended: Fact = {
  type: 'run.controlled',
  at: 0,
  action: 'cancel',
  by: 'test',
};
const job = { job_id: 'r1/a#1', run_id: 'r1', step_type: 'work', type_version: '1.0.0' } as Job;

interface Fenced extends PartitionPorts {
  readonly fence: { isHeld: boolean; appended: number };
}

async function withFence(use: (ports: Fenced, open: PartitionPorts) => Promise<void>): Promise<void> {
  const backend = await openMemoryBackend({ clock: manualClock(0) });
  const fence = { isHeld: true, appended: 0 };
  const ports = fencedPorts(backend, {
    partition: 3,
    isHeld: () => fence.isHeld,
    appended: (count) => {
      fence.appended += count;
    },
  });
  try {
    await use({ ...ports, fence }, backend);
  } finally {
    await backend.close();
  }
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => 'done',
    (error: unknown) => (isLlmteamError(error) ? error.code : String(error)),
  );
}

spec('ports of a partition', (test) => {
  test('write while the lease is held, and count appends', () =>
    withFence(async (ports, open) => {
      const heard: unknown[] = [];
      open.pubSub.subscribe('s', (message) => heard.push(message));
      await ports.journal.append(run, [
        { message_id: 'a', fact: ended },
        { message_id: 'b', fact: ended },
      ]);
      await ports.queue.publish([job]);
      await ports.kv.put('k', 1);
      ports.pubSub.publish('s', 'x');
      await new Promise(setImmediate);
      assert.is(await open.journal.end(0), 2);
      assert.is(ports.fence.appended, 2);
      assert.is((await open.kv.get('k'))?.value, 1);
      assert.equal(heard, ['x']);
    }));

  test('reject writes from the moment it is lost, and still read', () =>
    withFence(async (ports, open) => {
      await ports.kv.put('k', 1);
      await ports.queue.publish([job]);
      const heard: unknown[] = [];
      open.pubSub.subscribe('s', (message) => heard.push(message));
      ports.fence.isHeld = false;
      const writes = [
        ports.journal.append(run, [{ message_id: 'a', fact: ended }]),
        ports.queue.publish([{ ...job, job_id: 'other' }]),
        ports.queue.withdraw([job.job_id]),
        ports.kv.put('k', 2),
        ports.kv.delete('k'),
      ];
      assert.equal(
        await Promise.all(writes.map(codeOf)),
        writes.map(() => 'CLOSED'),
      );
      ports.pubSub.publish('s', 'x');
      await new Promise(setImmediate);
      assert.equal(heard, []);
      assert.is(await ports.journal.end(0), 0);
      assert.is(ports.fence.appended, 0);
      assert.is((await ports.kv.get('k'))?.value, 1);
      const jobs: string[] = [];
      const consumer = await open.queue.consume('work@1', { concurrency: 5 }, (delivery) => {
        jobs.push(delivery.job.job_id);
        void delivery.ack();
      });
      await new Promise(setImmediate);
      await consumer.stop();
      assert.equal(jobs, [job.job_id]);
    }));
});

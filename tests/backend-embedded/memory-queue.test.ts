import { openMemoryBackend } from '@llmteam/backend-embedded';
import type { Delivery, JobQueue } from '@llmteam/contracts';
import { sampleJob as job, sampleJobs as jobs, type ManualClock, manualClock } from '@llmteam/testing';
import * as assert from 'uvu/assert';
import { spec } from '../support/spec.js';

interface Bench {
  readonly queue: JobQueue;
  readonly clock: ManualClock;
  readonly errors: unknown[];
  /** A consumer that records its deliveries. */
  consume(concurrency: number): Promise<Delivery[]>;
}

const leaseMs = 1_000;

async function withQueue(use: (bench: Bench) => Promise<void>): Promise<void> {
  const clock = manualClock();
  const errors: unknown[] = [];
  const backend = await openMemoryBackend({ clock, leaseMs, onError: (error) => errors.push(error) });
  const { queue } = backend;
  const consume = async (concurrency: number) => {
    const taken: Delivery[] = [];
    await queue.consume('llm_agent@1', { concurrency }, (delivery) => void taken.push(delivery));
    return taken;
  };
  await use({ queue, clock, errors, consume });
  await backend.close();
  assert.is(clock.pending, 0, 'no timer is left');
}

const at = (deliveries: readonly Delivery[], index: number): Delivery => {
  const delivery = deliveries[index];
  assert.ok(delivery);
  return delivery;
};

spec('the queue in memory', (test) => {
  test('a job is delivered before publish returns if a consumer has a free slot', () =>
    withQueue(async ({ queue, consume }) => {
      const taken = await consume(1);
      const publishing = queue.publish(jobs(2));
      assert.is(taken.length, 1);
      await publishing;
    }));

  test('a late ack of a job that waits again takes it out of the queue', () =>
    withQueue(async ({ queue, clock, consume }) => {
      const taken = await consume(1);
      await queue.publish([job('a')]);
      await queue.publish([job('b')]);
      await clock.advance(leaseMs);
      assert.equal(
        taken.map(({ deliveries }) => deliveries),
        [1, 2],
        'the lost job goes first',
      );
      await at(taken, 1).nak(leaseMs * 10);
      await at(taken, 0).ack();
      await at(taken, 2).ack();
      await clock.advance(leaseMs * 20);
      assert.equal(
        taken.map((delivery) => delivery.job.job_id),
        ['a', 'a', 'b'],
      );
    }));

  test('a late ack of a redelivered job prevents a third delivery', () =>
    withQueue(async ({ queue, clock, consume }) => {
      const taken = await consume(5);
      await queue.publish([job('a')]);
      await clock.advance(leaseMs);
      await at(taken, 0).ack();
      await queue.publish([job('a')]);
      assert.is(taken.length, 2, 'while it is handed out its id is taken');
      await clock.advance(leaseMs * 5);
      assert.is(taken.length, 2);
      await queue.publish([job('a')]);
      assert.is(taken.length, 3);
    }));

  test('what was settled stays settled: a second ack, nak or extend changes nothing', () =>
    withQueue(async ({ queue, clock, consume }) => {
      const taken = await consume(5);
      await queue.publish(jobs(2));
      await at(taken, 0).nak(500);
      await at(taken, 0).ack();
      await at(taken, 0).extend();
      await at(taken, 1).ack();
      await at(taken, 1).nak();
      await clock.advance(leaseMs * 0.75);
      assert.equal(
        taken.map((delivery) => delivery.job.job_id),
        ['j0', 'j1', 'j0'],
      );
    }));

  test('an extend after the lease has ended does not take the job back', () =>
    withQueue(async ({ queue, clock, consume }) => {
      const taken = await consume(5);
      await queue.publish([job('a')]);
      await clock.advance(leaseMs);
      await at(taken, 0).extend();
      await at(taken, 0).nak();
      assert.is(taken.length, 2);
      await clock.advance(leaseMs);
      assert.is(taken.length, 3);
    }));

  test('a lost delivery gives its place free', () =>
    withQueue(async ({ queue, clock, consume }) => {
      const taken = await consume(1);
      await queue.publish(jobs(2));
      await clock.advance(leaseMs);
      await at(taken, 1).ack();
      assert.equal(
        taken.map((delivery) => delivery.job.job_id),
        ['j0', 'j0', 'j1'],
      );
    }));

  test('lost jobs are redelivered in order, before jobs that were never delivered', () =>
    withQueue(async ({ queue, clock, consume }) => {
      const taken = await consume(3);
      await queue.publish(jobs(5));
      await clock.advance(leaseMs);
      assert.equal(
        taken.map((delivery) => delivery.job.job_id),
        ['j0', 'j1', 'j2', 'j0', 'j1', 'j2'],
      );
    }));

  test('delayed jobs are redelivered in the order of their due time', () =>
    withQueue(async ({ queue, clock, consume }) => {
      const taken = await consume(10);
      await queue.publish(jobs(4));
      for (const [index, delay] of [300, 100, 400, 200].entries()) await at(taken, index).nak(delay);
      await clock.advance(450);
      assert.equal(
        taken.slice(4).map((delivery) => delivery.job.job_id),
        ['j1', 'j3', 'j0', 'j2'],
      );
    }));

  test('a handler that throws is reported and disturbs neither the publisher nor other jobs; its job is lost and found', () =>
    withQueue(async ({ queue, clock, errors }) => {
      const seen: number[] = [];
      await queue.consume('llm_agent@1', { concurrency: 1 }, (delivery) => {
        seen.push(delivery.deliveries);
        if (delivery.deliveries === 1) throw new Error('on purpose');
        void delivery.ack();
      });
      await queue.publish([job('a')]);
      assert.is(errors.length, 1);
      await clock.advance(leaseMs);
      assert.equal(seen, [1, 2]);
    }));

  test('a handler may ack and publish at once, 100,000 times', () =>
    withQueue(async ({ queue }) => {
      const count = { done: 0 };
      await queue.consume('llm_agent@1', { concurrency: 1 }, (delivery) => {
        count.done += 1;
        void delivery.ack();
        if (count.done < 100_000) void queue.publish([job(`n${count.done}`)]);
      });
      await queue.publish([job('first')]);
      assert.is(count.done, 100_000);
    }));

  test('one timer serves a queue, however many jobs are out and put off', () =>
    withQueue(async ({ queue, clock, consume }) => {
      const taken = await consume(10_000);
      await queue.publish(jobs(10_000));
      for (let index = 0; index < 100; index += 1) await at(taken, index).nak(index * 10);
      assert.ok(clock.pending <= 1);
    }));

  test('consumers take turns', () =>
    withQueue(async ({ queue, consume }) => {
      const desks = [await consume(100), await consume(100), await consume(100)];
      await queue.publish(jobs(30));
      assert.equal(
        desks.map((taken) => taken.length),
        [10, 10, 10],
      );
    }));

  test('a concurrency that is no integer from 1 is a RangeError', () =>
    withQueue(async ({ queue }) => {
      for (const concurrency of [0, -1, 1.5, Number.NaN]) {
        const thrown = await queue.consume('a@1', { concurrency }, () => undefined).catch((error) => error);
        assert.instance(thrown, RangeError);
      }
    }));
});

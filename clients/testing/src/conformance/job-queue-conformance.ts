/** Conformance suite of `JobQueue`; numbers as in contracts/src/ports/job-queue.ts. */
import * as assert from 'node:assert/strict';
import type { Job } from '@llmteam/contracts';
import { depthLaws } from './job-queue-depth-laws.js';
import { Desk, type JobQueueKit, job, jobs } from './job-queue-desk.js';
import { checkSupports, rejectsWith, withPort } from './kit.js';

export function jobQueueConformance(kit: JobQueueKit): void {
  deliveryLaws(kit);
  leaseLaws(kit);
  queueLaws(kit);
  depthLaws(kit);
  stopAndCloseLaws(kit);
}

function deliveryLaws(kit: JobQueueKit): void {
  const { test } = kit;

  test('the flags of a job queue are known', () => withPort(kit, async (queue) => checkSupports(queue)));

  test('Q4 a job queue knows the lease it was opened with', () =>
    withPort(kit, async (queue) => assert.equal(queue.leaseMs, kit.leaseMs)));

  test('Q1 jobs are delivered complete and in publication order, whether consumer or jobs come first', () =>
    withPort(kit, async (queue) => {
      await queue.publish(jobs(20));
      const desk = await Desk.at(queue);
      await desk.has(20);
      await queue.publish(jobs(20, 'k'));
      const deliveries = await desk.has(40);
      const published = [...jobs(20), ...jobs(20, 'k')];
      assert.deepEqual(
        deliveries.map((delivery) => delivery.job),
        published,
      );
      assert.deepEqual(new Set(deliveries.map((delivery) => delivery.deliveries)), new Set([1]));
    }));

  test('Q1 every field of a job arrives as published', () =>
    withPort(kit, async (queue) => {
      const full: Partial<Job> = {
        ports: { context: ['a', null] },
        extra_ports: ['yes', 'no'],
        variables: { run: { id: 'run-7' }, loop: { index: 2, item: {} } },
        memos: { draft: 'text' },
        timeout_seconds: 0.5,
        deadline_at: 1_795_600_667_995,
        journal_start: true,
      };
      const place = { run_id: 'run-7', step: 'each[3]/write', step_id: 'write', scope: 'each[3]', attempt: 2 };
      const published = [
        job('run-7/each[3]/write#2', { ...place, ...full, idempotency_key: 'run-7/each[3]/write' }),
        job('run-7/each[3]/write#3', { ...place, attempt: 3, idempotency_key: 'another' }),
        job('any id', { ...place, input: null, config: {} }),
        job('run-7/write#1', { run_id: 'run-7', step: 'write', step_id: 'write', idempotency_key: 'run-7/write' }),
        job('odd', { step: 'each[3]/write', step_id: 'each', scope: 'elsewhere' }),
        job('scoped', { step: 'write', step_id: 'write', scope: 'each[3]', input: { '': [0, false] } }),
      ];
      await queue.publish(published);
      const desk = await Desk.at(queue);
      const arrived = (await desk.has(published.length)).map((delivery) => delivery.job);
      assert.deepEqual(arrived, published);
    }));

  test('Q1 a job is delivered to exactly one of several consumers', () =>
    withPort(kit, async (queue, { advance }) => {
      const desks = [await Desk.at(queue, 10), await Desk.at(queue, 10), await Desk.at(queue, 10)];
      for (const one of jobs(30)) await queue.publish([one]);
      await advance(1);
      const ids = desks.flatMap((desk) => desk.ids);
      assert.deepEqual(
        [...ids].sort(),
        jobs(30)
          .map((one) => one.job_id)
          .sort(),
      );
    }));

  test('Q2 a queued job is not queued again', () =>
    withPort(kit, async (queue, { advance }) => {
      await queue.publish([job('a'), job('a')]);
      await queue.publish([job('a')]);
      const desk = await Desk.at(queue);
      await desk.has(1);
      await advance(1);
      assert.deepEqual(desk.ids, ['a']);
    }));

  test('Q2 a delivered job is not queued again', () =>
    withPort(kit, async (queue, { advance }) => {
      const desk = await Desk.at(queue);
      await queue.publish([job('a')]);
      await desk.has(1);
      await queue.publish([job('a'), job('b')]);
      await desk.has(2);
      await advance(1);
      assert.deepEqual(desk.ids, ['a', 'b']);
    }));

  test('Q2 once a job is acked its id can be published again', () =>
    withPort(kit, async (queue, { advance }) => {
      const desk = await Desk.at(queue);
      await queue.publish([job('a')]);
      await (await desk.delivery(0)).ack();
      await advance(1);
      await queue.publish([job('a', { input: 'again' })]);
      const second = await desk.delivery(1);
      assert.equal(second.job.input, 'again');
      assert.equal(second.deliveries, 1);
    }));

  test('Q3 a consumer holds as many deliveries as its concurrency and no more', () =>
    withPort(kit, async (queue, { advance }) => {
      await queue.publish(jobs(50));
      const desk = await Desk.at(queue, 3);
      await desk.has(3);
      await advance(1);
      assert.equal(desk.deliveries.length, 3);
      for (let done = 0; done < 47; done += 1) {
        await (await desk.delivery(done)).ack();
        await desk.has(done + 4);
        await advance(0);
        assert.equal(desk.deliveries.length, done + 4);
      }
    }));

  test('Q3 a nacked job frees a slot too', () =>
    withPort(kit, async (queue) => {
      await queue.publish(jobs(2));
      const desk = await Desk.at(queue, 1);
      await (await desk.delivery(0)).nak(kit.leaseMs * 10);
      assert.equal((await desk.delivery(1)).job.job_id, 'j1');
    }));
}

function leaseLaws(kit: JobQueueKit): void {
  const { test, leaseMs } = kit;

  test('Q4 an unacked job is redelivered after its lease, not before, and counted', () =>
    withPort(kit, async (queue, { advance }) => {
      const lost = await Desk.at(queue, 1);
      await queue.publish([job('a')]);
      await lost.has(1);
      const rescuer = await Desk.at(queue, 1);
      await advance(leaseMs / 2);
      assert.equal(rescuer.deliveries.length, 0);
      await advance(leaseMs);
      const again = [...lost.deliveries.slice(1), ...rescuer.deliveries][0];
      assert.equal(again?.job.job_id, 'a');
      assert.equal(again?.deliveries, 2);
      await again?.ack();
    }));

  test('Q4 a job is redelivered as often as its lease expires', () =>
    withPort(kit, async (queue, { advance }) => {
      const desk = await Desk.at(queue);
      await queue.publish(jobs(3));
      await desk.has(3);
      for (let round = 2; round <= 4; round += 1) {
        await advance(leaseMs * 1.25);
        const deliveries = (await desk.has(round * 3)).slice(-3);
        assert.deepEqual(
          deliveries.map((delivery) => delivery.deliveries),
          [round, round, round],
        );
        assert.deepEqual(deliveries.map((delivery) => delivery.job.job_id).sort(), ['j0', 'j1', 'j2']);
      }
    }));

  test('Q4 an acked job is never redelivered', () =>
    withPort(kit, async (queue, { advance }) => {
      const desk = await Desk.at(queue);
      await queue.publish(jobs(3));
      for (const delivery of await desk.has(3)) await delivery.ack();
      await advance(leaseMs * 3);
      assert.deepEqual(desk.ids, ['j0', 'j1', 'j2']);
    }));

  test('Q4 a job whose lease is extended stays with its consumer', () =>
    withPort(kit, async (queue, { advance }) => {
      const desk = await Desk.at(queue);
      await queue.publish(jobs(2));
      await desk.has(2);
      for (let beat = 0; beat < 6; beat += 1) {
        await (await desk.delivery(0)).extend();
        await advance(leaseMs / 2);
      }
      assert.equal(desk.ids.filter((id) => id === 'j0').length, 1);
      assert.ok(desk.ids.filter((id) => id === 'j1').length > 1, 'the other one was lost');
    }));

  test('Q4 an extended lease expires too', () =>
    withPort(kit, async (queue, { advance }) => {
      const desk = await Desk.at(queue);
      await queue.publish([job('a')]);
      await advance(leaseMs / 2);
      await (await desk.delivery(0)).extend();
      await advance(leaseMs * 1.5);
      assert.equal((await desk.delivery(1)).deliveries, 2);
    }));

  test('Q4 a nacked job is redelivered immediately and counted', () =>
    withPort(kit, async (queue) => {
      const desk = await Desk.at(queue);
      await queue.publish([job('a')]);
      await (await desk.delivery(0)).nak();
      const second = await desk.delivery(1);
      assert.deepEqual([second.job.job_id, second.deliveries], ['a', 2]);
    }));

  test('Q4 every delivery of a job is counted, after a lost lease as after a nack', () =>
    withPort(kit, async (queue, { advance }) => {
      const desk = await Desk.at(queue);
      await queue.publish([job('a')]);
      await (await desk.delivery(0)).nak();
      await desk.delivery(1);
      await advance(leaseMs * 1.25);
      await (await desk.delivery(2)).nak(1);
      await advance(leaseMs / 4);
      await (await desk.delivery(3)).ack();
      assert.deepEqual(
        desk.deliveries.map(({ deliveries }) => deliveries),
        [1, 2, 3, 4],
      );
    }));

  test('Q4 a nacked job with a delay is redelivered after it, not before', () =>
    withPort(kit, async (queue, { advance }) => {
      const desk = await Desk.at(queue);
      await queue.publish([job('a')]);
      await (await desk.delivery(0)).nak(leaseMs * 3);
      await advance(leaseMs * 2.5);
      assert.equal(desk.deliveries.length, 1);
      await queue.publish([job('a')]);
      await advance(leaseMs);
      assert.equal((await desk.delivery(1)).deliveries, 2);
      assert.equal(desk.deliveries.length, 2, 'while it is put off it is queued');
    }));

  test('Q4 a job whose consumer is gone is redelivered to another one', () =>
    withPort(kit, async (queue, { advance }) => {
      const gone = await Desk.at(queue);
      await queue.publish([job('a')]);
      await gone.has(1);
      await gone.consumer.stop(AbortSignal.abort());
      const other = await Desk.at(queue);
      await advance(leaseMs * 1.5);
      assert.equal((await other.delivery(0)).deliveries, 2);
      assert.equal(gone.deliveries.length, 1);
    }));
}

function queueLaws(kit: JobQueueKit): void {
  const { test, leaseMs } = kit;

  test('Q5 each step type and major version has a separate queue', () =>
    withPort(kit, async (queue, { advance }) => {
      const [first, second, other] = [
        await Desk.at(queue, 1, 'llm_agent@1'),
        await Desk.at(queue, 1, 'llm_agent@2'),
        await Desk.at(queue, 1, 'http_action@1'),
      ];
      await queue.publish([
        job('a', { type_version: '1.0.0' }),
        job('a', { type_version: '2.0.0' }),
        job('a', { step_type: 'http_action' }),
        job('b', { type_version: '1.9.4' }),
      ]);
      await (await first.delivery(0)).ack();
      await Promise.all([first.has(2), second.has(1), other.has(1)]);
      await advance(1);
      assert.deepEqual([first.ids, second.ids, other.ids], [['a', 'b'], ['a'], ['a']]);
    }));

  test('Q5 a full queue does not block another one', () =>
    withPort(kit, async (queue) => {
      await queue.publish([...jobs(100), job('x', { step_type: 'http_action' })]);
      await Desk.at(queue, 1);
      const other = await Desk.at(queue, 1, 'http_action@1');
      assert.equal((await other.delivery(0)).job.job_id, 'x');
    }));

  test('Q6 withdraw removes the given jobs from any queue, and no others', () =>
    withPort(kit, async (queue, { advance }) => {
      await queue.publish(jobs(3, 'a'));
      await queue.publish([job('b', { step_type: 'http_action' }), job('c', { step_type: 'http_action' })]);
      await queue.withdraw(['a0', 'a2', 'b', 'never']);
      const desk = await Desk.at(queue);
      const other = await Desk.at(queue, 10, 'http_action@1');
      await Promise.all([desk.has(1), other.has(1)]);
      await advance(1);
      assert.deepEqual([desk.ids, other.ids], [['a1'], ['c']]);
    }));

  test('Q6 a withdrawn job may be published again', () =>
    withPort(kit, async (queue) => {
      await queue.publish([job('a')]);
      await queue.withdraw(['a']);
      await queue.publish([job('a')]);
      const desk = await Desk.at(queue);
      assert.equal((await desk.delivery(0)).deliveries, 1);
    }));

  test('Q6 a delivered job can be extended and acked although it was withdrawn, and its id is free afterwards', () =>
    withPort(kit, async (queue, { advance }) => {
      const desk = await Desk.at(queue, 2);
      await queue.publish([job('a')]);
      const delivery = await desk.delivery(0);
      await queue.withdraw(['a']);
      await delivery.extend();
      await delivery.ack();
      await advance(1);
      await queue.publish([job('a', { input: 'again' })]);
      assert.equal((await desk.delivery(1)).job.input, 'again');
    }));

  test('Q6 withdraw removes jobs nacked with a delay', () =>
    withPort(kit, async (queue, { advance }) => {
      const desk = await Desk.at(queue);
      await queue.publish([job('a')]);
      await (await desk.delivery(0)).nak(leaseMs);
      await queue.withdraw(['a']);
      await advance(leaseMs * 2);
      assert.deepEqual(desk.ids, ['a']);
    }));
}

function stopAndCloseLaws(kit: JobQueueKit): void {
  const { test } = kit;

  test('a stopping consumer takes no more jobs, and stop resolves once all its deliveries are acked or nacked', () =>
    withPort(kit, async (queue, { advance }) => {
      const desk = await Desk.at(queue, 2);
      await queue.publish(jobs(4));
      await desk.has(2);
      let stopped = false;
      const stopping = desk.consumer.stop().then(() => {
        stopped = true;
      });
      await (await desk.delivery(0)).ack();
      await advance(1);
      assert.equal(stopped, false);
      await (await desk.delivery(1)).nak();
      await stopping;
      assert.equal(desk.deliveries.length, 2);
      const next = await Desk.at(queue);
      await next.has(3);
      assert.deepEqual([...next.ids].sort(), ['j1', 'j2', 'j3']);
    }));

  test('stop resolves when its signal aborts at the latest, and immediately if nothing is delivered', () =>
    withPort(kit, async (queue) => {
      const idle = await Desk.at(queue);
      await idle.consumer.stop();
      await idle.consumer.stop();
      const busy = await Desk.at(queue);
      await queue.publish([job('a')]);
      await busy.has(1);
      const control = new AbortController();
      const stopping = busy.consumer.stop(control.signal);
      control.abort();
      await stopping;
    }));

  test('Q7 after close every method rejects with CLOSED, nothing is delivered, and close may be called again', () =>
    withPort(kit, async (queue, { advance }) => {
      const desk = await Desk.at(queue, 1);
      await queue.publish(jobs(2));
      await desk.has(1);
      await queue.close();
      await rejectsWith('CLOSED', () => queue.publish([job('b')]));
      await rejectsWith('CLOSED', () => queue.consume('llm_agent@1', { concurrency: 1 }, () => undefined));
      await rejectsWith('CLOSED', () => queue.withdraw(['a']));
      await rejectsWith('CLOSED', () => queue.depth(['llm_agent@1']));
      await queue.close();
      await advance(kit.leaseMs * 2);
      assert.equal(desk.deliveries.length, 1);
    }));
}

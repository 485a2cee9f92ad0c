/** Law Q8: what a queue holds. */
import * as assert from 'node:assert/strict';
import type { JobQueue, QueueDepth } from '@llmteam/contracts';
import { Desk, type JobQueueKit, job, jobs } from './job-queue-desk.js';
import { withPort } from './kit.js';

/** Waits until the queue tells this; where it stays another, the assertion tells the difference. */
async function tells(queue: JobQueue, name: string, expected: Counts, advance: Advance): Promise<QueueDepth> {
  for (let left = 50; ; left -= 1) {
    const depth = (await queue.depth([name])).get(name);
    assert.ok(depth, `depth tells nothing of the queue ${name}`);
    const counts = { queued: depth.queued, in_flight: depth.in_flight };
    if (left === 0) assert.deepEqual(counts, expected);
    if (counts.queued === expected.queued && counts.in_flight === expected.in_flight) return depth;
    await advance(2);
  }
}

type Counts = Pick<QueueDepth, 'queued' | 'in_flight'>;
type Advance = (ms: number) => Promise<void>;

export function depthLaws(kit: JobQueueKit): void {
  const { test } = kit;
  const name = 'llm_agent@1';

  test('Q8 a queue that nobody has used is empty, and every queue that is asked for is told', () =>
    withPort(kit, async (queue) => {
      const depths = await queue.depth(['never@1', name]);
      const empty = { queued: 0, in_flight: 0, oldest_queued_at: null };
      assert.deepEqual(
        [...depths].sort(([one], [other]) => (one < other ? -1 : 1)),
        [
          [name, empty],
          ['never@1', empty],
        ],
      );
    }));

  test('Q8 jobs are counted by queue, before there is a consumer and while consumers have them', () =>
    withPort(kit, async (queue, { advance }) => {
      await queue.publish([...jobs(5), job('x', { step_type: 'http_action' }), job('y', { type_version: '2.0.0' })]);
      await tells(queue, name, { queued: 5, in_flight: 0 }, advance);
      await tells(queue, 'llm_agent@2', { queued: 1, in_flight: 0 }, advance);
      const desk = await Desk.at(queue, 2);
      await desk.has(2);
      await tells(queue, name, { queued: 3, in_flight: 2 }, advance);
      await (await desk.delivery(0)).ack();
      await desk.has(3);
      await tells(queue, name, { queued: 2, in_flight: 2 }, advance);
      await tells(queue, 'http_action@1', { queued: 1, in_flight: 0 }, advance);
    }));

  test('Q8 withdrawn jobs are not counted, nor acked ones', () =>
    withPort(kit, async (queue, { advance }) => {
      await queue.publish(jobs(3));
      await queue.withdraw(['j0', 'j1']);
      await tells(queue, name, { queued: 1, in_flight: 0 }, advance);
      const desk = await Desk.at(queue);
      await (await desk.delivery(0)).ack();
      await tells(queue, name, { queued: 0, in_flight: 0 }, advance);
    }));

  test('Q8 a nacked job is counted once', () =>
    withPort(kit, async (queue, { advance }) => {
      const desk = await Desk.at(queue, 1);
      await queue.publish([job('a')]);
      await (await desk.delivery(0)).nak(kit.leaseMs * 100);
      await advance(1);
      const { queued, in_flight } = (await queue.depth([name])).get(name) ?? { queued: 0, in_flight: 0 };
      assert.equal(queued + in_flight, 1);
    }));

  test('Q8 the oldest queued job is the one published first, if its age is told', () =>
    withPort(kit, async (queue, { advance }) => {
      await queue.publish([job('a')]);
      const first = (await tells(queue, name, { queued: 1, in_flight: 0 }, advance)).oldest_queued_at;
      await advance(20);
      await queue.publish([job('b')]);
      const both = (await tells(queue, name, { queued: 2, in_flight: 0 }, advance)).oldest_queued_at;
      assert.equal(both, first);
      const desk = await Desk.at(queue, 1);
      await desk.has(1);
      const second = (await tells(queue, name, { queued: 1, in_flight: 1 }, advance)).oldest_queued_at;
      if (first === null) assert.equal(second, null);
      else assert.ok(second !== null && second >= first + 15, `${second} is later than ${first}`);
      assert.equal(desk.deliveries[0]?.publishedAt ?? first, first);
      await (await desk.delivery(0)).ack();
      await desk.has(2);
      assert.equal((await tells(queue, name, { queued: 0, in_flight: 1 }, advance)).oldest_queued_at, null);
    }));
}

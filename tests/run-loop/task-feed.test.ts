import type { HumanTask, IndexChange, KvStore, RunKey } from '@llmteam/contracts';
import { TaskFeed, taskOfFeed } from '@llmteam/kernel';
import * as assert from 'uvu/assert';
import { anyone } from '../support/actors.js';
import { spec } from '../support/spec.js';
import { echo, Partition, type Shared, withBackend } from './partition.js';
import { approval } from './segments.js';
import { watched } from './watched-kv-store.js';

async function openFeed(shared: Shared, name: string, kv = shared.backend.kv): Promise<Partition> {
  const partition = new Partition(shared, name, echo, { lists: new TaskFeed(kv), maxResidentRuns: 2 });
  await partition.takeOver();
  await partition.work();
  return partition;
}

/** Keys of open tasks. */
async function listed({ backend }: Shared): Promise<string[]> {
  const tasks = await backend.kv.list('tasks/');
  return tasks.filter(({ value }) => taskOfFeed(value).status !== 'closed').map(({ key }) => key);
}

function keyOf(run: RunKey): string {
  return `tasks/acme/${run.run_id}:ask`;
}

async function taskAt(kv: KvStore, key: string): Promise<HumanTask | null> {
  const found = await kv.get(key);
  return found === null ? null : taskOfFeed(found.value);
}

/** A task as an adapter would see it at this position. */
function told(task: HumanTask, status: HumanTask['status'], position: number): IndexChange {
  return { partition: 0, position, runs: [], tasks: [{ ...task, status }] };
}

const yes = { decision: 'approve', answered_by: 'ann' } as const;

/** A task that is open, listed and unclaimed. */
async function withTask(use: (kv: KvStore, task: HumanTask, key: string) => Promise<void>): Promise<void> {
  await withBackend(async (shared) => {
    const partition = await openFeed(shared, 'a');
    const run = await partition.start(approval);
    await partition.settle();
    const task = await taskAt(shared.backend.kv, keyOf(run));
    if (task === null) throw new Error('the task is not listed');
    await partition.stop();
    await use(shared.backend.kv, task, keyOf(run));
  });
}

spec('task feed', (test) => {
  test('an open task has a key with all that is known of it; once it is answered it is closed, and goes after a week', () =>
    withBackend(async (shared) => {
      const partition = await openFeed(shared, 'a');
      const run = await partition.start(approval);
      await partition.settle();
      const { kv } = shared.backend;
      const task = await taskAt(kv, keyOf(run));
      if (task === null) throw new Error('the task is not listed');
      assert.equal([task.task_id, task.status, task.request.title], [`${run.run_id}:ask`, 'open', 'Publish?']);
      await partition.runs.claim('acme', task.task_id, { claimed_by: 'ann' }, anyone);
      await partition.settle();
      assert.is((await taskAt(kv, keyOf(run)))?.claimed_by, 'ann');
      await partition.runs.answer('acme', task.task_id, yes, anyone);
      assert.is((await partition.view(run)).output, 'published');
      const closed = await taskAt(kv, keyOf(run));
      assert.equal([closed?.status, closed?.answer], ['closed', yes]);
      await shared.clock.advance(7 * 24 * 3_600_000);
      assert.equal(await kv.list('tasks/'), []);
      await partition.stop();
    }));

  test('a task is closed with its run', () =>
    withBackend(async (shared) => {
      const partition = await openFeed(shared, 'a');
      const run = await partition.start(approval);
      await partition.settle();
      await partition.runs.control(run, 'cancel', 'test');
      await partition.settle();
      assert.equal(await listed(shared), []);
      await partition.stop();
    }));

  test('rows of runs cost no write', () =>
    withBackend(async (shared) => {
      const kv = watched(shared.backend.kv);
      const partition = await openFeed(shared, 'a', kv);
      for (let count = 0; count < 5; count++) await partition.start({ ...approval, entrypoint: 'publish', edges: [] });
      await partition.settle();
      assert.equal(kv.writes, []);
      await partition.stop();
    }));

  test('what could not be written before a crash is written after the takeover, openings and closings', () =>
    withBackend(async (shared) => {
      const refused = { on: false };
      const kv = watched(shared.backend.kv, () => refused.on);
      const first = await openFeed(shared, 'first', kv);
      const answered = await first.start(approval);
      await first.settle();
      refused.on = true;
      const opened = await first.start(approval);
      await first.runs.answer('acme', `${answered.run_id}:ask`, yes, anyone);
      for (let round = 0; round < 4; round++) await shared.clock.advance(5_000);
      await first.settle();
      assert.equal(await listed(shared), [keyOf(answered)]);
      await first.stop();
      const second = await openFeed(shared, 'second');
      await second.settle();
      assert.equal(await listed(shared), [keyOf(opened)]);
      await second.stop();
    }));

  test('a takeover does not write anew the tasks that are listed', () =>
    withBackend(async (shared) => {
      const first = await openFeed(shared, 'first');
      for (let count = 0; count < 20; count++) await first.start(approval);
      await first.settle();
      await first.stop();
      const kv = watched(shared.backend.kv);
      const second = await openFeed(shared, 'second', kv);
      await second.settle();
      assert.is((await listed(shared)).length, 20);
      assert.equal(kv.writes, []);
      await second.stop();
    }));

  test('a task deep in loops has a key that key-value stores accept', () =>
    withBackend(async (shared) => {
      const feed = new TaskFeed(shared.backend.kv);
      const partition = await openFeed(shared, 'a');
      await partition.start(approval);
      await partition.settle();
      const [found] = await shared.backend.kv.list('tasks/');
      const task = taskOfFeed(found?.value ?? null);
      const deep = ['a', 'b'].map((end) => ({ ...task, task_id: `${'each[1]/'.repeat(250)}${end}` }));
      const change = { partition: 0, position: 1, runs: [] };
      await feed.apply([{ ...change, tasks: deep }]);
      assert.is((await listed(shared)).length, 3, 'each has a key of its own');
      await feed.apply([{ ...change, position: 2, tasks: deep.map((one) => ({ ...one, status: 'closed' as const })) }]);
      assert.is((await listed(shared)).length, 1);
      await partition.stop();
    }));

  test('what was told of an earlier position never takes the place of what was told of a later one', () =>
    withTask(async (kv, task, key) => {
      const [owner, late] = [new TaskFeed(kv), new TaskFeed(kv)];
      await owner.apply([told(task, 'closed', 1_000)]);
      await late.apply([told(task, 'open', 900)]);
      assert.is((await taskAt(kv, key))?.status, 'closed');
      await late.apply([told(task, 'claimed', 1_100)]);
      assert.is((await taskAt(kv, key))?.status, 'claimed', 'a type may open its task again');
    }));

  test('a feed that has looked and writes only after another has written looks again', () =>
    withTask(async (kv, task, key) => {
      const owner = new TaskFeed(kv);
      const before = [told(task, 'closed', 1_000)];
      const slow = watched(kv);
      slow.put = async (writtenKey, value, options) => {
        await owner.apply(before.splice(0));
        return kv.put(writtenKey, value, options);
      };
      await new TaskFeed(slow).apply([told(task, 'claimed', 900)]);
      assert.is((await taskAt(kv, key))?.status, 'closed');
    }));

  test('a coordinator that lost its partition without knowing it does not open again what its successor has closed', () =>
    withBackend(async (shared) => {
      const held: (() => void)[] = [];
      const kv = watched(shared.backend.kv);
      const late = await openFeed(shared, 'late', kv);
      kv.get = async (key) => {
        if (key.startsWith('tasks/')) await new Promise<void>((resolve) => held.push(resolve));
        return shared.backend.kv.get(key);
      };
      const run = await late.start(approval);
      await late.settle();
      assert.equal([held.length, await listed(shared)], [1, []]);
      const next = await openFeed(shared, 'next');
      await next.runs.answer('acme', `${run.run_id}:ask`, yes, anyone);
      await next.settle();
      for (const goOn of held.splice(0)) goOn();
      await late.settle();
      assert.is((await taskAt(shared.backend.kv, keyOf(run)))?.status, 'closed');
      for (const goOn of held.splice(0)) goOn();
      await Promise.all([late.crash(), next.stop()]);
    }));

  test('a rejected task does not prevent the others from being written, and the writer gets its error', () =>
    withBackend(async (shared) => {
      const partition = await openFeed(shared, 'a');
      await partition.start(approval);
      await partition.settle();
      const [found] = await shared.backend.kv.list('tasks/');
      const task = taskOfFeed(found?.value ?? null);
      const feed = new TaskFeed(watched(shared.backend.kv, (write) => write.endsWith('bad')));
      const tasks = ['bad', 'good'].map((taskId) => ({ ...task, task_id: taskId }));
      const thrown = await feed.apply([{ partition: 0, position: 1, runs: [], tasks }]).catch(String);
      assert.match(String(thrown), 'the test refuses');
      assert.ok((await listed(shared)).includes('tasks/acme/good'));
      await partition.stop();
    }));
});

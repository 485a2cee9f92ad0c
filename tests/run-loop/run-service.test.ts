import { isLlmteamError, type Segment } from '@llmteam/contracts';
import * as assert from 'uvu/assert';
import { anyone } from '../support/actors.js';
import { spec } from '../support/spec.js';
import { echo, Partition, withBackend } from './partition.js';
import { approval, waiting } from './segments.js';

const sum: Segment = {
  segment_id: 'sum',
  name: 'Sum',
  entrypoint: 'first',
  input_schema: { type: 'object', properties: { start: { type: 'integer' } }, required: ['start'] },
  steps: [
    { step_id: 'first', type: 'work', config: { result: '${input.start}' } },
    { step_id: 'second', type: 'work', config: { result: '${input + 1}' } },
    { step_id: 'third', type: 'work', config: { result: '${input + 1}' } },
  ],
  edges: [
    { from: 'first', to: 'second' },
    { from: 'second', to: 'third' },
  ],
};
const each: Segment = {
  segment_id: 'each',
  name: 'Each',
  entrypoint: 'each',
  steps: [
    { step_id: 'each', type: 'loop', config: { loop_type: 'foreach', items: 'input' } },
    { step_id: 'work', type: 'work' },
  ],
  edges: [
    { from: 'each', from_port: 'body', to: 'work' },
    { from: 'work', to: 'each', to_port: 'next' },
  ],
};

async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
    return 'none';
  } catch (error) {
    return isLlmteamError(error) ? error.code : String(error);
  }
}

function withPartition(work: (partition: Partition) => Promise<void>): Promise<void> {
  return withBackend(async (shared) => {
    const partition = new Partition(shared, 'p', echo);
    await partition.takeOver();
    await partition.work();
    await work(partition);
    await partition.stop();
  });
}

spec('run service', (test) => {
  test('input that does not match input_schema is refused and nothing is started', () =>
    withPartition(async (partition) => {
      assert.is(await codeOf(partition.start(sum, { start: 'one' })), 'INPUT_INVALID');
      assert.equal((await partition.runs.list({ tenant_id: 'acme' })).rows, []);
    }));

  test('a run of another tenant is as unknown as one that does not exist', () =>
    withPartition(async (partition) => {
      const run = await partition.start(sum, { start: 1 });
      assert.is(await codeOf(partition.runs.show({ ...run, tenant_id: 'other' })), 'RUN_UNKNOWN');
      assert.is(await codeOf(partition.runs.show({ ...run, run_id: 'nothing' })), 'RUN_UNKNOWN');
    }));

  test('an answer completes the task once; the same again is accepted, another is refused', () =>
    withPartition(async (partition) => {
      const run = await partition.start(approval);
      await partition.settle();
      const [task] = (await partition.runs.tasks({ tenant_id: 'acme' })).rows;
      const id = task?.task_id ?? '';
      const yes = { decision: 'approve', answered_by: 'ann' } as const;
      await partition.runs.answer('acme', id, yes, anyone);
      assert.is(
        await codeOf(partition.runs.answer('acme', id, { decision: 'reject', answered_by: 'bob' }, anyone)),
        'TASK_CLOSED',
      );
      assert.is((await partition.view(run)).output, 'published');
      assert.is(await codeOf(partition.runs.answer('acme', id, yes, anyone)), 'none');
      assert.equal((await partition.runs.tasks({ tenant_id: 'acme', status: 'open' })).rows, []);
    }));

  test('an answer that the task does not allow is refused and leaves it open', () =>
    withPartition(async (partition) => {
      const run = await partition.start(approval);
      await partition.settle();
      const id = `${run.run_id}:ask`;
      assert.is(
        await codeOf(partition.runs.answer('acme', id, { decision: 'modify', value: 1, answered_by: 'ann' }, anyone)),
        'ANSWER_INVALID',
      );
      assert.is((await partition.runs.task('acme', id)).status, 'open');
      assert.is(await codeOf(partition.runs.task('other', id)), 'TASK_UNKNOWN');
    }));

  test('of two answers at the same time exactly one wins', () =>
    withPartition(async (partition) => {
      const run = await partition.start(approval);
      await partition.settle();
      const id = `${run.run_id}:ask`;
      const codes = await Promise.all([
        codeOf(partition.runs.answer('acme', id, { decision: 'approve', answered_by: 'ann' }, anyone)),
        codeOf(partition.runs.answer('acme', id, { decision: 'reject', answered_by: 'bob' }, anyone)),
      ]);
      assert.equal(codes.sort(), ['TASK_CLOSED', 'none']);
    }));

  test('pause holds the run, resume lets it go on; an ended run refuses both', () =>
    withPartition(async (partition) => {
      const run = await partition.start(approval);
      await partition.settle();
      await partition.runs.control(run, 'pause', 'test');
      await partition.runs.answer('acme', `${run.run_id}:ask`, { decision: 'approve', answered_by: 'ann' }, anyone);
      assert.is((await partition.view(run)).status, 'paused');
      await partition.runs.control(run, 'resume', 'test');
      assert.is((await partition.view(run)).status, 'completed');
      assert.is(await codeOf(partition.runs.control(run, 'pause', 'test')), 'RUN_ENDED');
    }));

  test('cancelling twice is cancelling once', () =>
    withPartition(async (partition) => {
      const run = await partition.start(approval);
      await partition.settle();
      await partition.runs.control(run, 'cancel', 'test');
      assert.is((await partition.view(run)).status, 'cancelled');
      assert.is(await codeOf(partition.runs.control(run, 'cancel', 'test')), 'none');
    }));

  test('a fork begins anew at a step, with other input for it, and keeps what came before', () =>
    withPartition(async (partition) => {
      const run = await partition.start(sum, { start: 1 });
      await partition.settle();
      const fork = await partition.runs.fork(run, { from_step: 'third', input_overrides: { input: 40 } });
      const view = await partition.view(fork);
      assert.is(view.output, 41);
      assert.is((await partition.view(run)).output, 3);
      const reports = (await partition.runs.events(fork)).filter((event) => event.event_type === 'step.completed');
      assert.equal(
        reports.map((event) => event.step_id),
        ['first', 'second', 'third'],
      );
      assert.is(await codeOf(partition.runs.fork(run, { from_step: 'fourth' })), 'STEP_UNKNOWN');
    }));

  test('a key that would name a prototype is refused in signals and in other input of forks', () =>
    withPartition(async (partition) => {
      const run = await partition.start(approval);
      const value = JSON.parse('{ "a": { "__proto__": 1 } }');
      assert.is(await codeOf(partition.runs.signal(run, 'early', value)), 'INPUT_INVALID');
      const order = { from_step: 'approve', input_overrides: { input: value } };
      assert.is(await codeOf(partition.runs.fork(run, order)), 'INPUT_INVALID');
    }));

  test('what every step got and gave can be read, in iterations that are over too', () =>
    withPartition(async (partition) => {
      const run = await partition.start(each, ['a', 'b']);
      await partition.settle();
      const steps = (await partition.runs.steps(run)).map(({ step, status }) => `${step} ${status}`);
      assert.equal(steps, ['each[0]/work completed', 'each[1]/work completed', 'each completed']);
      const { inputs, outputs, ready_at, ended_at } = await partition.runs.step(run, 'each[1]/work');
      assert.equal([inputs, outputs], [{ input: 'b' }, { output: 'b' }]);
      assert.ok(ready_at !== null && ended_at !== null);
      const loop = await partition.runs.step(run, 'each');
      assert.equal(loop.inputs, { input: ['a', 'b'] });
      assert.equal(loop.outputs, { done: { results: ['a', 'b'], iterations: 2, completed: true } });
      assert.is(await codeOf(partition.runs.step(run, 'each[2]/work')), 'STEP_UNKNOWN');
    }));

  test('the config of a step is read with its expressions filled in', () =>
    withPartition(async (partition) => {
      const run = await partition.start(sum, { start: 20 });
      await partition.settle();
      assert.equal((await partition.runs.step(run, 'second')).config, { result: 21 });
    }));

  test('a step that still waits shows what it got, and no outputs', () =>
    withPartition(async (partition) => {
      const run = await partition.start(approval, 'please');
      await partition.settle();
      const [waiting] = await partition.runs.steps(run);
      assert.is(waiting?.status, 'waiting');
      assert.is(waiting?.ended_at, null);
      const { inputs, outputs } = await partition.runs.step(run, waiting?.step ?? '');
      assert.equal([inputs, outputs], [{ input: 'please' }, null]);
    }));

  test('a fork with other input for a port that the step does not have is refused', () =>
    withPartition(async (partition) => {
      const run = await partition.start(each, ['a']);
      await partition.settle();
      const overrides = { input: 'b', inputs: 'c' };
      assert.is(
        await codeOf(partition.runs.fork(run, { from_step: 'each', input_overrides: overrides })),
        'PORT_UNKNOWN',
      );
    }));

  test('a fork may begin anew at one iteration, named by its step key', () =>
    withPartition(async (partition) => {
      const run = await partition.start(each, ['a', 'b', 'c']);
      await partition.settle();
      const fork = await partition.runs.fork(run, { from_step: 'each[1]/work', input_overrides: { input: 'B' } });
      const results = { results: ['a', 'B', 'c'], iterations: 3, completed: true };
      assert.equal((await partition.view(fork)).output, results);
      assert.is(await codeOf(partition.runs.fork(run, { from_step: 'each[1]/other' })), 'STEP_UNKNOWN');
      assert.is(await codeOf(partition.runs.fork(run, { from_step: 'each[3]/work' })), 'STEP_UNKNOWN');
    }));

  test('a fork does nothing again that came before it: neither steps nor child runs', () =>
    withBackend(async (shared) => {
      const worked: string[] = [];
      const partition = new Partition(shared, 'p', (context, config, input) => {
        worked.push(`${context.run_id} ${context.step_id}`);
        return echo(context, config, input);
      });
      await partition.takeOver();
      await partition.work();
      await partition.publish(sum);
      const segment: Segment = {
        segment_id: 'parent',
        name: 'Parent',
        entrypoint: 'first',
        steps: [
          { step_id: 'first', type: 'work', config: { result: { start: 1 } } },
          { step_id: 'child', type: 'subworkflow', config: { segment_ref: 'sum' } },
          { step_id: 'last', type: 'work' },
        ],
        edges: [
          { from: 'first', to: 'child' },
          { from: 'child', to: 'last' },
        ],
      };
      const run = await partition.start(segment);
      await partition.settle();
      worked.length = 0;
      const fork = await partition.runs.fork(run, { from_step: 'last' });
      assert.is((await partition.view(fork)).output, 3);
      assert.equal(worked, [`${fork.run_id} last`]);
      await partition.stop();
    }));

  test('a run that keeps a thousand signals refuses the next one', () =>
    withPartition(async (partition) => {
      const run = await partition.start(approval);
      for (let count = 0; count < 1_000; count++) await partition.runs.signal(run, 'early', count);
      assert.is(await codeOf(partition.runs.signal(run, 'early', 'one more')), 'LIMIT_EXCEEDED');
    }));

  test('a signal that a step waits for gets through, however many others nobody waits for', () =>
    withPartition(async (partition) => {
      const run = await partition.start(waiting);
      await partition.settle();
      for (let count = 0; count < 1_000; count++) await partition.runs.signal(run, 'other', count);
      assert.is(await codeOf(partition.runs.signal(run, 'other', 'one more')), 'LIMIT_EXCEEDED');
      await partition.runs.signal(run, 'go', 'through');
      await partition.settle();
      assert.is((await partition.view(run)).output, 'through');
    }));

  test('events from a seq on are the end of the whole list', () =>
    withPartition(async (partition) => {
      const run = await partition.start(sum, { start: 1 });
      await partition.settle();
      const all = await partition.runs.events(run);
      assert.equal(await partition.runs.events(run, 4), all.slice(3));
      assert.is(all.at(-1)?.event_type, 'segment.completed');
    }));
});

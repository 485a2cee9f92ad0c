import type { Segment } from '@llmteam/contracts';
import * as assert from 'uvu/assert';
import { type Handler, Partition, type Shared, withBackend } from '../run-loop/partition.js';
import { spec } from '../support/spec.js';

const oneStep: Segment = {
  segment_id: 'one',
  name: 'One',
  entrypoint: 'work',
  params: { timeout_seconds: null },
  steps: [{ step_id: 'work', type: 'work', timeout_seconds: 20 }],
};

interface Started {
  readonly partition: Partition;
  readonly events: string[];
  /** Lets time pass, and tells the status of the step then. */
  after(ms: number): Promise<string | undefined>;
}

/** A run whose only step takes so long. */
async function withStep(ms: number, use: (started: Started, shared: Shared) => Promise<void>): Promise<void> {
  await withBackend(async (shared) => {
    const handler: Handler = () => new Promise((resolve) => shared.clock.after(ms, () => resolve({ output: 'done' })));
    const partition = new Partition(shared, 'p', handler);
    await partition.takeOver();
    await partition.work();
    const run = await partition.start(oneStep);
    const events: string[] = [];
    await partition.settle();
    partition.watch(run, events);
    const after: Started['after'] = async (passed) => {
      await shared.clock.advance(passed);
      return (await partition.view(run)).steps.find(({ step_id }) => step_id === 'work')?.status;
    };
    await use({ partition, events, after }, shared);
    await partition.stop();
    assert.is(shared.clock.pending, 0);
  });
}

const startsIn = (events: readonly string[]): number => events.filter((event) => event.endsWith('step.started')).length;

spec('the start of an attempt', (test) => {
  test('is told after a second, once, if the attempt still runs', () =>
    withStep(5_000, async ({ events, after }) => {
      assert.is(await after(999), 'queued');
      assert.is(startsIn(events), 0);
      assert.is(await after(1), 'running');
      assert.is(startsIn(events), 1);
      assert.is(await after(4_000), 'completed');
      assert.is(startsIn(events), 1);
    }));

  test('is part of the report if the attempt ends sooner', () =>
    withStep(900, async ({ events, after }, { backend }) => {
      assert.is(await after(900), 'completed');
      assert.is(startsIn(events), 1);
      await after(5_000);
      const types: string[] = [];
      for await (const { fact } of backend.journal.read({ tenant_id: 'acme', run_id: 'p-1' })) types.push(fact.type);
      assert.equal(types, ['run.requested', 'step.reported', 'run.ended']);
    }));

  test('does not change who measures its time: without a worker there is no time-out', () =>
    withBackend(async (shared) => {
      const coordinator = new Partition(shared, 'c', async () => ({}));
      await coordinator.takeOver();
      const worker = new Partition(shared, 'w', () => new Promise(() => undefined));
      await worker.work();
      const run = await coordinator.start(oneStep);
      await coordinator.settle();
      await shared.clock.advance(1_000);
      await worker.stop();
      await shared.clock.advance(60_000);
      assert.equal(
        (await coordinator.view(run)).steps.map(({ status, attempt }) => [status, attempt]),
        [['running', 1]],
      );
      await coordinator.stop();
    }));
});

import type { Json, Segment } from '@llmteam/contracts';
import * as assert from 'uvu/assert';
import { until } from '../gateway/support/until.js';
import { spec } from '../support/spec.js';
import { echo, Partition, with_backend } from './partition.js';
import { chain } from './segments.js';

/** Lets nobody through while it is closed. */
class Gate {
  private readonly held: (() => void)[] = [];
  private is_open = true;

  get waiting(): number {
    return this.held.length;
  }

  async pass(): Promise<void> {
    if (!this.is_open) await new Promise<void>((resolve) => this.held.push(resolve));
  }

  close(): void {
    this.is_open = false;
  }

  /** For those that wait now. */
  let_through(): void {
    for (const go_on of this.held.splice(0)) go_on();
  }

  open(): void {
    this.is_open = true;
    this.let_through();
  }
}

const segment = (name: string): Segment => ({ ...chain, segment_id: name });

spec('projection', (test) => {
  test('a run that is told of while its batch waits for another is listed', () =>
    with_backend(async (shared) => {
      const [loading, telling] = [new Gate(), new Gate()];
      const { blobs, index } = shared.backend;
      const slow_blobs: typeof blobs = Object.create(blobs, {
        get: { value: (id: string) => loading.pass().then(() => blobs.get(id)) },
      });
      const lists = {
        apply: (changes: Parameters<typeof index.apply>[0]) => telling.pass().then(() => index.apply(changes)),
      };
      const backend = { ...shared.backend, blobs: slow_blobs };
      const partition = new Partition({ ...shared, backend }, 'slow', echo, { lists });
      const caller = new Partition(shared, 'caller', echo);
      const start = async (name: string, run_id: string, input: Json = {}): Promise<void> => {
        await caller.start(segment(name), input, run_id);
        await caller.settle();
      };
      await partition.take_over();
      await start('known', 'first');
      loading.close();
      telling.close();
      await start('other', 'blocks');
      for (const [name, run_id] of [
        ['known', 'told'],
        ['third', 'awaited'],
      ] as const)
        await start(name, run_id);
      loading.let_through();
      await caller.settle();
      assert.equal([loading.waiting, telling.waiting], [1, 1], 'a batch waits in its middle, and so does a change');
      telling.open();
      await caller.settle();
      loading.open();
      await caller.settle();
      for (const run_id of ['first', 'blocks', 'told', 'awaited']) {
        assert.is((await index.run('acme', run_id))?.status, 'running', run_id);
      }
      await partition.stop();
    }));

  test('lists that take long make the loop wait: what is not told yet is bounded', () =>
    with_backend(async (shared) => {
      const telling = new Gate();
      const { index } = shared.backend;
      const sizes: number[] = [];
      const lists = {
        apply: async (changes: Parameters<typeof index.apply>[0]): Promise<void> => {
          sizes.push(changes.reduce((sum, { runs, tasks }) => sum + runs.length + tasks.length, 0));
          await telling.pass();
          await index.apply(changes);
        },
      };
      const partition = new Partition(shared, 'slow', echo, { lists });
      const caller = new Partition(shared, 'caller', echo);
      await partition.take_over();
      telling.close();
      const starts = 12_000;
      for (let count = 0; count < starts; count++) await caller.start(segment('known'), {}, `run-${count}`);
      await caller.settle();
      const { entries_applied } = partition.status();
      assert.ok(entries_applied < starts / 2, `${entries_applied} of ${starts} applied while nothing is told`);
      telling.open();
      await until(async () => (await index.run('acme', `run-${starts - 1}`)) !== null);
      assert.ok(Math.max(...sizes) < 4_000, `${Math.max(...sizes)} at once`);
      await partition.stop();
    }));
});

import type { Json, Segment } from '@llmteam/contracts';
import * as assert from 'uvu/assert';
import { until } from '../gateway/support/until.js';
import { spec } from '../support/spec.js';
import { echo, Partition, withBackend } from './partition.js';
import { chain } from './segments.js';

/** Blocks everyone while it is closed. */
class Gate {
  private readonly held: (() => void)[] = [];
  private isOpen = true;

  get waiting(): number {
    return this.held.length;
  }

  async pass(): Promise<void> {
    if (!this.isOpen) await new Promise<void>((resolve) => this.held.push(resolve));
  }

  close(): void {
    this.isOpen = false;
  }

  /** Opens for the current waiters. */
  letThrough(): void {
    for (const goOn of this.held.splice(0)) goOn();
  }

  open(): void {
    this.isOpen = true;
    this.letThrough();
  }
}

const segment = (name: string): Segment => ({ ...chain, segment_id: name });

spec('projection', (test) => {
  test('a run that is told of while its batch waits for another is listed', () =>
    withBackend(async (shared) => {
      const [loading, telling] = [new Gate(), new Gate()];
      const { blobs, index } = shared.backend;
      const slowBlobs: typeof blobs = Object.create(blobs, {
        get: { value: (id: string) => loading.pass().then(() => blobs.get(id)) },
      });
      const lists = {
        apply: (changes: Parameters<typeof index.apply>[0]) => telling.pass().then(() => index.apply(changes)),
      };
      const backend = { ...shared.backend, blobs: slowBlobs };
      const partition = new Partition({ ...shared, backend }, 'slow', echo, { lists });
      const caller = new Partition(shared, 'caller', echo);
      const start = async (name: string, runId: string, input: Json = {}): Promise<void> => {
        await caller.start(segment(name), input, runId);
        await caller.settle();
      };
      await partition.takeOver();
      await start('known', 'first');
      loading.close();
      telling.close();
      await start('other', 'blocks');
      for (const [name, runId] of [
        ['known', 'told'],
        ['third', 'awaited'],
      ] as const)
        await start(name, runId);
      loading.letThrough();
      await caller.settle();
      assert.equal([loading.waiting, telling.waiting], [1, 1], 'a batch waits in its middle, and so does a change');
      telling.open();
      await caller.settle();
      loading.open();
      await caller.settle();
      for (const runId of ['first', 'blocks', 'told', 'awaited']) {
        assert.is((await index.run('acme', runId))?.status, 'running', runId);
      }
      await partition.stop();
    }));

  test('lists that take long make the loop wait: what is not told yet is bounded', () =>
    withBackend(async (shared) => {
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
      await partition.takeOver();
      telling.close();
      const starts = 12_000;
      for (let count = 0; count < starts; count++) await caller.start(segment('known'), {}, `run-${count}`);
      await caller.settle();
      const { entriesApplied } = partition.status();
      assert.ok(entriesApplied < starts / 2, `${entriesApplied} of ${starts} applied while nothing is told`);
      telling.open();
      await until(async () => (await index.run('acme', `run-${starts - 1}`)) !== null);
      assert.ok(Math.max(...sizes) < 4_000, `${Math.max(...sizes)} at once`);
      await partition.stop();
    }));
});

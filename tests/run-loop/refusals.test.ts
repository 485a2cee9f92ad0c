import type { Logger } from '@llmteam/contracts';
import * as assert from 'uvu/assert';
import { quietLogger } from '../support/quiet-logger.js';
import { spec } from '../support/spec.js';
import { echo, Partition, type Shared, withBackend } from './partition.js';
import { approval } from './segments.js';
import { watched } from './watched-kv-store.js';

const runs = 100;
const intervalMs = 5_000;

interface Warned {
  readonly message: string;
  readonly count: number;
}

/** A partition with waiting runs, a key-value store that rejects such writes from now on, and the warnings. */
async function withRefusals(
  refused: string,
  use: (shared: Shared, partition: Partition, warned: readonly Warned[], refuse: () => void) => Promise<void>,
  maxResidentRuns = runs,
): Promise<void> {
  await withBackend(async (shared) => {
    const warned: Warned[] = [];
    const warn = (details: object, message: string): void => {
      warned.push({ message, count: (details as { refused?: number }).refused ?? 1 });
    };
    const log = { ...quietLogger, warn } as Logger;
    const state = { isRefused: false };
    const kv = watched(shared.backend.kv, (write) => state.isRefused && write.startsWith(refused));
    const partition = new Partition(shared, 'a', echo, { kv, log, maxResidentRuns });
    await partition.takeOver();
    await partition.work();
    await use(shared, partition, warned, () => {
      state.isRefused = true;
    });
    await partition.stop();
  });
}

async function startAll(partition: Partition): Promise<void> {
  for (let count = 0; count < runs; count++) await partition.start(approval, {}, `run-${count}`);
  await partition.settle();
}

const aboutRuns = (warned: readonly Warned[]): Warned[] => warned.filter(({ message }) => /snapshots/.test(message));

spec('refusals', (test) => {
  test('a round that cannot store a hundred snapshots logs one line', () =>
    withRefusals('put snapshots/', async (shared, partition, warned, refuse) => {
      refuse();
      await startAll(partition);
      for (let round = 0; round < 2; round++) {
        await shared.clock.advance(intervalMs);
        await partition.settle();
      }
      assert.equal(aboutRuns(warned), [{ message: 'snapshots of runs were not kept', count: runs }]);
    }));

  test('a round that cannot remove the keys of a hundred runs logs one line', () =>
    withRefusals('delete snapshots/', async (shared, partition, warned, refuse) => {
      await startAll(partition);
      for (let round = 0; round < 2; round++) {
        await shared.clock.advance(intervalMs);
        await partition.settle();
      }
      refuse();
      for (let count = 0; count < runs; count++) {
        await partition.runs.control({ tenant_id: 'acme', run_id: `run-${count}` }, 'cancel', 'test');
      }
      await partition.settle();
      await shared.clock.advance(intervalMs);
      await partition.settle();
      assert.equal(aboutRuns(warned), [{ message: 'snapshots of runs that are over were not removed', count: runs }]);
    }));

  test('runs that cannot be evicted are logged in one line per attempt', () =>
    withRefusals(
      'put snapshots/',
      async (_shared, partition, warned, refuse) => {
        refuse();
        await startAll(partition);
        const told = aboutRuns(warned);
        assert.ok(told.length > 0 && told.length <= runs, `${told.length} lines`);
        assert.ok(
          told.some(({ count }) => count > 1),
          JSON.stringify(told),
        );
      },
      1,
    ));
});

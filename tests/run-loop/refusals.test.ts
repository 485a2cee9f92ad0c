import type { Logger } from '@llmteam/contracts';
import * as assert from 'uvu/assert';
import { quiet_logger } from '../support/quiet-logger.js';
import { spec } from '../support/spec.js';
import { echo, Partition, type Shared, with_backend } from './partition.js';
import { approval } from './segments.js';
import { watched } from './watched-registry.js';

const runs = 100;
const interval_ms = 5_000;

interface Warned {
  readonly message: string;
  readonly count: number;
}

/** A partition with runs that wait, a registry that refuses such writes from now on, and what it warns of. */
async function with_refusals(
  refused: string,
  use: (shared: Shared, partition: Partition, warned: readonly Warned[], refuse: () => void) => Promise<void>,
  max_resident_runs = runs,
): Promise<void> {
  await with_backend(async (shared) => {
    const warned: Warned[] = [];
    const warn = (details: object, message: string): void => {
      warned.push({ message, count: (details as { refused?: number }).refused ?? 1 });
    };
    const log = { ...quiet_logger, warn } as Logger;
    const state = { is_refused: false };
    const registry = watched(shared.backend.registry, (write) => state.is_refused && write.startsWith(refused));
    const partition = new Partition(shared, 'a', echo, { registry, log, max_resident_runs });
    await partition.take_over();
    await partition.work();
    await use(shared, partition, warned, () => {
      state.is_refused = true;
    });
    await partition.stop();
  });
}

async function start_all(partition: Partition): Promise<void> {
  for (let count = 0; count < runs; count++) await partition.start(approval, {}, `run-${count}`);
  await partition.settle();
}

const about_runs = (warned: readonly Warned[]): Warned[] => warned.filter(({ message }) => /snapshots/.test(message));

spec('refusals', (test) => {
  test('a round that cannot keep a hundred runs says so in one line', () =>
    with_refusals('put snapshots/', async (shared, partition, warned, refuse) => {
      refuse();
      await start_all(partition);
      for (let round = 0; round < 2; round++) {
        await shared.clock.advance(interval_ms);
        await partition.settle();
      }
      assert.equal(about_runs(warned), [{ message: 'snapshots of runs were not kept', count: runs }]);
    }));

  test('a round that cannot remove the keys of a hundred runs says so in one line', () =>
    with_refusals('delete snapshots/', async (shared, partition, warned, refuse) => {
      await start_all(partition);
      for (let round = 0; round < 2; round++) {
        await shared.clock.advance(interval_ms);
        await partition.settle();
      }
      refuse();
      for (let count = 0; count < runs; count++) {
        await partition.runs.control({ tenant_id: 'acme', run_id: `run-${count}` }, 'cancel', 'test');
      }
      await partition.settle();
      await shared.clock.advance(interval_ms);
      await partition.settle();
      assert.equal(about_runs(warned), [{ message: 'snapshots of runs that are over were not removed', count: runs }]);
    }));

  test('runs that cannot leave memory are told of in one line each time it is tried', () =>
    with_refusals(
      'put snapshots/',
      async (_shared, partition, warned, refuse) => {
        refuse();
        await start_all(partition);
        const told = about_runs(warned);
        assert.ok(told.length > 0 && told.length <= runs, `${told.length} lines`);
        assert.ok(
          told.some(({ count }) => count > 1),
          JSON.stringify(told),
        );
      },
      1,
    ));
});

import { openMemoryBackend } from '@llmteam/backend-embedded';
import type { KvStore, Retention } from '@llmteam/contracts';
import { RetentionSweeps } from '@llmteam/coordinator';
import { type ManualClock, manualClock } from '@llmteam/testing';
import * as assert from 'uvu/assert';
import { quietLogger } from '../support/quiet-logger.js';
import { spec } from '../support/spec.js';

interface Scene {
  readonly clock: ManualClock;
  readonly owned: number[];
  /** `partition age count` of every sweep. */
  readonly swept: string[];
  readonly sweeps: RetentionSweeps;
  readonly kv: KvStore;
  fails: boolean;
}

async function withSweeps(
  retention: { max_age_hours?: number; max_runs?: number },
  use: (scene: Scene) => Promise<void>,
): Promise<void> {
  const clock = manualClock(0);
  const swept: string[] = [];
  const owned = [0, 2];
  const state = { fails: false };
  const sweeper: Retention = {
    sweep: async (partition, { maxAgeMs, maxRuns }, _signal, beforeRemoval) => {
      swept.push(`${partition} ${maxAgeMs} ${maxRuns}`);
      if (state.fails && partition === 0) throw new Error('not now');
      await beforeRemoval([{ tenant_id: 'acme', run_id: `run-of-${partition}` }]);
      return 3;
    },
  };
  const backend = await openMemoryBackend({ clock: manualClock(0) });
  const { kv } = backend;
  const sweeps = new RetentionSweeps({
    sweeper,
    kv,
    retention,
    partitions: 4,
    owned: () => owned,
    clock,
    log: quietLogger,
  });
  sweeps.start();
  const scene = Object.assign(state, { clock, owned, swept, sweeps, kv });
  try {
    await use(scene);
  } finally {
    await sweeps.stop();
    await backend.close();
  }
}

spec('retention', (test) => {
  test('without a limit looks at nothing', () =>
    withSweeps({}, async ({ clock, swept }) => {
      await clock.advance(3_600_000);
      assert.equal(swept, []);
      assert.is(clock.pending, 0);
    }));

  test('sweeps the partitions that are owned at the time, every minute, each with its share of the runs', () =>
    withSweeps({ max_age_hours: 24, max_runs: 10 }, async ({ clock, owned, swept, sweeps, kv }) => {
      await clock.advance(1_000);
      assert.equal(swept.splice(0), ['0 86400000 3', '2 86400000 3']);
      const told = await kv.list('removed/');
      assert.equal(
        told.map(({ key, value }) => [key.split('/')[1], value]),
        [
          ['0', [{ tenant_id: 'acme', run_id: 'run-of-0' }]],
          ['2', [{ tenant_id: 'acme', run_id: 'run-of-2' }]],
        ],
      );
      assert.is(sweeps.removed, 6);
      owned.splice(0, 2, 1);
      await clock.advance(59_999);
      assert.equal(swept, []);
      await clock.advance(1);
      assert.equal(swept, ['1 86400000 3']);
    }));

  test('that is short is looked after more often', () =>
    withSweeps({ max_age_hours: 0.01 }, async ({ clock, swept }) => {
      await clock.advance(1_000);
      swept.length = 0;
      await clock.advance(3_600);
      assert.equal(swept, ['0 36000 null', '2 36000 null']);
    }));

  test('that fails for one partition goes on with the next, and is tried again', () =>
    withSweeps({ max_runs: 100 }, async (scene) => {
      scene.fails = true;
      await scene.clock.advance(1_000);
      assert.equal(scene.swept.splice(0), ['0 null 25', '2 null 25']);
      assert.is(scene.sweeps.removed, 3);
      scene.fails = false;
      await scene.clock.advance(60_000);
      assert.equal(scene.swept, ['0 null 25', '2 null 25']);
    }));

  test('ends when it is stopped', () =>
    withSweeps({ max_runs: 100 }, async ({ clock, swept, sweeps }) => {
      await clock.advance(1_000);
      await sweeps.stop();
      swept.length = 0;
      await clock.advance(3_600_000);
      assert.equal(swept, []);
      assert.is(clock.pending, 0);
    }));
});

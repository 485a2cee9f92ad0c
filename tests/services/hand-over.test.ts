import type { RunKey, RunView } from '@llmteam/contracts';
import * as assert from 'uvu/assert';
import { spec } from '../support/spec.js';
import { type Client, type Installation, with_installation } from './support/installation.js';
import { ledger_chain, with_ledger } from './support/ledger.js';
import type { Service } from './support/service.js';
import { until } from './support/until.js';

const patience = { timeout_ms: 120_000 };
const owned = 'llmteam_coordinator_owned_partitions';

interface Scene {
  readonly installation: Installation;
  readonly client: Client;
  readonly coordinators: readonly [Service, Service];
  readonly executions: () => string[];
}

/** Two coordinators that share the partitions, and a worker. */
async function with_two(lease_seconds: string, use: (scene: Scene) => Promise<void>): Promise<void> {
  const environment = { LLMTEAM_COORDINATOR_LEASE_SECONDS: lease_seconds };
  await with_installation({ environment }, async (installation) => {
    const executions = with_ledger(installation);
    const coordinators = [installation.start('coordinator'), installation.start('coordinator')] as const;
    await installation.start('worker').ready();
    for (const coordinator of coordinators) await coordinator.ready();
    await until('even shares', async () => {
      const shares = await Promise.all(coordinators.map((coordinator) => coordinator.metric(owned)));
      return shares.every((share) => share === 2);
    });
    await installation.with_client((client) => use({ installation, client, coordinators, executions }));
  });
}

/** Every run completed, no step was executed twice. */
async function assert_all_end({ client, executions }: Scene, runs: readonly RunKey[], steps: number): Promise<void> {
  const views: RunView[] = [];
  for (const run of runs) views.push(await client.ended(run, 60_000));
  assert.is(views.filter(({ status }) => status === 'completed').length, runs.length);
  const keys = executions().map((line) => line.slice(line.indexOf(' ')));
  assert.is(new Set(keys).size, runs.length * steps);
  assert.is(keys.length, new Set(keys).size, 'no step was executed twice');
}

async function start_runs({ client }: Scene, count: number, steps: number): Promise<RunKey[]> {
  const segment = ledger_chain(steps, 100);
  return Promise.all(Array.from({ length: count }, () => client.start(segment)));
}

async function takes_all(coordinator: Service, patience_ms: number): Promise<number> {
  const began = performance.now();
  await until('owner of every partition', async () => (await coordinator.metric(owned)) === 4, patience_ms);
  return performance.now() - began;
}

spec('hand-over between coordinators', (test) => {
  test(
    'on SIGTERM is at once, however long the lease, and runs go on where they are',
    () =>
      with_two('30', async (scene) => {
        const runs = await start_runs(scene, 20, 10);
        const [leaving, staying] = scene.coordinators;
        leaving.signal('SIGTERM');
        await takes_all(staying, 5_000);
        assert.is((await leaving.ended).code, 0);
        await assert_all_end(scene, runs, 10);
      }),
    patience,
  );

  test(
    'after kill -9 is within the lease and a second',
    () =>
      with_two('3', async (scene) => {
        const runs = await start_runs(scene, 20, 10);
        const [dying, staying] = scene.coordinators;
        dying.signal('SIGKILL');
        const took_ms = await takes_all(staying, 15_000);
        assert.ok(took_ms <= 4_000, `took ${Math.round(took_ms)} ms`);
        await assert_all_end(scene, runs, 10);
      }),
    patience,
  );

  test(
    'from one that was stopped longer than its lease leaves it nothing to say when it wakes',
    () =>
      with_two('2', async (scene) => {
        const runs = await start_runs(scene, 20, 30);
        const [sleeping, staying] = scene.coordinators;
        sleeping.signal('SIGSTOP');
        await takes_all(staying, 15_000);
        sleeping.signal('SIGCONT');
        await sleeping.logged('a partition is lost: its lease was not confirmed in time');
        await until('even shares', async () => (await sleeping.metric(owned)) === 2);
        await assert_all_end(scene, runs, 30);
      }),
    patience,
  );

  test(
    'of everything to nobody, and back: a restart of all coordinators loses nothing',
    () =>
      with_two('2', async (scene) => {
        const runs = await start_runs(scene, 10, 10);
        for (const coordinator of scene.coordinators) coordinator.signal('SIGKILL');
        await Promise.all(scene.coordinators.map(({ ended }) => ended));
        scene.installation.start('coordinator');
        await assert_all_end(scene, runs, 10);
      }),
    patience,
  );
});

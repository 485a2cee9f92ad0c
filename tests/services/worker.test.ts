import { defaultSettings, inspectNats } from '@llmteam/backend-nats';
import type { Segment } from '@llmteam/contracts';
import { liveWorkers } from '@llmteam/kernel';
import * as assert from 'uvu/assert';
import { quietLogger } from '../support/quiet-logger.js';
import { spec } from '../support/spec.js';
import { type Client, type Installation, withInstallation } from './support/installation.js';
import { ledgerChain, withLedger } from './support/ledger.js';
import { until } from './support/until.js';

const patience = { timeoutMs: 90_000 };

interface Scene {
  readonly installation: Installation;
  readonly client: Client;
  readonly executions: () => string[];
}

async function withCoordinator(
  use: (scene: Scene) => Promise<void>,
  environment: Readonly<Record<string, string>> = {},
): Promise<void> {
  await withInstallation({ environment }, async (installation) => {
    const executions = withLedger(installation);
    await installation.start('coordinator').ready();
    await installation.withClient((client) => use({ installation, client, executions }));
  });
}

async function queuesOf({ client }: Scene): Promise<string[]> {
  return [...(await liveWorkers(client.backend.kv)).keys()].sort();
}

spec('worker', (test) => {
  test(
    'is listed with what it serves while it lives, and with nothing from the moment it stops',
    () =>
      withCoordinator(async (scene) => {
        const worker = await scene.installation.start('worker').ready();
        assert.equal(await queuesOf(scene), ['http_action@0', 'ledger@1', 'llm_agent@0', 'transform@0']);
        await worker.stop();
        assert.equal(await queuesOf(scene), []);
      }),
    patience,
  );

  test(
    'serves only the types it is told to; a step that nobody serves ends as NO_WORKER and says so',
    () =>
      withCoordinator(async (scene) => {
        const first = await scene.installation.start('worker').ready();
        await first.stop();
        await scene.installation.start('worker', { LLMTEAM_WORKER_TYPES: 'transform' }).ready();
        assert.equal(await queuesOf(scene), ['transform@0']);
        const segment: Segment = ledgerChain(1, 1);
        const [step] = segment.steps;
        const unserved = { ...segment, steps: [{ ...step, queue_timeout_seconds: 1 }] } as Segment;
        const view = await scene.client.ended(await scene.client.start(unserved));
        assert.is(view.error?.error_code, 'NO_WORKER');
        assert.equal(scene.executions(), []);
        const { code, stderr } = await scene.installation.start('worker', { LLMTEAM_WORKER_TYPES: 'transfrom,nothing' })
          .ended;
        assert.is(code, 1);
        assert.match(
          stderr,
          /worker\.types names 'transfrom', .*did you mean 'transform'\?; worker\.types names 'nothing'/,
        );
      }),
    patience,
  );

  test(
    'lets its attempts finish when it is told to stop, and takes no more',
    () =>
      withCoordinator(async (scene) => {
        const worker = await scene.installation.start('worker').ready();
        const run = await scene.client.start(ledgerChain(2, 1_000));
        await until('execution', () => scene.executions().length === 1);
        const { code } = await worker.stop();
        assert.is(code, 0);
        assert.is(scene.executions().length, 1);
        await scene.installation.start('worker').ready();
        assert.is((await scene.client.ended(run)).status, 'completed');
        assert.is(scene.executions().length, 2);
      }),
    patience,
  );

  test(
    'hands back what is not finished in time: another worker does it at once, long before the lease ends',
    () =>
      withCoordinator(
        async (scene) => {
          const worker = await scene.installation.start('worker', { LLMTEAM_WORKER_DRAIN_SECONDS: '0.2' }).ready();
          const run = await scene.client.start(ledgerChain(1, 3_000));
          await until('execution', () => scene.executions().length === 1);
          assert.is((await worker.stop()).code, 0);
          assert.is((await scene.client.runs.show(run)).status, 'running');
          const next = await scene.installation.start('worker').ready();
          await until('second execution', () => scene.executions().length === 2, 5_000);
          assert.is(await next.metric('llmteam_worker_redeliveries_total'), 1);
          const view = await scene.client.ended(run);
          assert.is(view.status, 'completed');
          assert.is(view.steps[0]?.attempt, 1, 'it is the same attempt');
        },
        { LLMTEAM_NATS_JOB_LEASE_SECONDS: '60' },
      ),
    patience,
  );

  test(
    'leaves at once at the second signal',
    () =>
      withCoordinator(async (scene) => {
        const worker = await scene.installation.start('worker').ready();
        await scene.client.start(ledgerChain(1, 20_000));
        await until('execution', () => scene.executions().length === 1);
        worker.signal('SIGTERM');
        await worker.logged('stopping; a second signal exits immediately');
        worker.signal('SIGTERM');
        assert.is((await worker.ended).code, 130);
      }),
    patience,
  );

  test(
    'counts every attempt that it reported, by type, and how long it took',
    () =>
      withCoordinator(async ({ installation, client }) => {
        const worker = await installation.start('worker').ready();
        const slow = { step_id: 'slow', type: 'ledger', config: { sleep_ms: 600 } };
        const twice = {
          step_id: 'twice',
          type: 'ledger',
          config: { fail_first: true },
          retry: { max_attempts: 2, initial_interval_seconds: 0 },
        };
        const steps = [slow, twice] as Segment['steps'];
        const segment = { ...ledgerChain(2, 1), entrypoint: 'slow', steps, edges: [{ from: 'slow', to: 'twice' }] };
        assert.is((await client.ended(await client.start(segment))).status, 'completed');
        const { text } = await worker.get('/metrics');
        const lines = text.split('\n').filter((line) => /^llmteam_steps?_(executed|duration)/.test(line));
        const found = new Map(lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.split(' ')[1])]));
        const bucket = (le: string) => `llmteam_step_duration_seconds_bucket{le="${le}",step_type="ledger"}`;
        const executed = 'llmteam_steps_executed_total{step_type="ledger"}';
        const durations = ['sum', 'count'].map((what) => `llmteam_step_duration_seconds_${what}{step_type="ledger"}`);
        const buckets = ['0.1', '0.5', '1', '2', '5', '10', '30', '+Inf'].map(bucket);
        assert.equal([...found.keys()].sort(), [executed, ...buckets, ...durations].sort());
        assert.is(found.get(executed), 3);
        assert.is(found.get(bucket('+Inf')), 3);
        assert.ok((found.get(bucket('0.5')) ?? 3) < 3, 'the slow one took longer than that');
      }),
    patience,
  );

  test(
    'that would describe a type otherwise than another under the same version is refused, both named',
    () =>
      withCoordinator(async ({ installation }) => {
        const { cli } = installation;
        const plugin = (
          configSchema: object,
        ): string => `export default { name: 'twice', api: 1, stepTypes: [{ kind: 'task',
          metadata: { type_id: 'twice', display_name: 'T', description: 'Twice.', category: 'utility', icon: 'x', color: '#000',
            config_schema: ${JSON.stringify(configSchema)}, examples: [{}], permissions: [], input_ports: [], output_ports: [], supports_retry: true,
            supports_timeout: true, supports_parallel: true, is_async: false, docs_url: '' }, run: async () => ({}) }] };`;
        const manifest = { name: 'twice', version: '1.0.0', type: 'module', exports: './index.js' };
        for (const [name, schema] of Object.entries({ one: {}, other: { type: 'object' } })) {
          cli.write(`${name}/package.json`, { ...manifest, llmteam: { kind: 'task', name: 'twice', api: 1 } });
          cli.write(`${name}/index.js`, plugin(schema));
        }
        const first = await installation.start('worker', { LLMTEAM_PLUGINS: './one' }).ready();
        const { worker_id } = await first.logged('the worker takes jobs');
        const { code, stderr } = await installation.start('worker', { LLMTEAM_PLUGINS: './other' }).ended;
        assert.is(code, 1);
        assert.match(stderr, 'error PLUGIN_DUPLICATE');
        assert.ok(stderr.includes(`with a different config_schema than worker '${worker_id}' announced`), stderr);
      }),
    patience,
  );

  test(
    'finds its jobs again after the server lost them with its memory',
    () =>
      withCoordinator(async (scene) => {
        const worker = await scene.installation.start('worker').ready();
        await worker.stop();
        const run = await scene.client.start(ledgerChain(3, 1));
        const settings = { ...defaultSettings, servers: [scene.installation.server.url] };
        const jobs = async (): Promise<number> => {
          const { streams } = await inspectNats(settings, quietLogger);
          return streams.find(({ storage }) => storage === 'memory')?.messages ?? 0;
        };
        await until('queued job', async () => (await jobs()) === 1);
        await scene.installation.server.kill();
        await scene.installation.server.start();
        await scene.installation.start('worker').ready();
        assert.is((await scene.client.ended(run)).status, 'completed');
        assert.is(scene.executions().length, 3);
      }),
    patience,
  );
});

// mostly waits
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Segment } from '@llmteam/contracts';
import * as assert from 'uvu/assert';
import { withCli } from '../cli/support/cli.js';
import { startDev } from '../cli/support/dev-service.js';
import { approval, chain, delay, doubling } from '../cli/support/segments.js';
import { spec } from '../support/spec.js';
import { documentedSeries } from './support/documented-series.js';
import { type Client, type Installation, withInstallation } from './support/installation.js';
import { ledgerChain, withLedger } from './support/ledger.js';
import { samplesOf } from './support/samples.js';
import type { Service } from './support/service.js';
import { until } from './support/until.js';

const patience = { timeoutMs: 120_000 };
const traceId = '0af7651916cd43dd8448eb211c80319c';
const span = { trace_id: traceId, span_id: 'b7ad6b7169203331', sampled: true };
const openMetrics = { Accept: 'application/openmetrics-text' };

const writing: Segment = {
  segment_id: 'writing',
  name: 'Writing',
  entrypoint: 'write',
  steps: [
    { step_id: 'write', type: 'llm_agent', config: { llm_ref: 'default', user_prompt_template: 'Write a story.' } },
  ],
};

async function textOf(url: string, headers: Record<string, string> = {}): Promise<string> {
  return (await fetch(url, { headers, signal: AbortSignal.timeout(10_000) })).text();
}

function familiesOf(text: string): string[] {
  return [...text.matchAll(/^# TYPE (llmteam_\S+)/gm)].map(([, name = '']) => name).sort();
}

/** The series that the page says a process has. */
const documented = (process: string): string[] => [...documentedSeries(process).keys()].sort();

interface Scaling {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

async function scaling(coordinator: Service, queue: string): Promise<Scaling> {
  const { status, text } = await coordinator.get(`/scaling/${queue}`);
  return { status, body: JSON.parse(text) };
}

const untouched = { backlog: 0, in_flight: 0, oldest_seconds: 0, workers: 0, slots: 0, busy_slots: 0 };
const unknown = { ...untouched, seconds_to_drain: 0, is_needed: false, wanted_slots: 0 };

/** Two short chains, a model, a timer and a task that stays open. */
async function load(client: Client): Promise<void> {
  await client.ended(await client.start(ledgerChain(2, 1), {}, span));
  await client.ended(await client.start(writing, {}));
  await client.ended(await client.start(chain('resting', [delay('rest', 0.01)])));
  await client.start(chain('asking', [approval('ask', 'Shall we?')], { params: { timeout_seconds: null } }));
}

async function checkWorker(worker: Service): Promise<void> {
  const url = `${await worker.url()}/metrics`;
  const samples = samplesOf(await textOf(url));
  const [ledger, model] = ['{step_type="ledger"}', 'provider="offline"'];
  assert.is(samples.get(`llmteam_worker_slots${ledger}`), 2);
  assert.is(samples.get(`llmteam_queue_wait_seconds_count${ledger}`), 2);
  assert.is(samples.get(`llmteam_worker_jobs_running${ledger}`), 0);
  const ofModel = [...samples].filter(([name]) => name.includes(model));
  const sum = (series: string, labels = ''): number =>
    ofModel
      .filter(([name]) => name.startsWith(`llmteam_${series}{`) && name.includes(labels))
      .reduce((all, [, value]) => all + value, 0);
  assert.is(sum('model_call_seconds_count', 'outcome="completed"'), 1);
  assert.is(sum('model_first_token_seconds_count'), 1);
  assert.ok(sum('model_tokens_total', 'direction="input"') > 0);
  assert.ok(sum('model_tokens_total', 'direction="output"') > 0);
  const open = await textOf(url, openMetrics);
  for (const series of ['queue_wait_seconds', 'step_duration_seconds'])
    assert.match(open, new RegExp(`^llmteam_${series}_bucket\\{.*\\} \\d+ # \\{trace_id="${traceId}"\\}`, 'm'));
  assert.equal(familiesOf(await textOf(url)), documented('worker'));
}

async function checkGateway(gateway: Service): Promise<void> {
  const { port: own } = await gateway.logged('metrics with all labels are served');
  const { port } = await gateway.logged('the gateway serves requests');
  const url = `http://127.0.0.1:${own}/metrics`;
  await until('the open task', async () => {
    const samples = samplesOf(await textOf(url));
    return samples.get('llmteam_open_tasks{tenant_id="acme"}') === 1 || null;
  });
  const samples = samplesOf(await textOf(url));
  assert.is(samples.get('llmteam_overdue_tasks{tenant_id="acme"}'), 0);
  assert.ok((samples.get('llmteam_oldest_open_task_seconds{tenant_id="acme"}') ?? 0) > 0);
  const headers = { traceparent: `00-${traceId}-${span.span_id}-01` };
  assert.is((await fetch(`http://127.0.0.1:${port}/api/v1/catalog`, { headers })).status, 401);
  const open = await textOf(url, openMetrics);
  for (const series of ['segment_duration_seconds', 'gateway_request_duration_seconds'])
    assert.match(open, new RegExp(`^llmteam_${series}_bucket\\{.*\\} \\d+ # \\{trace_id="${traceId}"\\}`, 'm'));
  assert.equal(familiesOf(await textOf(url)), documented('gateway'));
}

async function checkCoordinator(coordinator: Service): Promise<void> {
  const queue = '{queue="ledger@1"}';
  const url = `${await coordinator.url()}/metrics`;
  const samples = await until('the busy slots', async () => {
    const found = samplesOf(await textOf(url));
    return found.get(`llmteam_queue_busy_slots${queue}`) === 2 ? found : null;
  });
  const told = ['backlog', 'in_flight', 'workers', 'slots'].map((name) => samples.get(`llmteam_queue_${name}${queue}`));
  assert.equal(told, [3, 2, 1, 2]);
  assert.ok((samples.get(`llmteam_queue_oldest_seconds${queue}`) ?? 0) > 0);
  assert.is(samples.get('llmteam_queue_backlog{queue="transform@0"}'), 0);
  assert.is(samples.get('llmteam_timer_lateness_seconds_count'), 1);
  assert.is(samples.get('llmteam_coordinator_redispatched_jobs_total'), 0);
  assert.is([...samples.keys()].filter((name) => name.includes('delay@')).length, 0, 'control types have no queue');
  assert.equal(familiesOf(await textOf(url)), documented('coordinator'));
}

async function withServices(installation: Installation, use: (services: Services) => Promise<void>): Promise<void> {
  withLedger(installation);
  const file = join(installation.cli.folder, 'llmteam.config.json');
  const config = JSON.parse(readFileSync(file, 'utf8'));
  installation.cli.write('llmteam.config.json', {
    ...config,
    llms: { default: { provider: 'offline' } },
    worker: { concurrency_by_type: { ledger: 2 } },
    // Nobody is there.
    tracing: { endpoint: 'http://127.0.0.1:9' },
  });
  const coordinator = await installation.start('coordinator').ready();
  assert.equal(await scaling(coordinator, 'ledger@1'), { status: 200, body: { queue: 'ledger@1', ...unknown } });
  const worker = await installation.start('worker').ready();
  const gateway = installation.start('gateway', { LLMTEAM_GATEWAY_METRICS_HTTP_PORT: '0' });
  await gateway.logged('the gateway serves requests');
  await use({ coordinator, worker, gateway });
}

interface Services {
  readonly coordinator: Service;
  readonly worker: Service;
  readonly gateway: Service;
}

spec('the metrics of a cluster', (test) => {
  test(
    'are those of the documentation and have the values of a mixed load; a coordinator says how many slots are wanted',
    () =>
      withInstallation({}, (installation) =>
        withServices(installation, async ({ coordinator, worker, gateway }) => {
          await installation.withClient(async (client) => {
            await load(client);
            await checkWorker(worker);
            await checkGateway(gateway);
            for (let place = 0; place < 5; place++) await client.start(ledgerChain(1, 60_000));
            await checkCoordinator(coordinator);
          });
          const { status, body } = await scaling(coordinator, 'ledger@1');
          const { oldest_seconds, seconds_to_drain, is_needed, ...rest } = body;
          const counts = { backlog: 3, in_flight: 2, workers: 1, slots: 2, busy_slots: 2, wanted_slots: 5 };
          assert.equal([status, rest], [200, { queue: 'ledger@1', ...counts }]);
          assert.ok(Number(oldest_seconds) > 0 && Number(seconds_to_drain) >= 0 && typeof is_needed === 'boolean');
          await installation.server.stop();
          const away = await until('the end of what was known', async () => {
            const found = await scaling(coordinator, 'ledger@1');
            return found.status === 200 ? null : found;
          });
          assert.is(away.status, 503);
          assert.match(String(away.body.reasons), 'NATS');
          assert.not.match(await textOf(`${await coordinator.url()}/metrics`), /^llmteam_queue_backlog\{/m);
          for (const service of [worker, gateway, coordinator]) service.signal('SIGKILL');
          await Promise.all([worker, gateway, coordinator].map((service) => service.ended));
        }),
      ),
    patience,
  );

  test(
    'of one process are those of its worker and its gateway',
    () =>
      withCli(async (cli) => {
        cli.write('llmteam.config.json', { tracing: { endpoint: 'http://127.0.0.1:9' } });
        const dev = await startDev(cli);
        const headers = { Authorization: `Bearer ${dev.key}`, 'Content-Type': 'application/json' };
        const post = (path: string, body: object): Promise<Response> =>
          fetch(`${dev.url}/api/v1${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
        assert.ok((await post('/segments', doubling)).ok);
        assert.ok((await post('/segments/doubling/runs?wait=10', {})).ok);
        const text = await textOf(`${dev.url}/metrics`);
        const samples = samplesOf(text);
        const transform = '{step_type="transform"}';
        const told = ['queue_wait_seconds_count', 'step_duration_seconds_count', 'worker_jobs_running'];
        assert.equal(
          told.map((name) => samples.get(`llmteam_${name}${transform}`)),
          [3, 3, 0],
        );
        assert.equal(familiesOf(text), documented('dev'));
        await dev.stop();
      }),
    patience,
  );
});

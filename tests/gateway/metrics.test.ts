import { openMemoryBackend } from '@llmteam/backend-embedded';
import type { Backend, RunAccepted, ServiceState } from '@llmteam/contracts';
import { composeEmbedded } from '@llmteam/gateway';
import { systemClock } from '@llmteam/service-host';
import * as assert from 'uvu/assert';
import { quietLogger } from '../support/quiet-logger.js';
import { spec } from '../support/spec.js';
import type { ApiClient } from './support/api-client.js';
import { echo, failing, waiting } from './support/segments.js';
import { until } from './support/until.js';
import { type GatewayWorld, gatewayOptions, openRuntime, withGateway, withSegments } from './support/with-gateway.js';

/** The six series with their labels. */
const series = {
  llmteam_segments_started_total: ['segment_id', 'tenant_id'],
  llmteam_segments_completed_total: ['segment_id', 'tenant_id', 'status'],
  llmteam_steps_executed_total: ['step_type', 'tenant_id'],
  llmteam_segment_duration_seconds_bucket: ['le', 'segment_id'],
  llmteam_step_duration_seconds_bucket: ['le', 'step_type'],
  llmteam_running_segments: ['tenant_id'],
} as const;

const token = 'scraper-token';

type Samples = ReadonlyMap<string, number>;

async function samples(client: ApiClient): Promise<Samples> {
  const { text } = await client.get('/metrics', { key: token });
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.split(' ').at(-1))]));
}

async function start(client: ApiClient, segmentId: string, body: object = {}): Promise<string> {
  return (await client.post<RunAccepted>(`/api/v1/segments/${segmentId}/runs`, body)).json.run_id;
}

async function endInEveryWay(client: ApiClient): Promise<void> {
  await start(client, 'echo');
  await start(client, 'failing');
  const cancelled = await start(client, 'waiting');
  await client.post(`/api/v1/runs/${cancelled}/cancel`);
  await start(client, 'waiting', { timeout: 0.05 });
}

const ended = (segmentId: string, status: string): string =>
  `llmteam_segments_completed_total{segment_id="${segmentId}",tenant_id="acme",status="${status}"}`;
const running = 'llmteam_running_segments{tenant_id="acme"}';

async function withClient(
  use: (client: ApiClient, world: GatewayWorld) => Promise<void>,
  backend?: Backend,
): Promise<void> {
  await withGateway(async (world) => use(await withSegments(await world.client(), echo, failing, waiting), world), {
    metricsToken: token,
    ...(backend !== undefined && { backend }),
  });
}

spec('the metrics of runs', (test) => {
  test('count every way a run can end, and leave the gauge', async () => {
    await withClient(async (client) => {
      await endInEveryWay(client);
      const open = await start(client, 'waiting');
      await until(async () => (await samples(client)).get(ended('waiting', 'timeout')) === 1);
      await until(async () => (await samples(client)).get(running) === 1);
      const found = await samples(client);
      assert.equal(
        [ended('echo', 'completed'), ended('failing', 'failed'), ended('waiting', 'cancelled')].map((one) =>
          found.get(one),
        ),
        [1, 1, 1],
      );
      assert.is(found.get('llmteam_segments_started_total{segment_id="waiting",tenant_id="acme"}'), 3);
      assert.is(found.get('llmteam_steps_executed_total{step_type="transform",tenant_id="acme"}'), 2);
      assert.is(found.get('llmteam_segment_duration_seconds_count{segment_id="waiting"}'), 2);
      await client.post(`/api/v1/runs/${open}/cancel`);
      await until(async () => (await samples(client)).get(running) === 0);
    });
  });

  test('have the names, labels and buckets of the contract', async () => {
    await withClient(async (client) => {
      await endInEveryWay(client);
      await until(async () => (await samples(client)).get(ended('waiting', 'timeout')) === 1);
      const names = [...(await samples(client)).keys()];
      for (const [name, labels] of Object.entries(series)) {
        const found = names.filter((one) => one.startsWith(`${name}{`));
        assert.ok(found.length > 0, name);
        for (const one of found)
          assert.equal(
            [...one.matchAll(/(\w+)="/g)].map(([, label]) => label),
            [...labels],
            one,
          );
      }
      const buckets = (name: string) =>
        names.filter((one) => one.startsWith(`${name}_bucket`)).map((one) => /le="([^"]+)"/.exec(one)?.[1]);
      const ofSegments = ['1', '5', '10', '30', '60', '120', '300', '600', '+Inf'];
      assert.equal([...new Set(buckets('llmteam_segment_duration_seconds'))], ofSegments);
      const ofSteps = ['0.1', '0.5', '1', '2', '5', '10', '30', '+Inf'];
      assert.equal([...new Set(buckets('llmteam_step_duration_seconds'))], ofSteps);
    });
  });

  test('are for the holder of the token only, if one is configured', async () => {
    await withClient(async (client) => {
      for (const key of [null, 'other-token', `${token}x`, '']) {
        const refused = await client.get('/metrics', { key });
        assert.equal([refused.status, refused.json.code], [401, 'UNAUTHENTICATED'], String(key));
      }
      assert.is((await client.get('/metrics', { key: token })).status, 200);
    });
  });

  test('name no tenant and no segment to anybody without a token, and add up to the same', async () => {
    await withGateway(async (world) => {
      const tenants = [await world.client('acme'), await world.client('rival')];
      for (const client of tenants) {
        await withSegments(client, echo);
        await client.post('/api/v1/segments/echo/runs?wait=10', {});
        await client.post('/api/v1/segments/echo/runs?wait=10', {});
      }
      const read = async () => (await world.stranger.get('/metrics')).text;
      await until(async () => /^llmteam_segments_completed_total\{status="completed"\} 4$/m.test(await read()));
      const text = await read();
      assert.match(text, /^llmteam_segments_started_total 4$/m);
      assert.match(text, /^llmteam_steps_executed_total\{step_type="transform"\} 4$/m);
      assert.match(text, /^llmteam_segment_duration_seconds_bucket\{le="600"\} 4$/m);
      assert.match(text, /^llmteam_segment_duration_seconds_count 4$/m);
      assert.match(text, /^llmteam_running_segments 0$/m);
      assert.not.match(text, /tenant_id|segment_id|acme|rival|echo/);
      const names = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
      const samples = names.map((line) => line.slice(0, line.lastIndexOf(' ')));
      assert.is(new Set(samples).size, samples.length);
    });
  });

  test('know after a restart which runs are open, and count their ends once', async () => {
    const clock = systemClock();
    const backend = await openMemoryBackend({ clock, partitions: 2 });
    const kept: Backend = { ...backend, close: async () => undefined };
    const open: string[] = [];
    let begun = 0;
    await withClient(async (client) => {
      open.push(await start(client, 'waiting'));
      begun = clock.now();
      open.push(await start(client, 'waiting'));
      await start(client, 'echo');
      await until(async () => (await samples(client)).get(ended('echo', 'completed')) === 1);
    }, kept);
    await withClient(async (client) => {
      const atLeast = (clock.now() - begun) / 1_000;
      const restarted = await samples(client);
      assert.is(restarted.get(running), 2);
      const ages = [...restarted].filter(([name]) => name.startsWith('llmteam_oldest_run_seconds'));
      assert.equal(
        ages.map(([name]) => name),
        ['llmteam_oldest_run_seconds{segment_id="waiting",tenant_id="acme"}'],
      );
      assert.ok((ages[0]?.[1] ?? 0) >= atLeast, `${ages} is less than ${atLeast}`);
      for (const runId of open) await client.post(`/api/v1/runs/${runId}/cancel`);
      await until(async () => (await samples(client)).get(ended('waiting', 'cancelled')) === 2);
      const found = await samples(client);
      assert.is(found.get(running), 0);
      assert.is(found.get(ended('echo', 'completed')), undefined);
      assert.is(found.get('llmteam_segments_started_total{segment_id="waiting",tenant_id="acme"}'), undefined);
    }, kept);
    await backend.close();
  });

  test('a gateway is not ready before its backend is', async () => {
    const clock = systemClock();
    const backend = await openMemoryBackend({ clock });
    const runtime = await openRuntime(backend, clock, quietLogger);
    const lacks = ['its lists have not caught up'];
    const { gateway } = composeEmbedded({ ...(await gatewayOptions(runtime, clock, {})), notReady: () => lacks });
    const { port } = await gateway.open(0, '127.0.0.1');
    const asked = async (path: string) => (await fetch(`http://127.0.0.1:${port}${path}`)).status;
    assert.equal([await asked('/health'), await asked('/ready'), await asked('/api/v1/catalog')], [200, 503, 503]);
    const { reasons } = (await (await fetch(`http://127.0.0.1:${port}/ready`)).json()) as ServiceState;
    assert.equal(reasons, ['its lists have not caught up']);
    lacks.pop();
    assert.equal([await asked('/ready'), await asked('/api/v1/catalog')], [200, 401]);
    await gateway.close();
    await runtime.close();
  });
});

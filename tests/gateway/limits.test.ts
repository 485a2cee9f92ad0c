import type { ProblemDetails, RunAccepted, RunPage } from '@llmteam/contracts';
import { defaultLimits } from '@llmteam/gateway';
import { ConfigFile } from '@llmteam/service-host';
import * as assert from 'uvu/assert';
import { spec } from '../support/spec.js';
import type { ApiClient, ApiResponse } from './support/api-client.js';
import { echo, waiting } from './support/segments.js';
import { openSse } from './support/sse-client.js';
import { until } from './support/until.js';
import { type GatewayWorld, type WorldOptions, withGateway, withSegments } from './support/with-gateway.js';

type Limits = NonNullable<WorldOptions['limits']>;

async function withTenants(
  limits: Limits,
  use: (noisy: ApiClient, calm: ApiClient, world: GatewayWorld) => Promise<void>,
): Promise<void> {
  await withGateway(
    async (world) => {
      const noisy = await withSegments(await world.client('noisy'), echo, waiting);
      const calm = await withSegments(await world.client('calm'), echo, waiting);
      await use(noisy, calm, world);
    },
    { limits },
  );
}

function isRefusal({ status, headers, json }: ApiResponse): boolean {
  if (status !== 429) return false;
  assert.is(json.code, 'RATE_LIMITED');
  assert.match(String(headers['retry-after']), /^[1-9][0-9]*$/);
  return true;
}

/** Formats a number as the descriptions of the configuration do. */
function inWords(limit: number): string {
  const [unit, of] = limit % 1_048_576 === 0 ? ['MiB', 1_048_576] : ['KiB', 1_024];
  return limit % of === 0 ? `${limit / of} ${unit}` : limit.toLocaleString('en-US');
}

spec('limits of a gateway', (test) => {
  test('can all be configured, and the configuration says what each is without it', () => {
    type Node = { readonly properties: Readonly<Record<string, Node>>; readonly description: string };
    const { gateway } = (ConfigFile as unknown as Node).properties;
    const configurable = gateway?.properties.limits?.properties ?? {};
    assert.equal(Object.keys(configurable), Object.keys(defaultLimits));
    for (const [name, limit] of Object.entries(defaultLimits)) {
      const { description = '' } = configurable[name] ?? {};
      assert.ok(description.endsWith(`Default ${inWords(limit)}.`), `${name}: ${description}`);
    }
  });

  test('serve if the head of a request may take longer than all of it', async () => {
    await withGateway(async ({ stranger }) => assert.is((await stranger.get('/health')).status, 200), {
      limits: { head_ms: 60_000, request_ms: 30_000 },
    });
  });
});

spec('limits of a tenant', (test) => {
  test('too many requests of one are refused, with when to come again, and none of another', async () => {
    await withTenants({ requests_per_second: 20 }, async (noisy, calm) => {
      const answers = await Promise.all(Array.from({ length: 60 }, () => noisy.get('/api/v1/catalog/transform')));
      const refused = answers.filter(isRefusal);
      assert.ok(refused.length >= 20, `${refused.length} refused`);
      assert.ok(refused.length < 60);
      assert.is((await calm.get('/api/v1/catalog/transform')).status, 200);
      const after = Number(refused[0]?.headers['retry-after']);
      await new Promise((resolve) => setTimeout(resolve, after * 1_000));
      assert.is((await noisy.get('/api/v1/catalog/transform')).status, 200);
    });
  });

  test('segments are charged by their size, and one of the largest size is always admitted', async () => {
    await withTenants({ segment_bytes: 8_192, segment_bytes_per_second: 4_096 }, async (noisy, calm) => {
      // The window is two seconds, and storing the segments of the test took a part of the first.
      await new Promise((resolve) => setTimeout(resolve, 2_100));
      const large = { ...echo, description: 'x'.repeat(7_000) };
      const validate = (client: ApiClient) => client.post('/api/v1/segments/validate', large);
      assert.is((await validate(noisy)).status, 200);
      assert.ok(isRefusal(await validate(noisy)));
      assert.ok(isRefusal(await noisy.post('/api/v1/segments', large)));
      assert.is((await validate(calm)).status, 200);
      assert.is((await noisy.get('/api/v1/catalog/transform')).status, 200);
    });
  });

  test('too many starts are refused before anything is kept', async () => {
    await withTenants({ starts_per_second: 5 }, async (noisy) => {
      const start = () => noisy.post<RunAccepted>('/api/v1/segments/waiting/runs');
      const answers = await Promise.all(Array.from({ length: 30 }, start));
      const accepted = answers.filter(({ status }) => status === 202).map(({ json }) => json.run_id);
      assert.ok(accepted.length >= 5 && accepted.length < 30, `${accepted.length} accepted`);
      await until(async () => (await list(noisy)).length >= accepted.length);
      assert.equal((await list(noisy)).sort(), accepted.sort());
    });
  });

  test('no more runs than allowed are active, and one that ends makes room', async () => {
    await withTenants({ active_runs: 3 }, async (noisy, calm) => {
      const start = (client: ApiClient) => client.post<RunAccepted>('/api/v1/segments/waiting/runs');
      const answers = await Promise.all(Array.from({ length: 8 }, () => start(noisy)));
      const accepted = answers.filter(({ status }) => status === 202);
      assert.is(accepted.length, 3);
      assert.is((await start(calm)).status, 202);
      await noisy.post(`/api/v1/runs/${accepted[0]?.json.run_id}/cancel`);
      await until(async () => (await start(noisy)).status === 202);
      assert.is((await start(noisy)).status, 429);
    });
  });

  test('no more streams than allowed are open, and one that closes makes room', async () => {
    await withTenants({ open_streams: 2 }, async (noisy, _calm, { keys, port }) => {
      const { key } = await keys.create({ tenant_id: 'noisy', role: 'viewer', name: 'r', expires_at: null });
      const { run_id } = (await noisy.post<RunAccepted>('/api/v1/segments/waiting/runs')).json;
      const open = await Promise.all([1, 2].map(() => openSse(port, run_id, key)));
      assert.is((await openSse(port, run_id, key)).status, 429);
      assert.is((await noisy.get(`/api/v1/runs/${run_id}/events`)).status, 200);
      open[0]?.destroy();
      await until(async () => {
        const again = await openSse(port, run_id, key);
        again.destroy();
        return again.status === 200;
      });
      for (const stream of open) stream.destroy();
    });
  });

  test('a request that waits for a run holds a stream slot, and none starts what it cannot wait for', async () => {
    await withTenants({ open_streams: 1 }, async (noisy, calm) => {
      const { run_id } = (await noisy.post<RunAccepted>('/api/v1/segments/waiting/runs')).json;
      const waits = noisy.get(`/api/v1/runs/${run_id}?wait=20`);
      await until(async () => isRefusal(await noisy.get(`/api/v1/runs/${run_id}?wait=1`)));
      assert.ok(isRefusal(await noisy.post('/api/v1/segments/echo/runs?wait=1', {})));
      assert.equal(await list(noisy), [run_id]);
      assert.is((await calm.post('/api/v1/segments/echo/runs?wait=10', {})).status, 200);
      assert.is((await noisy.get(`/api/v1/runs/${run_id}`)).status, 200);
      await noisy.post(`/api/v1/runs/${run_id}/cancel`);
      assert.is((await waits).json.status, 'cancelled');
      assert.is((await noisy.post('/api/v1/segments/echo/runs?wait=10', {})).status, 200);
    });
  });

  test('a refusal says which limit it was', async () => {
    await withTenants({ starts_per_second: 1 }, async (noisy) => {
      const start = () => noisy.post<ProblemDetails>('/api/v1/segments/echo/runs');
      const answers = await Promise.all([start(), start(), start()]);
      const refused = answers.find(({ status }) => status === 429);
      assert.match(String(refused?.json.detail), /1 starts per second/);
    });
  });
});

async function list(client: ApiClient): Promise<string[]> {
  return (await client.get<RunPage>('/api/v1/runs?limit=100')).json.runs.map(({ run_id }) => run_id);
}

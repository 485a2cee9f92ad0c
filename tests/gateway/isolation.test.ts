import type { RunAccepted, RunPage, RunView, SegmentPage, TaskPage } from '@llmteam/contracts';
import { routes } from '@llmteam/gateway';
import * as assert from 'uvu/assert';
import { spec } from '../support/spec.js';
import type { ApiClient, ApiResponse } from './support/api-client.js';
import { type SampleIds, sampleBody, samplePath } from './support/sample-requests.js';
import { asking, echo } from './support/segments.js';
import { until } from './support/until.js';
import { type GatewayWorld, withGateway, withSegments } from './support/with-gateway.js';

const idFields = ['run_id', 'segment_id', 'task_id', 'prefix'] as const;
const absent: SampleIds = { run_id: 'absent', segment_id: 'absent', task_id: 'absent:approve', prefix: 'absent' };
const canary = 'canary-4711';

/** Two tenants with equivalent resources but different ids. */
async function withRivals(
  use: (rival: ApiClient, victim: SampleIds, world: GatewayWorld, own: ApiClient) => Promise<void>,
): Promise<void> {
  await withGateway(async (world) => {
    const secret = { ...asking, segment_id: 'secret', name: canary };
    const own = await withSegments(await world.client('victim'), secret, echo);
    const { json } = await own.post<RunAccepted>('/api/v1/segments/secret/runs', { input_data: canary });
    await until(async () => (await own.get<TaskPage>('/api/v1/tasks')).json.tasks.length === 1);
    const [key] = await world.keys.list('victim');
    const victim = {
      prefix: key?.prefix ?? '',
      run_id: json.run_id,
      segment_id: 'secret',
      task_id: `${json.run_id}:approve`,
    };
    await use(await world.client('rival'), victim, world, own);
  });
}

/** Everything in a response except what differs with every request. */
function said({ status, headers, text }: ApiResponse<unknown>): unknown {
  const { date: _, 'x-request-id': __, ratelimit: ___, ...rest } = headers;
  return { status, rest, text };
}

spec('tenants', (test) => {
  test(
    "every operation answers another tenant's id as one that does not exist",
    async () => {
      await withRivals(async (rival, victim) => {
        const asked: string[] = [];
        for (const route of routes) {
          for (const field of idFields.filter((name) => route.path.includes(`{${name}}`))) {
            const path = samplePath(route, { ...absent, [field]: victim[field] });
            const body = sampleBody(route);
            const foreign = await rival.send(route.method.toUpperCase(), path, { body });
            const none = await rival.send(route.method.toUpperCase(), samplePath(route, absent), { body });
            if (route.isSocket !== true) assert.is(foreign.status, 404, `${route.operation} ${foreign.text}`);
            assert.equal(said(foreign), said(none), route.operation);
            asked.push(route.operation);
          }
        }
        assert.ok(asked.length >= 14, `only ${asked.length} operations have ids`);
      });
    },
    { timeoutMs: 30_000 },
  );

  test("lists, filters and metrics of one show nothing of another's", async () => {
    await withRivals(async (rival, victim) => {
      const filters = [`segment_id=${victim.segment_id}`, `correlation_id=${victim.run_id}`, 'status=running', ''];
      for (const filter of filters) {
        assert.equal((await rival.get<RunPage>(`/api/v1/runs?${filter}`)).json.runs, []);
      }
      assert.equal((await rival.get<TaskPage>(`/api/v1/tasks?run_id=${victim.run_id}`)).json.tasks, []);
      assert.equal((await rival.get<SegmentPage>('/api/v1/segments')).json.segments, []);
      const metrics = await rival.get('/metrics');
      assert.not.match(metrics.text, new RegExp(canary));
    });
  });

  test("a segment cannot refer to another tenant's", async () => {
    await withRivals(async (rival, victim) => {
      const referring = {
        ...echo,
        steps: [{ step_id: 'say', type: 'subworkflow', config: { segment_ref: victim.segment_id } }],
      };
      const refused = await rival.post<{ problems: { code: string }[] }>('/api/v1/segments', referring);
      assert.equal([refused.status, refused.json.problems[0]?.code], [422, 'UNKNOWN_REF']);
      assert.not.match(refused.text, new RegExp(canary));
    });
  });

  test('the tenant of a request cannot be named in it', async () => {
    await withRivals(async (rival, victim) => {
      const headers = { 'X-Tenant-Id': 'victim', 'Llmteam-Tenant': 'victim' };
      assert.is((await rival.get(`/api/v1/runs/${victim.run_id}`, { headers })).status, 404);
      assert.is((await rival.get(`/api/v1/runs/${victim.run_id}?tenant_id=victim`)).status, 400);
      await withSegments(rival, echo);
      const named = await rival.post('/api/v1/segments/echo/runs', { tenant_id: 'victim' });
      assert.is(named.status, 400);
    });
  });

  test('the same idempotency key of two tenants is two runs', async () => {
    await withRivals(async (rival, _victim, _world, own) => {
      await withSegments(rival, echo);
      const headers = { 'Idempotency-Key': 'one' };
      const [mine, theirs] = await Promise.all(
        [rival, own].map((client) =>
          client.post<RunView>('/api/v1/segments/echo/runs', { input_data: 1 }, { headers }),
        ),
      );
      assert.is.not(mine?.json.run_id, theirs?.json.run_id);
    });
  });
});

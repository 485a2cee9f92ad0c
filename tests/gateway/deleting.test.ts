import type { RunAccepted, RunPage, RunView, Segment, TaskPage } from '@llmteam/contracts';
import * as assert from 'uvu/assert';
import { spec } from '../support/spec.js';
import type { ApiClient } from './support/api-client.js';
import { asking, echo, waiting } from './support/segments.js';
import { until } from './support/until.js';
import { type GatewayWorld, withGateway, withSegments } from './support/with-gateway.js';

const parent: Segment = {
  segment_id: 'parent',
  name: 'Parent',
  entrypoint: 'call',
  steps: [{ step_id: 'call', type: 'subworkflow', config: { segment_ref: 'echo' } }],
};
const canary = `canary-${'4711'.repeat(75_000)}`;

/** Starts a run and waits for its end. */
async function ended(client: ApiClient, segmentId: string, body: object = {}): Promise<string> {
  const { json } = await client.post<RunView>(`/api/v1/segments/${segmentId}/runs?wait=30`, body);
  assert.is(json.status, 'completed');
  return json.run_id;
}

/** Everything that any store of the backend still holds about a run. */
async function leftovers({ backend }: GatewayWorld, runId: string): Promise<string> {
  const found: unknown[] = [];
  for (let partition = 0; partition < backend.journal.partitions; partition++) {
    const stop = new AbortController();
    for await (const batch of backend.journal.follow(partition, 0, stop.signal)) {
      if (batch.length === 0) break;
      found.push(...batch.filter(({ run_id }) => run_id === runId));
    }
    stop.abort();
  }
  const kept = await backend.kv.list('');
  const isTrace = (key: string) => key.startsWith('removed/') || key.startsWith('audit/');
  found.push(...kept.filter(({ key, value }) => !isTrace(key) && JSON.stringify([key, value]).includes(runId)));
  return JSON.stringify(found);
}

spec('deleting a run', (test) => {
  test('removes its history, large values, tasks and list entries, and no other run', async () => {
    await withGateway(async (world) => {
      const client = await withSegments(await world.client(), echo, asking);
      const kept = await ended(client, 'echo', { input_data: canary });
      const large = await ended(client, 'echo', { input_data: canary });
      const { run_id: asks } = (await client.post<RunAccepted>('/api/v1/segments/asking/runs', {})).json;
      await until(async () => (await client.get<TaskPage>('/api/v1/tasks')).json.tasks.length === 1);
      await client.post(`/api/v1/tasks/${asks}:approve/answer`, { decision: 'approve' });
      await client.get(`/api/v1/runs/${asks}?wait=30`);
      for (const runId of [large, asks]) {
        assert.is((await client.send('DELETE', `/api/v1/runs/${runId}`)).status, 204);
        for (const path of ['', '/events', '/events?from_seq=2']) {
          assert.is((await client.get(`/api/v1/runs/${runId}${path}`)).status, 404);
        }
        assert.is(await leftovers(world, runId), '[]');
      }
      assert.is((await client.get(`/api/v1/tasks/${asks}:approve`)).status, 404);
      assert.equal((await client.get<TaskPage>('/api/v1/tasks')).json.tasks, []);
      const listed = (await client.get<RunPage>('/api/v1/runs')).json.runs;
      assert.equal(
        listed.map(({ run_id }) => run_id),
        [kept],
      );
      assert.is((await client.get<RunView>(`/api/v1/runs/${kept}`)).json.output, canary);
    });
  });

  test('is refused while it, or a child run of it, is active', async () => {
    await withGateway(async (world) => {
      const client = await withSegments(await world.client(), waiting);
      const { run_id } = (await client.post<RunAccepted>('/api/v1/segments/waiting/runs', {})).json;
      const refused = await client.send<{ code: string }>('DELETE', `/api/v1/runs/${run_id}`);
      assert.is(refused.status, 409);
      assert.is(refused.json.code, 'RUN_ACTIVE');
      assert.is((await client.get<RunView>(`/api/v1/runs/${run_id}`)).json.status, 'running');
      await client.post(`/api/v1/runs/${run_id}/cancel`, {});
      await client.get(`/api/v1/runs/${run_id}?wait=30`);
      assert.is((await client.send('DELETE', `/api/v1/runs/${run_id}`)).status, 204);
    });
  });

  test('takes its child runs along', async () => {
    await withGateway(async (world) => {
      const client = await withSegments(await world.client(), echo, parent);
      const runId = await ended(client, 'parent');
      const { runs } = (await client.get<RunPage>('/api/v1/runs')).json;
      const child = runs.find(({ parent_run_id }) => parent_run_id === runId);
      assert.ok(child !== undefined);
      assert.is((await client.send('DELETE', `/api/v1/runs/${runId}`)).status, 204);
      assert.equal((await client.get<RunPage>('/api/v1/runs')).json.runs, []);
      assert.is((await client.get(`/api/v1/runs/${child.run_id}`)).status, 404);
      assert.is(await leftovers(world, child.run_id), '[]');
    });
  });

  test('is idempotent, and says nothing of runs of other tenants', async () => {
    await withGateway(async (world) => {
      const client = await withSegments(await world.client(), echo);
      const runId = await ended(client, 'echo');
      const rival = await world.client('rival');
      assert.is((await rival.send('DELETE', `/api/v1/runs/${runId}`)).status, 404);
      for (let time = 0; time < 2; time++) {
        assert.is((await client.send('DELETE', `/api/v1/runs/${runId}`)).status, 204);
      }
      assert.is((await rival.send('DELETE', `/api/v1/runs/${runId}`)).status, 404);
      assert.is((await client.send('DELETE', '/api/v1/runs/never')).status, 404);
    });
  });

  test('keeps its idempotency key used', async () => {
    await withGateway(async (world) => {
      const client = await withSegments(await world.client(), echo);
      const body = { idempotency_key: 'order-1' };
      const runId = await ended(client, 'echo', body);
      await client.send('DELETE', `/api/v1/runs/${runId}`);
      const again = await client.post<{ code: string }>('/api/v1/segments/echo/runs', body);
      assert.is(again.json.code, 'IDEMPOTENCY_CONFLICT');
      assert.equal((await client.get<RunPage>('/api/v1/runs')).json.runs, []);
    });
  });

  test('leaves the forks of the run as they are, with their large values', async () => {
    await withGateway(async (world) => {
      const client = await withSegments(await world.client(), echo);
      const runId = await ended(client, 'echo', { input_data: canary });
      const fork = (await client.post<RunAccepted>(`/api/v1/runs/${runId}/fork`, { from_step: 'say' })).json.run_id;
      await client.get(`/api/v1/runs/${fork}?wait=30`);
      assert.is((await client.send('DELETE', `/api/v1/runs/${runId}`)).status, 204);
      assert.is((await client.get<RunView>(`/api/v1/runs/${fork}`)).json.output, canary);
    });
  });
});

import type {
  AuditEntryPage,
  CatalogPage,
  EventPage,
  KeyCreated,
  KeyPage,
  PluginPage,
  RunAccepted,
  RunExplanation,
  RunPage,
  RunView,
  SegmentPage,
  StepDetail,
  StepPage,
  TaskPage,
} from '@llmteam/contracts';
import { routes } from '@llmteam/gateway';
import * as assert from 'uvu/assert';
import { spec } from '../support/spec.js';
import { asking, echo, waiting } from './support/segments.js';
import { until } from './support/until.js';
import { type GatewayWorld, withGateway, withSegments } from './support/with-gateway.js';

spec('every operation of the gateway', (test) => {
  test('answers as the OpenAPI document says, and none is left out', async () => {
    await withGateway(async (world) => {
      await askForEverything(world);
      const leftOut = routes.map(({ operation }) => operation).filter((name) => !world.checker.exercised.has(name));
      // The WebSocket is followed in web-sockets.test.ts.
      assert.equal(leftOut, ['follow_run']);
    });
  });
});

async function askForEverything(world: GatewayWorld): Promise<void> {
  const { stranger } = world;
  for (const path of [
    '/',
    '/health',
    '/ready',
    '/metrics',
    '/api/v1/openapi.json',
    '/api/docs',
    '/api/docs/page.css',
    '/api/docs/rapidoc.js',
  ]) {
    assert.is((await stranger.get(path)).status, 200, path);
  }
  const client = await withSegments(await world.client(), echo, waiting, asking);
  assert.is(
    (await client.get<CatalogPage>('/api/v1/catalog')).json.types.some((type) => type.type_id === 'transform'),
    true,
  );
  assert.is((await client.get('/api/v1/catalog/transform')).json.type_id, 'transform');
  assert.is((await client.get<PluginPage>('/api/v1/plugins')).json.plugins.length, 4);
  assert.is((await client.post('/api/v1/segments/validate', { ...echo, steps: [] })).json.valid, false);
  assert.equal((await client.get('/api/v1/segments/echo')).json, echo);
  assert.is((await client.get<SegmentPage>('/api/v1/segments')).json.segments.length, 3);
  const done = await client.post<RunView>('/api/v1/segments/echo/runs?wait=10', { input_data: { a: 1 } });
  assert.equal([done.status, done.json.status, done.json.output], [200, 'completed', { a: 1 }]);
  assert.equal((await client.get<RunExplanation>(`/api/v1/runs/${done.json.run_id}/explain`)).json.reasons, []);
  const steps = `/api/v1/runs/${done.json.run_id}/steps`;
  assert.equal(
    (await client.get<StepPage>(steps)).json.steps.map(({ step, status }) => [step, status]),
    [['say', 'completed']],
  );
  assert.equal((await client.get<StepDetail>(`${steps}/say`)).json.inputs, { input: { a: 1 } });
  await controlARun(client);
  await answerATask(client);
  const forked = await client.post<RunAccepted>(`/api/v1/runs/${done.json.run_id}/fork`, { from_step: 'say' });
  assert.is(forked.status, 202);
  const fork = await client.get(`/api/v1/runs/${forked.json.run_id}?wait=10`);
  assert.equal([fork.json.status, fork.json.output], ['completed', { a: 1 }]);
  const forkPath = `/api/v1/runs/${forked.json.run_id}`;
  assert.is((await client.post<RunView>(`${forkPath}/redact`)).json.redacted, true);
  assert.is((await client.delete(forkPath)).status, 204);
  await manageKeys(client);
  assert.is((await client.delete('/api/v1/segments/echo')).status, 204);
  assert.is((await client.get('/api/v1/segments/echo')).status, 404);
}

async function manageKeys(client: Awaited<ReturnType<GatewayWorld['client']>>): Promise<void> {
  assert.is((await client.get('/api/v1/whoami')).json.role, 'admin');
  const { status, json } = await client.post<KeyCreated>('/api/v1/keys', { role: 'viewer', name: 'ada' });
  assert.is(status, 201);
  assert.is((await client.delete(`/api/v1/keys/${json.prefix}`)).status, 204);
  assert.ok((await client.get<KeyPage>('/api/v1/keys')).json.keys.some(({ revoked_at }) => revoked_at !== null));
  const [last] = (await client.get<AuditEntryPage>('/api/v1/audit?limit=1')).json.records;
  assert.is(last?.action, 'revoke_key');
}

async function controlARun(client: Awaited<ReturnType<GatewayWorld['client']>>): Promise<void> {
  const started = await client.post('/api/v1/segments/waiting/runs', {});
  assert.is(started.status, 202);
  const path = `/api/v1/runs/${started.json.run_id}`;
  assert.is((await client.post(`${path}/pause`)).json.status, 'paused');
  assert.is((await client.post(`${path}/resume`, { reason: 'go on' })).json.status, 'running');
  assert.is((await client.post(`${path}/signals/go`, { payload: 7 })).status, 202);
  const ended = await client.get(`${path}?wait=10`);
  assert.equal([ended.json.status, ended.json.output], ['completed', 7]);
  const events = await client.get<EventPage>(`${path}/events`);
  assert.equal(
    events.json.events.map(({ seq }) => seq),
    events.json.events.map((_: unknown, at: number) => at + 1),
  );
  assert.is(events.json.cursor, null);
  const other = await client.post('/api/v1/segments/waiting/runs', {});
  assert.is((await client.post(`/api/v1/runs/${other.json.run_id}/cancel`)).json.status, 'cancelled');
  assert.is((await client.get<RunPage>('/api/v1/runs?limit=2')).json.runs.length, 2);
}

async function answerATask(client: Awaited<ReturnType<GatewayWorld['client']>>): Promise<void> {
  const started = await client.post('/api/v1/segments/asking/runs', {});
  const task = `/api/v1/tasks/${started.json.run_id}:approve`;
  await until(
    async () => (await client.get<TaskPage>(`/api/v1/tasks?run_id=${started.json.run_id}`)).json.tasks.length === 1,
  );
  assert.is((await client.get(task)).json.status, 'open');
  assert.is((await client.post(`${task}/claim`, { claimed_by: 'ada' })).json.claimed_by, 'ada');
  assert.is((await client.post(`${task}/unclaim`)).json.status, 'open');
  assert.is((await client.post(`${task}/answer`, { decision: 'approve', answered_by: 'ada' })).json.status, 'closed');
  const run = await client.get(`/api/v1/runs/${started.json.run_id}?wait=10`);
  assert.is(run.json.status, 'completed');
}

import type { EventPage, RunAccepted, RunPage, RunView, Segment, TaskPage } from '@llmteam/contracts';
import { rebuildIndex } from '@llmteam/kernel';
import * as assert from 'uvu/assert';
import { quietLogger } from '../support/quiet-logger.js';
import { spec } from '../support/spec.js';
import type { ApiClient } from './support/api-client.js';
import { asking, echo, failing, waiting } from './support/segments.js';
import { openSse } from './support/sse-client.js';
import { until } from './support/until.js';
import { type GatewayWorld, withGateway, withSegments } from './support/with-gateway.js';

const canary = 'canary-4711';
const large = canary.repeat(30_000);
const parent: Segment = {
  segment_id: 'parent',
  name: 'Parent',
  entrypoint: 'call',
  steps: [{ step_id: 'call', type: 'subworkflow', config: { segment_ref: 'echo' } }],
};

async function ended(client: ApiClient, segmentId: string, input: unknown): Promise<RunView> {
  return (await client.post<RunView>(`/api/v1/segments/${segmentId}/runs?wait=30`, { input_data: input })).json;
}

async function redact(client: ApiClient, runId: string): Promise<RunView> {
  const { status, json } = await client.send<RunView>('POST', `/api/v1/runs/${runId}/redact`);
  assert.is(status, 200);
  return json;
}

/** Everything in journal and key-value store as text. */
async function stored({ backend }: GatewayWorld): Promise<string> {
  const found: unknown[] = [await backend.kv.list('')];
  for (let partition = 0; partition < backend.journal.partitions; partition++) {
    const stop = new AbortController();
    for await (const batch of backend.journal.follow(partition, 0, stop.signal)) {
      if (batch.length === 0) break;
      found.push(batch);
    }
    stop.abort();
  }
  return JSON.stringify(found);
}

spec('redacting a run', (test) => {
  test('removes its data and leaves its outline: events, steps, times and usage', async () => {
    await withGateway(async (world) => {
      const client = await withSegments(await world.client(), echo);
      const before = await ended(client, 'echo', { canary, large });
      const events = (await client.get<EventPage>(`/api/v1/runs/${before.run_id}/events`)).json.events;
      const after = await redact(client, before.run_id);
      assert.equal(after, { ...before, input: null, output: null, redacted: true });
      assert.equal((await client.get<RunView>(`/api/v1/runs/${before.run_id}`)).json, after);
      const left = (await client.get<EventPage>(`/api/v1/runs/${before.run_id}/events`)).json;
      assert.equal(
        left.events,
        events.map((event) => ({ ...event, instance_id: 'redacted', payload: {}, redacted: true })),
      );
      assert.is(left.cursor, null);
      assert.not.ok((await stored(world)).includes(canary));
    });
  });

  test('removes what its caller named it by, also from lists, and from its child runs', async () => {
    await withGateway(async (world) => {
      const client = await withSegments(await world.client(), echo, parent);
      const named = { input_data: 1, correlation_id: canary, instance_id: canary, metadata: { customer: canary } };
      const { run_id } = (await client.post<RunView>('/api/v1/segments/parent/runs?wait=30', named)).json;
      const found = async (): Promise<number> => {
        return (await client.get<RunPage>(`/api/v1/runs?correlation_id=${canary}`)).json.runs.length;
      };
      await until(async () => (await found()) === 2);
      const after = await redact(client, run_id);
      assert.equal([after.correlation_id, after.metadata], [null, {}]);
      const { events } = (await client.get<EventPage>(`/api/v1/runs/${run_id}/events`)).json;
      assert.ok(events.every(({ correlation_id }) => correlation_id === null));
      await until(async () => (await found()) === 0);
      assert.not.ok((await stored(world)).includes(canary));
    });
  });

  test('shows it in lists as redacted, also once they are rebuilt', async () => {
    await withGateway(async (world) => {
      const client = await withSegments(await world.client(), echo);
      const { run_id } = await ended(client, 'echo', canary);
      const { run_id: other } = await ended(client, 'echo', canary);
      await redact(client, run_id);
      const rows = async (): Promise<unknown> => {
        const { runs } = (await client.get<RunPage>('/api/v1/runs')).json;
        return runs.map((row) => [row.run_id, row.status, row.redacted]).sort();
      };
      const expected = [
        [run_id, 'completed', true],
        [other, 'completed', undefined],
      ].sort();
      await until(async () => JSON.stringify(await rows()) === JSON.stringify(expected));
      const { journal, definitions, index } = world.options;
      await rebuildIndex({ journal, definitions, index, log: quietLogger });
      assert.equal(await rows(), expected);
    });
  });

  test('removes answers and texts of errors, and the tasks from lists', async () => {
    await withGateway(async (world) => {
      const client = await withSegments(await world.client(), asking, failing);
      const { run_id } = (await client.post<RunAccepted>('/api/v1/segments/asking/runs', {})).json;
      await until(async () => (await client.get<TaskPage>('/api/v1/tasks')).json.tasks.length === 1);
      await client.post(`/api/v1/tasks/${run_id}:approve/answer`, { decision: 'reject', comment: canary });
      await client.get(`/api/v1/runs/${run_id}?wait=30`);
      await redact(client, run_id);
      await until(async () => (await client.get<TaskPage>('/api/v1/tasks')).json.tasks.length === 0);
      assert.is((await client.get(`/api/v1/tasks/${run_id}:approve`)).status, 404);
      const failed = await redact(client, (await ended(client, 'failing', { canary })).run_id);
      assert.is(failed.status, 'failed');
      assert.is(failed.error?.error_message, '[redacted]');
      assert.is(failed.error?.error_code, 'EXPRESSION_FAILED');
      assert.not.ok((await stored(world)).includes(canary));
    });
  });

  test('does the same to its child runs', async () => {
    await withGateway(async (world) => {
      const client = await withSegments(await world.client(), echo, parent);
      const { run_id } = await ended(client, 'parent', { canary });
      await redact(client, run_id);
      const child = (await client.get<RunView>(`/api/v1/runs/${run_id}.1`)).json;
      assert.equal([child.status, child.input, child.redacted, child.parent_run_id], ['completed', null, true, run_id]);
      assert.not.ok((await stored(world)).includes(canary));
    });
  });

  test('is idempotent, refused while the run is active, and leaves a run that can be deleted but not forked', async () => {
    await withGateway(async (world) => {
      const client = await withSegments(await world.client(), echo, waiting, parent);
      const { run_id: active } = (await client.post<RunAccepted>('/api/v1/segments/waiting/runs', {})).json;
      assert.is((await client.send('POST', `/api/v1/runs/${active}/redact`)).status, 409);
      const { run_id } = await ended(client, 'parent', canary);
      assert.equal(await redact(client, run_id), await redact(client, run_id));
      const fork = await client.post<{ code: string }>(`/api/v1/runs/${run_id}/fork`, { from_step: 'call' });
      assert.equal([fork.status, fork.json.code], [409, 'RUN_REDACTED']);
      assert.is((await client.send('DELETE', `/api/v1/runs/${run_id}`)).status, 204);
      for (const gone of [run_id, `${run_id}.1`]) assert.is((await client.get(`/api/v1/runs/${gone}`)).status, 404);
    });
  });

  test('a stream of it tells its outline', async () => {
    await withGateway(async (world) => {
      const client = await withSegments(await world.client(), echo);
      const { key } = await world.keys.create({ tenant_id: 'acme', role: 'admin', name: 'k', expires_at: null });
      const { run_id } = await ended(client, 'echo', canary);
      await redact(client, run_id);
      const stream = await openSse(world.port, run_id, key);
      await stream.ended;
      assert.is(stream.events.at(-1)?.event_type, 'segment.completed');
      assert.not.ok(JSON.stringify(stream.events).includes(canary));
    });
  });

  test('a repeat of the request that started it answers with the run', async () => {
    await withGateway(async (world) => {
      const client = await withSegments(await world.client(), echo);
      const body = { input_data: canary, idempotency_key: 'order-1' };
      const { run_id } = (await client.post<RunView>('/api/v1/segments/echo/runs?wait=30', body)).json;
      await redact(client, run_id);
      const again = (await client.post<RunAccepted>('/api/v1/segments/echo/runs', body)).json;
      assert.equal([again.run_id, again.status], [run_id, 'completed']);
    });
  });
});

import type { EventPage, ProblemDetails, RunAccepted, RunPage, RunView } from '@llmteam/contracts';
import * as assert from 'uvu/assert';
import { spec } from '../support/spec.js';
import type { ApiClient } from './support/api-client.js';
import { echo, failing, waiting } from './support/segments.js';
import { until } from './support/until.js';
import { type GatewayWorld, withGateway, withSegments } from './support/with-gateway.js';

const runs = '/api/v1/segments/echo/runs';

async function withClient(use: (client: ApiClient, world: GatewayWorld) => Promise<void>): Promise<void> {
  await withGateway(async (world) => {
    await use(await withSegments(await world.client(), echo, waiting, failing), world);
  });
}

spec('starting runs', (test) => {
  test('the same key with the same body is the same run, wherever the key stands', async () => {
    await withClient(async (client) => {
      const headers = { 'Idempotency-Key': 'order-17' };
      const first = await client.post<RunAccepted>(runs, { input_data: { b: 1, a: [2] } }, { headers });
      const again = await client.post<RunAccepted>(runs, '{"input_data":{"a":[2],"b":1}}', { headers });
      const inBody = { idempotency_key: 'order-17', input_data: { a: [2], b: 1 } };
      const third = await client.post<RunAccepted>(runs, inBody);
      assert.equal([again.status, third.status], [202, 202]);
      assert.equal([again.json.run_id, third.json.run_id], [first.json.run_id, first.json.run_id]);
      assert.is(again.json.started_at, first.json.started_at);
      const marks = [first, again, third].map((answer) => answer.headers['idempotent-replayed']);
      assert.equal(marks, [undefined, 'true', 'true']);
      assert.is((await client.get<RunPage>('/api/v1/runs')).json.runs.length, 1);
    });
  });

  test('an input of null stays null; without one it is an empty object', async () => {
    await withClient(async (client) => {
      for (const [body, output] of [
        ['{"input_data":null}', null],
        ['{}', {}],
      ] as const) {
        const { json } = await client.post<RunView>(`${runs}?wait=10`, body);
        assert.equal([json.status, json.output], ['completed', output]);
      }
    });
  });

  test('keys named constructor and prototype reach the run and come back', async () => {
    await withClient(async (client) => {
      const data = '{"constructor":{"prototype":1},"prototype":[]}';
      const { json } = await client.post<RunView>(`${runs}?wait=10`, `{"input_data":${data}}`);
      assert.is(JSON.stringify(json.output), data);
    });
  });

  test('the same key with another body or segment is refused and starts nothing', async () => {
    await withClient(async (client) => {
      const headers = { 'Idempotency-Key': 'order-17' };
      await client.post(runs, { input_data: 1 }, { headers });
      const other = await client.post(runs, { input_data: 2 }, { headers });
      const elsewhere = await client.post('/api/v1/segments/waiting/runs', { input_data: 1 }, { headers });
      const both = await client.post(runs, { idempotency_key: 'order-18' }, { headers });
      assert.equal([other.status, other.json.code], [409, 'IDEMPOTENCY_CONFLICT']);
      assert.equal([elsewhere.status, both.status], [409, 400]);
      assert.is((await client.get<RunPage>('/api/v1/runs')).json.runs.length, 1);
    });
  });

  test('of many that race with one key all get one run', async () => {
    await withClient(async (client) => {
      const headers = { 'Idempotency-Key': 'race' };
      const answers = await Promise.all(
        Array.from({ length: 20 }, () => client.post<RunAccepted>(runs, { input_data: 'x' }, { headers })),
      );
      assert.is(new Set(answers.map(({ json }) => json.run_id)).size, 1);
    });
  });

  test('a key still names its run when the segment is gone', async () => {
    await withClient(async (client) => {
      const headers = { 'Idempotency-Key': 'kept' };
      const { json } = await client.post<RunAccepted>(runs, {}, { headers });
      await client.delete('/api/v1/segments/echo');
      assert.is((await client.post<RunAccepted>(runs, {}, { headers })).json.run_id, json.run_id);
      assert.is((await client.post(runs, {})).status, 404);
    });
  });

  test('a fork that names an input port that the step does not have is refused for just that', async () => {
    await withGateway(async (world) => {
      const client = await withSegments(await world.client(), echo);
      const { json } = await client.post<RunAccepted>('/api/v1/segments/echo/runs?wait=10', {});
      const order = { from_step: 'say', input_overrides: { inptu: 1 } };
      const refused = await client.post<ProblemDetails>(`/api/v1/runs/${json.run_id}/fork`, order);
      assert.equal([refused.status, refused.json.code], [422, 'PORT_UNKNOWN']);
      assert.match(refused.json.title, /`input_overrides` of a fork/);
      assert.match(refused.json.detail, /step 'say' has no input port 'inptu', did you mean 'input'\?/);
    });
  });

  test('a fork with a key is one fork', async () => {
    await withClient(async (client) => {
      const { json } = await client.post<RunView>(`${runs}?wait=10`, { input_data: 1 });
      const headers = { 'Idempotency-Key': 'fork' };
      const path = `/api/v1/runs/${json.run_id}/fork`;
      const body = { from_step: 'say', input_overrides: { input: 5 } };
      const first = await client.post<RunAccepted>(path, body, { headers });
      const again = await client.post<RunAccepted>(path, body, { headers });
      const other = await client.post(path, { from_step: 'say' }, { headers });
      assert.is(again.json.run_id, first.json.run_id);
      assert.is(other.status, 409);
      assert.is((await client.get(`/api/v1/runs/${first.json.run_id}?wait=10`)).json.output, 5);
    });
  });

  test('a wait gives the finished run, or the accepted one when it takes longer', async () => {
    await withClient(async (client) => {
      const failed = await client.post<RunView>('/api/v1/segments/failing/runs?wait=10');
      assert.equal([failed.status, failed.json.status], [200, 'failed']);
      const open = await client.post<RunAccepted>('/api/v1/segments/waiting/runs?wait=0.05');
      assert.is(open.status, 202);
      const path = `/api/v1/runs/${open.json.run_id}`;
      const [ended] = await Promise.all([client.get(`${path}?wait=10`), client.post(`${path}/cancel`)]);
      assert.is(ended.json.status, 'cancelled');
    });
  });

  test('an input that does not match is refused in the place where it is wrong, and starts nothing', async () => {
    await withClient(async (client) => {
      const inputSchema = { type: 'object', properties: { count: { type: 'integer' } }, required: ['count'] };
      await withSegments(client, { ...echo, segment_id: 'strict', input_schema: inputSchema });
      const refused = await client.post<ProblemDetails>('/api/v1/segments/strict/runs', { input_data: { count: 'x' } });
      assert.equal([refused.status, refused.json.code], [422, 'INPUT_INVALID']);
      assert.is(refused.json.problems?.[0]?.path, '/input_data/count');
      assert.is((await client.get<RunPage>('/api/v1/runs')).json.runs.length, 0);
    });
  });

  test('asking twice to pause, resume or cancel changes nothing the second time', async () => {
    await withClient(async (client) => {
      const { json } = await client.post<RunAccepted>('/api/v1/segments/waiting/runs');
      const path = `/api/v1/runs/${json.run_id}`;
      for (const action of ['pause', 'pause', 'resume', 'resume', 'cancel', 'cancel']) {
        assert.is((await client.post(`${path}/${action}`)).status, 200, action);
      }
      const { events } = (await client.get<EventPage>(`${path}/events`)).json;
      const controls = events.map(({ event_type }) => event_type).filter((type) => type.startsWith('segment.'));
      assert.equal(controls, ['segment.started', 'segment.paused', 'segment.resumed', 'segment.cancelled']);
      assert.is((await client.post(`${path}/resume`)).status, 409);
    });
  });

  test('pages of runs neither repeat nor miss one while others are added', async () => {
    await withClient(async (client) => {
      const started = new Set<string>();
      for (let count = 0; count < 9; count++) {
        started.add((await client.post<RunAccepted>(runs, { correlation_id: 'mine' })).json.run_id);
      }
      const listed = () => client.get<RunPage>('/api/v1/runs?correlation_id=mine&status=completed');
      await until(async () => (await listed()).json.runs.length === 9);
      const seen: string[] = [];
      for (let cursor: string | null = ''; cursor !== null; ) {
        const more: string = cursor === '' ? '' : `&cursor=${cursor}`;
        const page: RunPage = (await client.get<RunPage>(`/api/v1/runs?limit=2&correlation_id=mine${more}`)).json;
        seen.push(...page.runs.map(({ run_id }) => run_id));
        cursor = page.cursor;
        await client.post(runs, { correlation_id: 'mine' });
      }
      const wanted = seen.filter((runId) => started.has(runId));
      assert.is(new Set(seen).size, seen.length);
      assert.is(wanted.length, 9);
    });
  });
});

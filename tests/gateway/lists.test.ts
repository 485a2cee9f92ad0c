import type { EventPage, HumanTask, ProblemDetails, RunAccepted, RunPage, RunView, TaskPage } from '@llmteam/contracts';
import { routes } from '@llmteam/gateway';
import * as assert from 'uvu/assert';
import { spec } from '../support/spec.js';
import type { ApiClient } from './support/api-client.js';
import { samplePath } from './support/sample-requests.js';
import { asking, echo, waiting } from './support/segments.js';
import { until } from './support/until.js';
import { withGateway, withSegments } from './support/with-gateway.js';

const absent = { segment_id: 'absent', task_id: 'absent:approve' };

async function started(client: ApiClient, segmentId: string, body: object = {}): Promise<string> {
  const { json, text } = await client.post<RunAccepted>(
    `/api/v1/segments/${segmentId}/runs?wait=${segmentId === 'asking' ? 0 : 5}`,
    body,
  );
  assert.ok(json.run_id, text);
  return json.run_id;
}

async function runsOf(client: ApiClient, query: string): Promise<string[]> {
  const { json, text } = await client.get<RunPage>(`/api/v1/runs?${query}`);
  assert.ok(json.runs, text);
  return json.runs.map(({ run_id }) => run_id);
}

spec('lists over HTTP', (test) => {
  test('runs are listed by several statuses, an end of the time span and the beginning of their id', async () => {
    await withGateway(async ({ client }) => {
      const own = await withSegments(await client(), echo, waiting);
      const ended = await started(own, 'echo');
      const { json } = await own.get<RunView>(`/api/v1/runs/${ended}`);
      const { run_id: open } = (await own.post<RunAccepted>('/api/v1/segments/waiting/runs')).json;
      await own.post(`/api/v1/runs/${open}/pause`);
      await until(async () => (await runsOf(own, 'status=paused')).length === 1);
      assert.equal(await runsOf(own, 'status=completed'), [ended]);
      assert.equal(await runsOf(own, 'status=paused&status=completed'), [open, ended]);
      assert.equal(await runsOf(own, 'status=failed&status=cancelled'), []);
      assert.equal(await runsOf(own, `until=${json.started_at}`), []);
      assert.equal(
        await runsOf(own, `until=${new Date(Date.parse(json.started_at) + 1).toISOString()}&status=completed`),
        [ended],
      );
      assert.equal(await runsOf(own, `run_id_prefix=${ended.slice(0, 13)}`), [ended]);
      assert.equal(await runsOf(own, `parent_run_id=${ended}`), []);
    });
  });

  test('runs are found by their metadata, which is shown as it was given', async () => {
    await withGateway(async ({ client }) => {
      const own = await withSegments(await client(), echo);
      const metadata = { customer: 'Ada & Söhne', 'env.name': 'test' };
      const named = await started(own, 'echo', { metadata });
      const other = await started(own, 'echo', { metadata: { customer: 'bob' } });
      const plain = await started(own, 'echo');
      const customer = encodeURIComponent('Ada & Söhne');
      assert.equal(await runsOf(own, `metadata[customer]=${customer}`), [named]);
      assert.equal(await runsOf(own, `metadata%5Bcustomer%5D=${customer}&metadata[env.name]=test`), [named]);
      assert.equal(await runsOf(own, 'metadata[customer]=bob'), [other]);
      assert.equal((await own.get<RunView>(`/api/v1/runs/${named}`)).json.metadata, metadata);
      assert.equal((await own.get<RunView>(`/api/v1/runs/${plain}`)).json.metadata, {});
      const page = (await own.get<RunPage>('/api/v1/runs')).json.runs;
      assert.equal(
        page.map((run) => run.metadata),
        [{}, { customer: 'bob' }, metadata],
      );
    });
  });

  test('metadata that is too much, or is no text, is refused in its place', async () => {
    await withGateway(async ({ client }) => {
      const own = await withSegments(await client(), echo);
      const many = Object.fromEntries(Array.from({ length: 17 }, (_, number) => [`k${number}`, 'v']));
      const wrong = [many, { 'a b': '1' }, { '': 'x' }, { a: 1 }, { a: 'x'.repeat(257) }, { ['k'.repeat(65)]: 'v' }];
      for (const metadata of [...wrong, { a: 'line\nbreak' }, [], 'text', null]) {
        const { status, json } = await own.post<ProblemDetails>('/api/v1/segments/echo/runs', { metadata });
        assert.equal([status, json.code], [400, 'REQUEST_INVALID'], JSON.stringify(metadata));
        assert.match(String(json.problems?.[0]?.path), /^\/metadata/);
      }
      assert.equal(await runsOf(own, ''), []);
    });
  });

  test('a query that is not as documented is refused', async () => {
    await withGateway(async ({ client }) => {
      const own = await client();
      for (const query of [
        'status=running&status=nonsense',
        'segment_id=a&segment_id=b',
        'metadata=x',
        'metadata[a]=1&metadata[a]=2',
        'metadata[a%20b]=1',
        'segment_id[a]=1',
        'until=yesterday',
        'run_id_prefix=',
      ]) {
        const { status, json } = await own.get<ProblemDetails>(`/api/v1/runs?${query}`);
        assert.equal([status, json.code], [400, 'REQUEST_INVALID'], query);
      }
    });
  });

  test('tasks are listed by segment, by several statuses and by who has them', async () => {
    await withGateway(async ({ client }) => {
      const own = await withSegments(await client(), asking);
      const [first, second] = [await started(own, 'asking'), await started(own, 'asking')];
      const listed = async (query: string): Promise<HumanTask[]> => {
        return (await own.get<TaskPage>(`/api/v1/tasks?${query}`)).json.tasks;
      };
      await until(async () => (await listed('')).length === 2);
      await own.post(`/api/v1/tasks/${first}:approve/claim`, { claimed_by: 'ada' });
      await until(async () => (await listed('assignee=ada')).length === 1);
      assert.equal(
        (await listed('assignee=ada')).map(({ run_id }) => run_id),
        [first],
      );
      assert.equal(await listed('assignee=bob'), []);
      assert.is((await listed('status=open&status=claimed&segment_id=asking')).length, 2);
      assert.equal(await listed('segment_id=other'), []);
      assert.equal(
        (await listed('status=open')).map(({ run_id }) => run_id),
        [second],
      );
    });
  });

  test('events are listed in pages by cursor, as everything is', async () => {
    await withGateway(async ({ client }) => {
      const own = await withSegments(await client(), echo);
      const events = `/api/v1/runs/${await started(own, 'echo')}/events`;
      const all = (await own.get<EventPage>(events)).json;
      const seqs: number[] = [];
      for (let cursor: string | null = '1'; cursor !== null; ) {
        const page: EventPage = (await own.get<EventPage>(`${events}?limit=2&cursor=${cursor}`)).json;
        seqs.push(...page.events.map(({ seq }) => seq));
        cursor = page.cursor;
      }
      assert.equal(
        seqs,
        all.events.map(({ seq }) => seq),
      );
      assert.is((await own.get(`${events}?cursor=0`)).status, 400);
    });
  });

  test('every list is an object of its rows and a cursor', async () => {
    await withGateway(async ({ client }) => {
      const own = await withSegments(await client(), echo);
      const run = await started(own, 'echo');
      for (const route of routes.filter(({ operation }) => operation.startsWith('list_'))) {
        const { json, text } = await own.get<Readonly<Record<string, unknown>>>(
          samplePath(route, { ...absent, run_id: run }),
        );
        const { cursor, ...rest } = json;
        assert.ok(cursor === null || typeof cursor === 'string', `${route.operation}: ${text.slice(0, 200)}`);
        assert.equal(Object.values(rest).map(Array.isArray), [true], route.operation);
      }
    });
  });

  test('an input of null stays null', async () => {
    await withGateway(async ({ client }) => {
      const own = await withSegments(await client(), echo);
      const inputs = await Promise.all(
        [{ input_data: null }, {}, { input_data: 0 }].map(async (body) => {
          return (await own.get<RunView>(`/api/v1/runs/${await started(own, 'echo', body)}`)).json.input;
        }),
      );
      assert.equal(inputs, [null, {}, 0]);
    });
  });
});

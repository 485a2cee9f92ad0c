import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { EventPage, ProblemDetails, RunAccepted, RunView, ServiceIndex } from '@llmteam/contracts';
import * as assert from 'uvu/assert';
import { spec } from '../support/spec.js';
import type { ApiClient } from './support/api-client.js';
import { echo, waiting } from './support/segments.js';
import { until } from './support/until.js';
import { withGateway, withSegments } from './support/with-gateway.js';

const runs = '/api/v1/segments/echo/runs';
const page = 'https://console.example.com';

async function withClient(use: (client: ApiClient) => Promise<void>): Promise<void> {
  await withGateway(async (world) => use(await withSegments(await world.client(), echo)), { origins: [page] });
}

function nested(depth: number): string {
  return '['.repeat(depth) + ']'.repeat(depth);
}

/** Request bodies and the resulting error code. */
const badBodies: Readonly<Record<string, readonly [body: string | Uint8Array, code: string]>> = {
  'is no JSON': ['{"input_data":', 'JSON_INVALID'],
  'is a list': ['[]', 'REQUEST_INVALID'],
  'has an unknown key': ['{"input":1}', 'REQUEST_INVALID'],
  'has a key of a wrong type': ['{"correlation_id":7}', 'REQUEST_INVALID'],
  'has a key twice': ['{"input_data":1,"input_data":2}', 'JSON_INVALID'],
  'has a key of a prototype': ['{"input_data":{"__proto__":{"x":1}}}', 'JSON_INVALID'],
  'is too deep': [`{"input_data":${nested(10_000)}}`, 'JSON_INVALID'],
  'is too wide': [`{"input_data":[${'1,'.repeat(250_000)}1]}`, 'JSON_INVALID'],
  'has a number beyond a double': ['{"input_data":1e999}', 'JSON_INVALID'],
  'has an integer that would be rounded': ['{"input_data":[9007199254740993]}', 'JSON_INVALID'],
  'is not UTF-8': [Buffer.from([0x22, 0xff, 0xfe, 0x22]), 'JSON_INVALID'],
  'is too large': [`{"input_data":"${'x'.repeat(1_100_000)}"}`, 'REQUEST_TOO_LARGE'],
  'has a time that is none': ['{"timeout":-1}', 'REQUEST_INVALID'],
};

spec('requests', (test) => {
  for (const [what, [body, code]] of Object.entries(badBodies)) {
    test(`a body that ${what} is refused with a problem document`, async () => {
      await withClient(async (client) => {
        await client.post(runs, {});
        const answer = await client.post<ProblemDetails>(runs, body);
        assert.is(answer.json.code, code, answer.text);
        assert.ok(answer.status >= 400 && answer.status < 500);
        assert.match(String(answer.headers['content-type']), /^application\/problem\+json/);
      });
    });
  }

  test('problems name the part of the request, the place and what was perhaps meant', async () => {
    await withClient(async (client) => {
      const body = await client.post<ProblemDetails>(runs, { inputdata: 1, instance_id: '' });
      const places = (body.json.problems ?? []).map(({ in: part, path, code }) => [part, path, code]);
      assert.equal(
        places,
        [
          ['body', '/instance_id', 'SCHEMA_VIOLATION'],
          ['body', '/inputdata', 'UNKNOWN_FIELD'],
        ].sort(),
      );
      const query = await client.get<ProblemDetails>('/api/v1/runs?limit=0&statis=running&status=odd');
      const wrong = (query.json.problems ?? []).map(({ in: part, path }) => `${part} ${path}`);
      assert.equal(wrong.sort(), ['query /limit', 'query /statis', 'query /status']);
    });
  });

  test('an empty object is accepted wherever no body is needed, and anything else refused', async () => {
    await withClient(async (client) => {
      const started = await client.post<RunAccepted>(`${runs}?wait=5`, {});
      const run = `/api/v1/runs/${started.json.run_id}`;
      for (const body of ['{"a":1}', '[]', 'null', '{', `{${' '.repeat(100)}}`]) {
        for (const [method, path] of [
          ['POST', `${run}/redact`],
          ['DELETE', run],
        ] as const) {
          const { status, json } = await client.send<ProblemDetails>(method, path, { body });
          assert.equal([status, json.code], [400, 'REQUEST_INVALID'], `${method} ${body}`);
        }
      }
      assert.is((await client.send('GET', run, { body: '{}' })).json.code, 'REQUEST_INVALID');
      for (const body of [{}, ' { } ', undefined]) {
        assert.is((await client.post(`${run}/redact`, body)).status, 200);
        assert.is((await client.post('/api/v1/tasks/none-such/unclaim', body)).json.code, 'TASK_UNKNOWN');
      }
      assert.is((await client.delete('/api/v1/segments/none_such', { body: {} })).json.code, 'SEGMENT_UNKNOWN');
      assert.is((await client.delete(run, { body: {} })).status, 204);
    });
  });

  test('are refused with the words that the API reference shows', async () => {
    const reference = readFileSync(join(import.meta.dirname, '../../../docs/contracts/api-reference.md'), 'utf8');
    const [, shown = ''] = /^```json\n(\{\n {2}"type": [\s\S]*?)\n```/m.exec(reference) ?? [];
    await withClient(async (client) => {
      assert.equal((await client.post<ProblemDetails>(runs, { input: 1 })).json, JSON.parse(shown));
    });
  });

  test('media types and encodings that are not read are refused', async () => {
    await withClient(async (client) => {
      for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'application/json; charset=utf-16', '']) {
        const answer = await client.post(runs, '{}', { headers: { 'Content-Type': type } });
        assert.is(answer.status, 415, type);
      }
      const zipped = await client.post(runs, '{}', { headers: { 'Content-Encoding': 'gzip' } });
      assert.is(zipped.status, 415);
      const utf8 = await client.post(runs, '{}', { headers: { 'Content-Type': 'application/json; charset=UTF-8' } });
      assert.is(utf8.status, 202);
    });
  });

  test('an address that is not in the table does not exist, and one that is has its methods only', async () => {
    await withClient(async (client) => {
      for (const path of [
        '/api',
        '/api/v1',
        '/api/v1/runs/',
        '/API/V1/RUNS',
        '/api/v1/secrets',
        '/api/v1/runs/x/y',
        '/.env',
      ]) {
        assert.is((await client.get(path)).status, 404, path);
      }
      const wrong = await client.send('PUT', '/api/v1/runs');
      assert.equal([wrong.status, wrong.headers.allow], [405, 'GET, HEAD']);
      assert.is((await client.send('PATCH', runs)).status, 405);
      assert.is((await client.send('HEAD', '/api/v1/runs')).status, 200);
    });
  });

  for (const number of [
    '1e2',
    '0x10',
    ' 5',
    '5 ',
    '5.0',
    '+5',
    '05',
    '-0',
    '',
    'NaN',
    '1_000',
    '5n',
    '99999999999999999999',
  ]) {
    test(`the number '${number}' in a query is refused`, async () => {
      await withGateway(async (world) => {
        const client = await world.client();
        for (const path of ['/api/v1/runs?limit=', '/api/v1/segments?limit=', '/api/v1/runs/x?wait=']) {
          const refused = await client.get<ProblemDetails>(`${path}${encodeURIComponent(number)}`);
          assert.equal([refused.status, refused.json.code], [400, 'REQUEST_INVALID'], path);
        }
      });
    });
  }

  test('a number in a query has one spelling', async () => {
    await withGateway(async (world) => {
      const client = await world.client();
      assert.is((await client.get('/api/v1/runs?limit=50')).status, 200);
      assert.is((await client.get('/api/v1/runs/x?wait=0.5')).json.code, 'RUN_UNKNOWN');
      assert.is((await client.get('/api/v1/runs/x?wait=0')).json.code, 'RUN_UNKNOWN');
    });
  });

  test('a time that no clock shows is refused', async () => {
    await withGateway(async (world) => {
      const client = await world.client();
      const since = (text: string) => client.get(`/api/v1/runs?since=${encodeURIComponent(text)}`);
      for (const text of [
        '2016-12-31T23:59:60Z',
        '2016-12-31T18:59:60-05:00',
        '2026-02-30T00:00:00Z',
        '2026-01-01T24:00:00Z',
        '2026-01-01',
      ]) {
        assert.is((await since(text)).status, 400, text);
      }
      for (const text of ['2016-12-31T23:59:59Z', '2026-01-01T00:00:00.123456+01:00']) {
        assert.is((await since(text)).status, 200, text);
      }
    });
  });

  test('the last page of a run that has ended says so, also where nothing is left', async () => {
    await withGateway(async (world) => {
      const client = await withSegments(await world.client(), echo, waiting);
      const done = await client.post<RunView>('/api/v1/segments/echo/runs?wait=10', {});
      const pageOf = async (runId: string, query: string) =>
        (await client.get<EventPage>(`/api/v1/runs/${runId}/events?${query}`)).json;
      const all = (await pageOf(done.json.run_id, '')).events.length;
      assert.is((await pageOf(done.json.run_id, `limit=${all}`)).cursor, null);
      assert.is((await pageOf(done.json.run_id, `limit=${all - 1}`)).cursor, String(all));
      for (const from of [all, all + 1, all + 100]) {
        assert.is((await pageOf(done.json.run_id, `from_seq=${from}`)).cursor, null, String(from));
      }
      const open = await client.post<RunAccepted>('/api/v1/segments/waiting/runs', {});
      await until(async () => (await pageOf(open.json.run_id, '')).events.length >= 3);
      const soFar = (await pageOf(open.json.run_id, '')).events.length;
      assert.is((await pageOf(open.json.run_id, '')).cursor, String(soFar + 1));
      assert.is((await pageOf(open.json.run_id, `from_seq=${soFar + 5}`)).cursor, String(soFar + 5));
    });
  });

  test('the root leads to the reference, the document and the health of the gateway', async () => {
    await withGateway(async ({ stranger }) => {
      const { json } = await stranger.get<ServiceIndex>('/');
      for (const path of Object.values(json.links)) assert.is((await stranger.get(path)).status, 200, path);
      const page = await stranger.get('/', { headers: { Accept: 'text/html,application/xhtml+xml,*/*;q=0.8' } });
      assert.match(String(page.headers['content-type']), /^text\/html/);
      const links = [...page.text.matchAll(/href="([^"]*)"/g)].map(([, link]) => link);
      assert.equal(links, Object.values(json.links));
    });
  });

  test('a cursor that no page gave is refused', async () => {
    await withClient(async (client) => {
      for (const cursor of ['nonsense', 'WyJ0YXNrcyIsMSwieCJd']) {
        assert.is((await client.get(`/api/v1/runs?cursor=${cursor}`)).status, 400, cursor);
      }
    });
  });

  test('an id of the request comes back if it is one, and is made otherwise', async () => {
    await withClient(async (client) => {
      const mine = await client.get('/health', { headers: { 'X-Request-Id': 'mine-1' } });
      const bad = await client.get('/health', { headers: { 'X-Request-Id': '<script>' } });
      assert.is(mine.headers['x-request-id'], 'mine-1');
      assert.match(String(bad.headers['x-request-id']), /^[0-9a-f-]{36}$/);
    });
  });

  test('only pages of the listed origins may read answers, and follow runs', async () => {
    await withClient(async (client) => {
      const preflight = { 'Access-Control-Request-Method': 'POST', 'Access-Control-Request-Headers': 'authorization' };
      for (const [origin, isListed] of [
        [page, true],
        ['https://console.example.com.evil.test', false],
        ['null', false],
        ['http://console.example.com', false],
      ] as const) {
        const answer = await client.get('/api/v1/catalog', { headers: { Origin: origin } });
        assert.is(answer.headers['access-control-allow-origin'], isListed ? origin : undefined, origin);
        const asked = await client.exchangeOptions('/api/v1/runs', { Origin: origin, ...preflight });
        assert.is(asked.headers['access-control-allow-origin'], isListed ? origin : undefined, origin);
        const events = await client.get('/api/v1/runs/absent/events', { headers: { Origin: origin } });
        assert.is(events.status, isListed ? 404 : 403, origin);
      }
    });
  });

  test('long responses are compressed for clients that accept it', async () => {
    await withClient(async (client) => {
      const plain = await client.get('/api/v1/openapi.json');
      const zipped = await client.get('/api/v1/openapi.json', { headers: { 'Accept-Encoding': 'gzip' } });
      assert.is(plain.headers['content-encoding'], undefined);
      assert.is(zipped.headers['content-encoding'], 'gzip');
      assert.is(zipped.text, plain.text);
    });
  });

  test('internal errors reveal no internals', async () => {
    await withGateway(async (world) => {
      const client = await withSegments(await world.client(), echo);
      await world.backend.journal.close();
      const answer = await client.post<ProblemDetails>(runs, {});
      assert.is(answer.status, 503);
      assert.not.match(answer.text, /journal/);
      assert.is(answer.headers['retry-after'], '1');
    });
  });
});

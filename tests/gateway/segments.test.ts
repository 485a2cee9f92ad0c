import type { ProblemDetails, RunView, SegmentPage, SegmentStored } from '@llmteam/contracts';
import * as assert from 'uvu/assert';
import { spec } from '../support/spec.js';
import type { ApiClient } from './support/api-client.js';
import { echo, waiting } from './support/segments.js';
import { withGateway } from './support/with-gateway.js';

const all = '/api/v1/segments';
const other = { ...echo, name: 'Other' };

async function withClient(use: (client: ApiClient) => Promise<void>): Promise<void> {
  await withGateway(async (world) => use(await world.client()));
}

spec('segments over HTTP', (test) => {
  test('come back whole, in every revision', async () => {
    await withClient(async (client) => {
      const first = await client.post<SegmentStored>(all, { ...echo, metadata: { owner: 'ada' } });
      const second = await client.post<SegmentStored>(all, other);
      const same = await client.post<SegmentStored>(all, other);
      assert.equal([first.status, second.status, same.status], [201, 200, 200]);
      assert.is(same.json.revision, second.json.revision);
      assert.is(first.headers.location, `${all}/echo`);
      assert.equal((await client.get(`${all}/echo`)).json, other);
      const earlier = await client.get(`${all}/echo?revision=${first.json.revision}`);
      assert.equal(earlier.json, { ...echo, metadata: { owner: 'ada' } });
      assert.is(earlier.headers.etag, first.headers.etag);
      assert.is((await client.get(`${all}/echo?revision=999999`)).status, 404);
    });
  });

  test('are changed only as long as the revision is the one that was asked for', async () => {
    await withClient(async (client) => {
      const { headers } = await client.post(all, echo, { headers: { 'If-None-Match': '*' } });
      const match = { 'If-Match': String(headers.etag) };
      assert.is((await client.post(all, other, { headers: { 'If-None-Match': '*' } })).status, 412);
      assert.is((await client.post(all, other, { headers: match })).status, 200);
      assert.is((await client.post(all, echo, { headers: match })).status, 412);
      assert.is((await client.delete(`${all}/echo`, { headers: match })).status, 412);
      assert.equal((await client.get(`${all}/echo`)).json, other);
      assert.is((await client.post(all, waiting, { headers: { 'If-Match': '*' } })).status, 412);
      assert.is((await client.delete(`${all}/echo`, { headers: { 'If-Match': '*' } })).status, 204);
    });
  });

  test('of racing changes with one ETag exactly one wins', async () => {
    await withClient(async (client) => {
      const { headers } = await client.post(all, echo);
      const match = { 'If-Match': String(headers.etag) };
      const answers = await Promise.all(
        Array.from({ length: 8 }, (_, n) => client.post(all, { ...echo, name: `N${n}` }, { headers: match })),
      );
      assert.equal(
        answers
          .map(({ status }) => status)
          .sort()
          .join(),
        '200,412,412,412,412,412,412,412',
      );
    });
  });

  test('are not sent again to who knows them', async () => {
    await withClient(async (client) => {
      const { headers } = await client.post(all, echo);
      const known = { 'If-None-Match': String(headers.etag) };
      assert.is((await client.get(`${all}/echo`, { headers: known })).status, 304);
      await client.post(all, other);
      assert.is((await client.get(`${all}/echo`, { headers: known })).status, 200);
    });
  });

  test('with problems are refused with all of them, each in its place and line', async () => {
    await withClient(async (client) => {
      const text =
        '{\n"segment_id": "bad",\n"name": "Bad",\n"entrypoint": "x",\n"steps": [{"step_id": "a", "type": "nope"}]}';
      const refused = await client.post<ProblemDetails>(all, text);
      assert.equal([refused.status, refused.json.code], [422, 'SEGMENT_INVALID']);
      const problems = refused.json.problems ?? [];
      assert.equal(
        problems.filter(({ severity }) => severity === 'error').map(({ code, path, line }) => [code, path, line]),
        [
          ['INVALID_ENTRYPOINT', '/entrypoint', 4],
          ['UNKNOWN_TYPE', '/steps/0/type', 5],
        ],
      );
      assert.is((await client.get(`${all}/bad`)).status, 404);
    });
  });

  test('are listed by id, page by page', async () => {
    await withClient(async (client) => {
      for (const id of ['c', 'a', 'b']) await client.post(all, { ...echo, segment_id: id });
      const first = (await client.get<SegmentPage>(`${all}?limit=2`)).json;
      const second = (await client.get<SegmentPage>(`${all}?limit=2&cursor=${first.cursor}`)).json;
      const ids = [...first.segments, ...second.segments].map(({ segment_id }) => segment_id);
      assert.equal([ids, second.cursor], [['a', 'b', 'c'], null]);
    });
  });

  test('that are forgotten do not stop their runs', async () => {
    await withClient(async (client) => {
      await client.post(all, waiting);
      const { json } = await client.post<RunView>(`${all}/waiting/runs`);
      await client.delete(`${all}/waiting`);
      await client.post(`/api/v1/runs/${json.run_id}/signals/go`, { payload: 1 });
      assert.is((await client.get(`/api/v1/runs/${json.run_id}?wait=10`)).json.status, 'completed');
    });
  });
});

import type { AuditEntryPage, KeyCreated, KeyIdentity, KeyPage, ProblemDetails } from '@llmteam/contracts';
import { actions, may } from '@llmteam/gateway';
import * as assert from 'uvu/assert';
import { spec } from '../support/spec.js';
import { until } from './support/until.js';
import { withGateway } from './support/with-gateway.js';

const hourMs = 3_600_000;

spec('API keys over HTTP', (test) => {
  test('a key learns who it is and what it may do', async () => {
    await withGateway(async ({ client }) => {
      const viewer = await client('acme', 'viewer', { name: 'ada', act_for_others: false });
      const { json } = await viewer.get<KeyIdentity>('/api/v1/whoami');
      assert.equal([json.tenant_id, json.role, json.name, json.act_for_others], ['acme', 'viewer', 'ada', false]);
      assert.equal(
        json.permissions,
        actions.filter((action) => may('viewer', action)),
      );
      assert.is(
        (await (await client('acme', 'admin', { act_for_others: false })).get('/api/v1/whoami')).json.act_for_others,
        true,
      );
    });
  });

  test('a key that is made is shown once, works, and works no more once it is revoked', async () => {
    await withGateway(async ({ client, stranger }) => {
      const admin = await client();
      const made = await admin.post<KeyCreated>('/api/v1/keys', {
        role: 'approver',
        name: 'ada',
        act_for_others: true,
      });
      assert.is(made.status, 201);
      const { key, ...listing } = made.json;
      assert.equal([listing.tenant_id, listing.act_for_others, listing.expires_at], ['acme', true, null]);
      await until(async () => (await stranger.get('/api/v1/catalog', { key })).status === 200);
      const listed = await admin.get<KeyPage>('/api/v1/keys');
      assert.equal(
        listed.json.keys.find(({ prefix }) => prefix === listing.prefix),
        listing,
      );
      assert.not.ok(listed.text.includes(key));
      for (const again of [1, 2]) {
        assert.is((await admin.delete(`/api/v1/keys/${listing.prefix}`)).status, 204, `time ${again}`);
      }
      await until(async () => (await stranger.get('/api/v1/catalog', { key })).status === 401);
      const { records } = (await admin.get<AuditEntryPage>('/api/v1/audit')).json;
      assert.equal(
        records.map(({ action, target }) => [action, target]),
        [
          ['revoke_key', `/api/v1/keys/${listing.prefix}`],
          ['revoke_key', `/api/v1/keys/${listing.prefix}`],
          ['create_key', `/api/v1/keys/${listing.prefix}`],
        ],
      );
    });
  });

  test('keys are listed in pages, and those of other tenants neither listed nor revoked', async () => {
    await withGateway(async ({ client, keys }) => {
      const admin = await client();
      await client('rival');
      for (const name of ['a', 'b', 'c']) await admin.post('/api/v1/keys', { role: 'viewer', name });
      const own = (await keys.list('acme')).map(({ prefix }) => prefix);
      const found: string[] = [];
      for (let cursor: string | null = ''; cursor !== null; ) {
        const query: string = cursor === '' ? '' : `&cursor=${cursor}`;
        const { json } = await admin.get<KeyPage>(`/api/v1/keys?limit=2${query}`);
        found.push(...json.keys.map(({ prefix }) => prefix));
        cursor = json.cursor;
      }
      assert.equal(found, own);
      const [foreign] = await keys.list('rival');
      const refused = await admin.delete<ProblemDetails>(`/api/v1/keys/${foreign?.prefix}`);
      assert.equal([refused.status, refused.json.code], [404, 'KEY_UNKNOWN']);
      assert.is((await keys.list('rival'))[0]?.revoked_at, null);
    });
  });

  test('a key makes none that lives longer than itself', async () => {
    await withGateway(async ({ client }) => {
      const expiresAt = Date.now() + hourMs;
      const admin = await client('acme', 'admin', { expires_at: expiresAt });
      const inherited = await admin.post<KeyCreated>('/api/v1/keys', { role: 'viewer', name: 'ada' });
      assert.is(inherited.json.expires_at, new Date(expiresAt).toISOString());
      for (const time of [null, new Date(expiresAt + 1).toISOString()]) {
        const refused = await admin.post<ProblemDetails>('/api/v1/keys', {
          role: 'viewer',
          name: 'ada',
          expires_at: time,
        });
        assert.equal([refused.status, refused.json.code], [403, 'FORBIDDEN']);
      }
    });
  });

  test('a key that would expire in the past or has no proper name is not made', async () => {
    await withGateway(async ({ client, keys }) => {
      const admin = await client();
      const wrong = [
        { role: 'viewer' },
        { role: 'root', name: 'a' },
        { role: 'viewer', name: '../a' },
        { role: 'viewer', name: 'a', tenant_id: 'rival' },
        { role: 'viewer', name: 'a', expires_at: '2020-01-01T00:00:00Z' },
        { role: 'viewer', name: 'a', expires_at: 'soon' },
      ];
      for (const body of wrong) {
        const { status, json } = await admin.post<ProblemDetails>('/api/v1/keys', body);
        assert.equal([status, json.code], [400, 'REQUEST_INVALID'], JSON.stringify(body));
      }
      assert.is((await keys.list()).length, 1);
    });
  });
});

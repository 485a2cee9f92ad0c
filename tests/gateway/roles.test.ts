import { type Role, roles } from '@llmteam/contracts';
import { actions, may, type Route, routes } from '@llmteam/gateway';
import * as assert from 'uvu/assert';
import { spec } from '../support/spec.js';
import type { ApiClient } from './support/api-client.js';
import { type SampleIds, sampleBody, samplePath } from './support/sample-requests.js';
import { withGateway } from './support/with-gateway.js';

const ids: SampleIds = { run_id: 'absent', segment_id: 'absent', task_id: 'absent:approve' };

/** The permissions of each role, spelled out; the table in the code must match. */
const looks = 'catalog:read segment:read segment:validate run:read task:read key:self';
const operates = `${looks} run:start run:cancel run:pause run:resume run:signal run:fork`;
const expected: Readonly<Record<(typeof roles)[number], string>> = {
  viewer: looks,
  operator: operates,
  author: `${operates} segment:write segment:delete run:delete run:redact`,
  approver: `${looks} task:claim task:answer`,
  admin: actions.join(' '),
};

/** Checks that exactly a permitted request gets past authorization; returns which it was. */
async function tryRoute(client: ApiClient, role: Role, route: Route): Promise<'allowed' | 'refused'> {
  const { access, method, operation } = route;
  const mayDo = access === 'open' || may(role, access);
  const unreadable = route.body === undefined ? undefined : '{"nothing": valid';
  const body = mayDo ? sampleBody(route) : unreadable;
  const answer = await client.send(method.toUpperCase(), samplePath(route, ids), { body });
  assert.is(answer.status === 403, !mayDo, `${role} ${operation}: ${answer.status}`);
  return mayDo ? 'allowed' : 'refused';
}

spec('roles', (test) => {
  test('allow these actions and no others', () => {
    for (const role of roles) {
      const allowed = actions.filter((action) => may(role, action));
      assert.equal([...allowed].sort(), expected[role].split(' ').sort(), role);
    }
  });

  test('every operation is refused to every role that has not its action, whatever else is wrong with the request', async () => {
    await withGateway(async (world) => {
      const counts = { allowed: 0, refused: 0 };
      for (const role of roles) {
        const client = await world.client('acme', role);
        for (const route of routes) counts[await tryRoute(client, role, route)]++;
      }
      assert.equal(counts.allowed + counts.refused, roles.length * routes.length);
      assert.ok(counts.refused >= 24, JSON.stringify(counts));
    });
  });

  test('without a key that counts every operation but the open ones is refused, before its body is looked at', async () => {
    await withGateway(async ({ stranger, keys }) => {
      const { key, listing } = await keys.create({ tenant_id: 'acme', role: 'admin', name: 'k', expires_at: null });
      const wrong = [null, 'nonsense', `${key.slice(0, -1)}${key.endsWith('A') ? 'B' : 'A'}`, listing.prefix];
      for (const route of routes.filter(({ access }) => access !== 'open')) {
        for (const bad of wrong) {
          const body = route.body === undefined ? undefined : '{"not": json';
          const answer = await stranger.send(route.method.toUpperCase(), samplePath(route, ids), { key: bad, body });
          assert.is(answer.status, 401, `${route.operation} with ${bad}`);
          assert.match(String(answer.headers['www-authenticate']), /^Bearer/);
        }
      }
    });
  });
});

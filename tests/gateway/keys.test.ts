import { openMemoryBackend } from '@llmteam/backend-embedded';
import { KeyStore } from '@llmteam/gateway';
import { systemClock } from '@llmteam/service-host';
import * as assert from 'uvu/assert';
import { spec } from '../support/spec.js';
import { until } from './support/until.js';
import { withGateway } from './support/with-gateway.js';

spec('API keys', (test) => {
  test('are kept as a hash only', async () => {
    const clock = systemClock();
    const backend = await openMemoryBackend({ clock });
    const keys = new KeyStore(backend.kv, clock);
    const { key, listing } = await keys.create({ tenant_id: 'acme', role: 'viewer', name: 'ada', expires_at: null });
    const kept = JSON.stringify(await backend.kv.list(''));
    assert.ok(key.length >= 60);
    assert.ok(kept.includes(listing.prefix));
    assert.not.ok(kept.includes(key.slice(-43)));
    assert.not.ok('hash' in listing);
    assert.equal(await keys.list('acme'), [listing]);
    assert.equal(await keys.list('rival'), []);
    await backend.close();
  });

  test('count at once in a gateway that is running, and soon no more once revoked', async () => {
    await withGateway(async ({ keys, stranger }) => {
      const { key, listing } = await keys.create({ tenant_id: 'acme', role: 'viewer', name: 'ada', expires_at: null });
      await until(async () => (await stranger.get('/api/v1/catalog', { key })).status === 200);
      await keys.revoke(listing.prefix);
      // Bounded by the timeout of this test.
      await until(async () => (await stranger.get('/api/v1/catalog', { key })).status === 401);
      assert.is((await keys.revoke(listing.prefix)).revoked_at, (await keys.list('acme'))[0]?.revoked_at);
    });
  });

  test('count until they expire', async () => {
    const clock = systemClock();
    const offset = { ms: 0 };
    const shifted = { ...clock, now: () => clock.now() + offset.ms };
    await withGateway(
      async ({ keys, stranger }) => {
        const expiresAt = shifted.now() + 60_000;
        const { key } = await keys.create({ tenant_id: 'acme', role: 'viewer', name: 'ada', expires_at: expiresAt });
        await until(async () => (await stranger.get('/api/v1/catalog', { key })).status === 200);
        offset.ms = 60_001;
        assert.is((await stranger.get('/api/v1/catalog', { key })).status, 401);
      },
      { clock: shifted },
    );
  });

  test('that would expire in the past, or are for no tenant, are not made', async () => {
    await withGateway(async ({ keys }) => {
      const request = { tenant_id: 'acme', role: 'viewer', name: 'ada', expires_at: null } as const;
      for (const wrong of [{ expires_at: 1 }, { tenant_id: '../x' }, { name: '' }]) {
        const code = await keys.create({ ...request, ...wrong }).catch(({ code: thrown }) => thrown);
        assert.is(code, 'USAGE');
      }
    });
  });
});

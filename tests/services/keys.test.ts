// takes: 15
import type { Json, JsonObject, KvStore } from '@llmteam/contracts';
import { AuditLog, type AuditRecord } from '@llmteam/gateway';
import { loadConfig, serviceConfig, systemClock, withBackend } from '@llmteam/service-host';
import * as assert from 'uvu/assert';
import { type Ended, jsonOf } from '../cli/support/cli.js';
import { quietLogger } from '../support/quiet-logger.js';
import { spec } from '../support/spec.js';
import { type Installation, withInstallation } from './support/installation.js';

const patience = { timeoutMs: 60_000 };

interface Scene {
  /** Calls the command with `--nats`, in the environment of the installation. */
  readonly call: (...words: readonly string[]) => Promise<Ended>;
  readonly installation: Installation;
  readonly onServer: <T>(use: (kv: KvStore) => Promise<T>) => Promise<T>;
}

/** An installation without services: only the server runs. */
function withServer(use: (scene: Scene) => Promise<void>): Promise<void> {
  return withInstallation({}, (installation) => {
    const { cli, environment } = installation;
    const config = serviceConfig(loadConfig(null, environment));
    return use({
      installation,
      call: (...words) => cli.call([...words, '--nats'], { environment }),
      onServer: (useKvStore) => withBackend(config, quietLogger, ({ kv }) => useKvStore(kv)),
    });
  });
}

const record = (action: string): AuditRecord => ({
  at: systemClock().now(),
  key: 'prefix',
  name: 'ada',
  action,
  target: '/api/v1/segments/x',
  status: 200,
  request_id: 'r',
});

async function recordOf(kv: KvStore, prefix: string): Promise<JsonObject> {
  return ((await kv.get(`api_keys/${prefix}`))?.value ?? {}) as JsonObject;
}

function changed(page: Json): Json {
  const { records, ...rest } = page as { records: JsonObject[] };
  return { ...rest, records: records.map((one) => ({ ...one, name: 'mallory' })) };
}

spec('llmteam keys --nats', (test) => {
  test(
    'keeps a key on the server without its secret, and none on this machine',
    () =>
      withServer(async ({ call, onServer, installation }) => {
        const made = await call('keys', 'create', '--role', 'author', '--tenant', 'acme', '--name', 'ada', '--json');
        assert.is(made.code, 0, made.stderr);
        const { key, prefix } = jsonOf<{ key: string; prefix: string }>(made);
        const kept = await onServer((kv) => recordOf(kv, prefix));
        const { hash, ...rest } = kept;
        assert.match(String(hash), /^[0-9a-f]{64}$/);
        assert.is(rest.tenant_id, 'acme');
        assert.is(rest.role, 'author');
        assert.is(rest.revoked_at, null);
        assert.not.ok(JSON.stringify(kept).includes(key));
        const { environment, cli } = installation;
        const here = await cli.call(['keys', 'list', '--json'], { environment });
        assert.equal(jsonOf<{ keys: unknown[] }>(here).keys, []);
      }),
    patience,
  );

  test(
    'lists keys by tenant, and revokes one; one that is not there is told',
    () =>
      withServer(async ({ call, onServer }) => {
        for (const tenant of ['acme', 'globex']) {
          const { code, stderr } = await call('keys', 'create', '--role', 'viewer', '--tenant', tenant);
          assert.is(code, 0, stderr);
        }
        const keysOf = async (...words: readonly string[]): Promise<{ prefix: string; tenant_id: string }[]> =>
          jsonOf<{ keys: { prefix: string; tenant_id: string }[] }>(await call('keys', 'list', '--json', ...words))
            .keys;
        assert.equal((await keysOf()).map(({ tenant_id }) => tenant_id).sort(), ['acme', 'globex']);
        const [own] = await keysOf('--tenant', 'acme');
        const prefix = own?.prefix ?? '';
        assert.is((await call('keys', 'revoke', prefix)).code, 0);
        assert.type((await onServer((kv) => recordOf(kv, prefix))).revoked_at, 'number');
        assert.match((await call('keys', 'list', '--tenant', 'acme')).stdout, /revoked/);
        const absent = await call('keys', 'revoke', 'nobody');
        assert.is(absent.code, 1);
        assert.match(absent.stderr, "KEY_UNKNOWN: there is no key 'nobody'");
      }),
    patience,
  );

  test(
    'says within seconds that the server is away',
    () =>
      withServer(async ({ call, installation }) => {
        await installation.server.kill();
        for (const words of [
          ['keys', 'list'],
          ['audit', 'verify'],
        ]) {
          const began = performance.now();
          const { code, stderr } = await call(...words);
          assert.ok(performance.now() - began < 20_000, 'it waits like a service');
          assert.is(code, 1);
          assert.match(stderr, 'BACKEND_UNREACHABLE');
        }
      }),
    patience,
  );
});

spec('llmteam audit verify --nats', (test) => {
  test(
    'finds nothing wrong with a trail that is empty or whole, and shows a page that was changed',
    () =>
      withServer(async ({ call, onServer }) => {
        const verify = () => call('audit', 'verify', '--tenant', 'acme');
        assert.equal([(await verify()).code, (await verify()).stdout], [0, 'intact: 0 records on 0 pages\n']);
        await onServer(async (kv) => {
          const log = new AuditLog(kv);
          for (const action of ['store_segment', 'start_run', 'cancel_run']) await log.append('acme', record(action));
        });
        assert.match((await verify()).stdout, /^intact: 3 records on 3 pages\nhead: [0-9a-f]{64}\n$/);
        await onServer(async (kv) => {
          const [, second] = await kv.list('audit/acme/');
          assert.ok(second !== undefined);
          await kv.put(second.key, changed(second.value));
        });
        const tampered = await verify();
        assert.is(tampered.stdout, 'not intact: page 2 was changed\n');
        assert.is(tampered.code, 1);
        const other = await call('audit', 'verify', '--tenant', 'globex', '--json');
        assert.equal(jsonOf<object>(other), {
          ...{ intact: true, pages: 0, records: 0, keyed_pages: 0, head: null, fault: null },
        });
      }),
    patience,
  );
});

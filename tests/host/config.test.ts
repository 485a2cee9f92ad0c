import { dirname } from 'node:path';
import {
  ConfigFile,
  knownSecrets,
  loadConfig,
  maskedConfig,
  resourceConfig,
  serviceConfig,
} from '@llmteam/service-host';
import * as assert from 'uvu/assert';
import { spec } from '../support/spec.js';
import { refusalOf, withConfigFile } from './config-files.js';

type Node = { readonly properties?: Readonly<Record<string, Node>>; readonly default?: unknown };

/** The object of all defaults in a schema. A section without a default is absent unless somebody names it. */
function defaultsOf({ properties = {} }: Node): Record<string, unknown> {
  const parts = Object.entries(properties).flatMap(([key, part]): [string, unknown][] => {
    if (part.default === undefined) return [];
    return [[key, part.properties === undefined ? part.default : defaultsOf(part)]];
  });
  return Object.fromEntries(parts);
}

spec('configuration', (test) => {
  test('a service without file and variables is given every default the schema names', () => {
    const { file } = serviceConfig(loadConfig(null, {}));
    for (const name of ['log', 'nats', 'retention', 'coordinator', 'worker', 'gateway'] as const) {
      const expected = defaultsOf((ConfigFile as Node).properties?.[name] ?? {});
      assert.equal(file[name], expected, name);
    }
    assert.is(file.nats.partitions, 4);
    assert.is(file.coordinator.http.port, 8_081);
    const http = { host: '127.0.0.1', port: 8_080 };
    assert.equal(file.gateway, { http, origins: [], former_audit_keys: [], metrics: {}, hosts: [], limits: {} });
  });

  test('what the file says of a section stays, the rest of it is filled in', () => {
    withConfigFile({ nats: { partitions: 16, tls: { ca_file: 'ca.pem' } } }, (path) => {
      const { file, folder } = serviceConfig(loadConfig(path, {}));
      assert.is(file.nats.partitions, 16);
      assert.equal(file.nats.tls, { ca_file: 'ca.pem' });
      assert.is(file.nats.replicas, 1);
      assert.is(folder, dirname(path));
    });
  });

  test('a command is given no section that nobody named', () => {
    withConfigFile({ stores: ['kept'] }, (path) => assert.equal(loadConfig(path, {}).file, { stores: ['kept'] }));
    assert.equal(loadConfig(null, {}).file, {});
  });

  test('all that is wrong in a file is told at once, an unknown key with the one that was meant', () => {
    const wrong = {
      natts: {},
      nats: { servers: [], partitons: 3, replicas: 2, password: 'x', tls: { cert_file: 'a' } },
      worker: { concurrency: 0, http: { port: 70_000 } },
      coordinator: 5,
      gateway: {
        limits: { wait_secnds: 5, starts_per_second: 0, heartbeat_ms: 0.5 },
        origins: ['https://*.acme.example'],
      },
      log: { level: 'loud' },
    };
    withConfigFile(wrong, (path) => {
      const { code, message } = refusalOf(() => loadConfig(path, {}));
      assert.is(code, 'CONFIG_INVALID');
      const told = [
        path,
        "unknown key 'natts'; known:",
        "'nats.servers' must not be empty",
        "unknown key 'partitons' in 'nats', did you mean 'partitions'?",
        "'nats.replicas' must be 1 or 3 or 5, not the number 2",
        "'nats.user' is missing, but 'password' requires it",
        "'nats.tls.key_file' is missing, but 'cert_file' requires it",
        "'worker.concurrency' must be at least 1",
        "'worker.http.port' must be at most 65535",
        "'coordinator' must be an object",
        "unknown key 'wait_secnds' in 'gateway.limits', did you mean 'wait_seconds'?",
        "'gateway.limits.starts_per_second' must be at least 1",
        "'gateway.limits.heartbeat_ms' must be a whole number",
        "'gateway.origins[0]'",
        "'log.level' must be 'debug', 'info'",
      ];
      for (const words of told) assert.ok(message.includes(words), `${words}\n${message}`);
    });
  });

  test('user and password in the address of a server are masked, and known as secrets', () => {
    const servers = 'nats://me:pass-word@host:4222,nats://a-token@other:4222,nats://third:4222';
    const config = loadConfig(null, { LLMTEAM_NATS_SERVERS: servers });
    const { nats } = maskedConfig(config) as { nats: { servers: string[] } };
    assert.equal(nats.servers, ['nats://***@host:4222', 'nats://***@other:4222', 'nats://third:4222']);
    assert.equal(knownSecrets(config).sort(), ['a-token', 'pass-word']);
  });

  test('the name of a secret that a plugin is granted is no secret: it is neither masked nor redacted', () => {
    const plugins = [{ package: './ocr', grant: { secrets: ['acme_key'] } }];
    withConfigFile({ secrets: { acme_key: 'env:ACME_KEY' }, plugins }, (path) => {
      const config = loadConfig(path, { ACME_KEY: 'the-value' });
      assert.equal((maskedConfig(config) as { plugins: unknown }).plugins, plugins);
      assert.equal(knownSecrets(config), ['the-value']);
      assert.equal(resourceConfig(config).secretValues, ['the-value']);
    });
  });

  test('printed, every secret is masked and every handle stays', () => {
    const written = {
      nats: { user: 'me', password: 'hunter22', token: 'env:NATS_TOKEN' },
      llms: { one: { provider: 'openai-compatible', api_key: 'sk-abc', model: 'm', headers: { 'x-more': 'hush' } } },
      clients: { crm: { base_url: 'https://crm.example', headers: { Authorization: 'Bearer abc', other: 'env:X' } } },
      gateway: { audit_key: 'seal-literal', former_audit_keys: ['seal-earlier', 'env:SEAL'] },
      settings: { ocr: { deep: [{ client_secret: 'psst' }], workers: 2 } },
    };
    withConfigFile(written, (path) => {
      const printed = JSON.stringify(maskedConfig(loadConfig(path, {})));
      for (const secret of ['hunter22', 'sk-abc', 'hush', 'Bearer', 'psst', 'seal-literal', 'seal-earlier'])
        assert.not.ok(printed.includes(secret), secret);
      for (const kept of ['"me"', '"env:NATS_TOKEN"', '"env:X"', '"env:SEAL"', '"workers":2', 'https://crm.example']) {
        assert.ok(printed.includes(kept), kept);
      }
    });
  });
});

import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { inspect } from 'node:util';
import {
  inspectBackend,
  installationName,
  knownSecrets,
  loadConfig,
  loadPlugins,
  maskedConfig,
  openServiceBackend,
  serviceConfig,
  systemClock,
} from '@llmteam/service-host';
import * as assert from 'uvu/assert';
import { jsonOf, withCli } from '../cli/support/cli.js';
import { withConfigFileDuring } from '../host/config-files.js';
import { rejectsWith } from '../plugins/support/rejection.js';
import { quietLogger } from '../support/quiet-logger.js';
import { spec } from '../support/spec.js';

/** Its ports are those of nothing, as only opening is looked at. `told` shows what it was opened with. */
const schema = `{ type: 'object', additionalProperties: false, required: ['servers'], properties: {
  servers: { type: 'array', items: { type: 'string', pattern: '^acme://' }, minItems: 1 },
  password: { type: 'string', minLength: 12, writeOnly: true },
  lease_seconds: { type: 'integer', minimum: 1, default: 30 } } }`;
const anyPort = 'new Proxy({}, { get: () => () => Promise.resolve() })';
const ports = `{ journal: ${anyPort}, queue: ${anyPort}, pubSub: ${anyPort}, kv: ${anyPort}, blobs: ${anyPort},
  index: context.index, isConnected: () => true, close: async () => undefined, told: [settings, context] }`;

function withOpen(open: string): string {
  return `{ configSchema: ${schema}, ${open} }`;
}

const sound = withOpen(`async open(settings, context) { return ${ports}; }`);

interface Scene {
  readonly path: string;
  readonly open: (environment?: Record<string, string>) => ReturnType<typeof openServiceBackend>;
  readonly config: (environment?: Record<string, string>) => ReturnType<typeof serviceConfig>;
}

/** A configuration, a key per line, beside a package of kind `kind` with these members. */
function withBackend(
  settings: object | undefined,
  use: (scene: Scene) => Promise<void>,
  { members = `backend: ${sound}`, kind = 'backend' } = {},
): Promise<void> {
  const backend = { package: './acme', ...(settings !== undefined && { settings }) };
  return withConfigFileDuring(JSON.stringify({ backend }, null, 1), (path) => {
    const folder = join(dirname(path), 'acme');
    mkdirSync(folder);
    const manifest = { name: '@acme/store', version: '1.0.0', type: 'module', exports: './index.js' };
    const description = { ...manifest, llmteam: { kind, name: 'acme-store', api: 1 } };
    writeFileSync(join(folder, 'package.json'), JSON.stringify(description));
    writeFileSync(join(folder, 'index.js'), `export default { name: 'acme-store', api: 1, ${members} };`);
    const config = (environment = {}): ReturnType<typeof serviceConfig> => serviceConfig(loadConfig(path, environment));
    const process = { name: 'llmteam test', clock: systemClock(), log: quietLogger };
    return use({ path, config, open: (environment) => openServiceBackend(config(environment), process) });
  });
}

const good = { servers: ['acme://one'] };

spec('the backend of the configuration', (test) => {
  test('is opened with checked settings, defaults, resolved references and what it needs of its process', () =>
    withBackend({ ...good, password: 'env:ACME_PASSWORD' }, async ({ path, open }) => {
      const backend = await open({ ACME_PASSWORD: 'correct horse battery' });
      const [settings, context] = (backend as unknown as { told: [object, Record<string, unknown>] }).told;
      assert.equal(settings, { ...good, password: 'correct horse battery', lease_seconds: 30 });
      assert.is(context.folder, dirname(path));
      assert.is(context.name, 'llmteam test');
      assert.is(context.patienceMs, 30_000);
      for (const member of ['clock', 'log', 'index', 'onJobsLost']) assert.ok(context[member] !== undefined, member);
    }));

  test('is refused with file, line and key for every setting that its schema does not accept', () =>
    withBackend({ server: 'x', servers: ['http://one'], lease_seconds: 0 }, async ({ path, open }) => {
      const { message } = await rejectsWith('CONFIG_INVALID', () => open());
      for (const words of [
        `'${path}' is not a valid configuration`,
        `${path}:5: backend.settings: unknown key 'server'`,
        `${path}:7: backend.settings: 'servers[0]'`,
        `${path}:9: backend.settings: 'lease_seconds' must be at least 1`,
      ])
        assert.ok(message.includes(words), `${words}\n${message}`);
    }));

  test('is refused for a setting that is missing, and for a variable that is not set or has a wrong value, which is not shown', async () => {
    await withBackend(undefined, async ({ path, open }) => {
      const { message } = await rejectsWith('CONFIG_INVALID', () => open());
      assert.ok(message.includes("backend.settings: 'servers' is missing"), message);
      assert.ok(message.includes(`${path}:`), message);
    });
    await withBackend({ ...good, password: 'env:ACME_PASSWORD' }, async ({ open }) => {
      const unset = await rejectsWith('CONFIG_INVALID', () => open());
      assert.match(unset.message, 'the environment variable ACME_PASSWORD is not set');
      const short = await rejectsWith('CONFIG_INVALID', () => open({ ACME_PASSWORD: 'hush-hush' }));
      assert.match(short.message, "backend.settings: the value of ACME_PASSWORD is not valid for 'password'");
      assert.not.match(inspect(short), 'hush-hush');
    });
  });

  test('keeps its secrets like every other section', () =>
    withBackend({ servers: ['acme://me:swordfish@one'], password: 'correct horse battery' }, async ({ config }) => {
      const secrets = knownSecrets(config());
      for (const secret of ['swordfish', 'correct horse battery']) assert.ok(secrets.includes(secret), secret);
      assert.equal((maskedConfig(config()) as { backend: object }).backend, {
        package: './acme',
        settings: { servers: ['acme://***@one'], password: '***' },
      });
    }));

  test('names its package; the environment may name another', () =>
    withBackend(good, async ({ open, config }) => {
      assert.is(installationName(config()), 'acme-store');
      const { message } = await rejectsWith('PLUGIN_MISSING', () => open({ LLMTEAM_BACKEND_PACKAGE: 'nowhere' }));
      assert.match(message, "plugin 'nowhere' is not installed");
    }));

  test('is refused, by name, if the package is none or lacks something', async () => {
    const refusals: [string, { members?: string; kind?: string }, string][] = [
      ['no backend', { members: '' }, "plugin './acme' is not a backend: it has no 'backend'"],
      ['another kind', { kind: 'task' }, "plugin './acme' cannot be the backend: its kind is 'task'"],
      ['no open', { members: `backend: { configSchema: ${schema} }` }, "backend has no 'open'"],
      [
        'a misspelt schema',
        { members: 'backend: { configSchem: {}, open() {} }' },
        "backend has an unknown member 'configSchem', did you mean 'configSchema'?",
      ],
      [
        'step types too',
        { members: `backend: ${sound}, async start() {}` },
        "it has a 'backend', so it cannot have 'start'",
      ],
      [
        'a schema that is none',
        { members: "backend: { configSchema: { type: 'any' }, open() {} }" },
        "the schema that a plugin has for 'backend.settings' is invalid",
      ],
      ['nothing opened', { members: `backend: ${withOpen('async open() {}')}` }, 'what it opened must be an object'],
      [
        'a port without a method',
        {
          members: `backend: ${withOpen(`async open(settings, context) { return { ...${ports}, kv: { get() {} } }; }`)}`,
        },
        "what it opened, kv, has no 'put'",
      ],
      [
        'no isConnected',
        {
          members: `backend: ${withOpen(`async open(settings, context) { const { isConnected, ...rest } = ${ports}; return rest; }`)}`,
        },
        "what it opened has no 'isConnected'",
      ],
    ];
    for (const [what, fixture, words] of refusals) {
      await withBackend(
        good,
        async ({ open }) => {
          const { message } = await rejectsWith('PLUGIN_INVALID', () => open());
          assert.ok(message.includes(words), `${what}: ${message}`);
        },
        fixture,
      );
    }
  });

  test('is named in the error if it fails to open with one of its own', () =>
    withBackend(
      good,
      async ({ open }) => {
        const { message } = await rejectsWith('PLUGIN_FAILED', () => open());
        assert.is(message, "plugin './acme' could not open its backend: on fire");
      },
      { members: `backend: ${withOpen("open() { throw new Error('on fire'); }")}` },
    ));

  test('is refused in the list of plugins', () =>
    withBackend(good, async ({ path }) => {
      writeFileSync(path, JSON.stringify({ plugins: ['./acme'] }));
      const { message } = await rejectsWith('PLUGIN_INVALID', () => loadPlugins(loadConfig(path, {}), quietLogger));
      assert.is(message, "plugin './acme' is a backend; name it in 'backend' of the configuration, not in 'plugins'");
    }));
});

spec('llmteam doctor with a backend from outside', (test) => {
  interface Finding {
    readonly name: string;
    readonly state: string;
    readonly message: string;
  }

  test(
    'tells what the backend finds, or that it offers no inspection',
    () =>
      withCli(async (cli) => {
        const write = (members: string): void => {
          const llmteam = { kind: 'backend', name: 'acme-store', api: 1 };
          const description = { name: '@acme/store', version: '1.0.0', type: 'module', exports: './index.js', llmteam };
          cli.write('acme/package.json', description);
          writeFileSync(
            join(cli.folder, 'acme/index.js'),
            `export default { name: 'acme-store', api: 1, backend: { configSchema: ${schema}, ${members} } };`,
          );
        };
        const look = async (): Promise<{ code: number | null; server: Finding[] }> => {
          const ended = await cli.call(['doctor', '--json']);
          const { checks } = jsonOf<{ checks: Finding[] }>(ended);
          return { code: ended.code, server: checks.filter(({ name }) => name === 'server') };
        };
        cli.write('llmteam.config.json', { backend: { package: './acme', settings: good } });
        write('async open() {}');
        const silent = await look();
        assert.is(silent.code, 0);
        assert.match(silent.server[0]?.message ?? '', "the backend './acme' offers no inspection");
        write(`async open() {}, async inspect({ servers }) {
          return { findings: [{ name: 'server', state: 'problem', message: servers[0] + ' is on fire' }], isInstalled: false,
            clockOffsetMs: null }; }`);
        const told = await look();
        assert.equal(told, {
          code: 1,
          server: [{ name: 'server', state: 'problem', message: 'acme://one is on fire' }],
        });
      }),
    { timeoutMs: 60_000 },
  );

  test('the host has no inspection of a backend that offers none', () =>
    withBackend(good, async ({ config }) => assert.is(await inspectBackend(config(), quietLogger), null)));
});

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isLlmteamError } from '@llmteam/contracts';
import { PluginHost, StepCatalog } from '@llmteam/kernel';
import * as assert from 'uvu/assert';
import { quietLogger } from '../support/quiet-logger.js';
import { spec } from '../support/spec.js';

interface Fixture {
  readonly name: string;
  readonly manifest?: unknown;
  readonly version?: string;
  readonly code: string;
}

function typeCode(typeId: string): string {
  return `{ kind: 'task', run: async () => ({}), metadata: { type_id: '${typeId}', display_name: 'x', description: '', category: 'utility',
    icon: '', color: '', config_schema: { type: 'object' }, input_ports: [], output_ports: [], supports_retry: true,
    supports_timeout: true, supports_parallel: true, is_async: false, docs_url: '', examples: [], permissions: [] } }`;
}

function plugin(name: string, members = ''): Fixture {
  return { name, code: `export default { name: '${name}', api: 1, ${members} };` };
}

/** Writes packages into a temporary `node_modules` and returns what the host needs to find them. */
async function withPackages<T>(
  fixtures: readonly Fixture[],
  work: (host: PluginHost, wanted: { specifier: string; fromFolder: string }[], catalog: StepCatalog) => Promise<T>,
): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'llmteam-plugins-'));
  for (const { name, manifest, version = '1.2.3', code } of fixtures) {
    const home = join(folder, 'node_modules', name);
    mkdirSync(home, { recursive: true });
    const llmteam = manifest === undefined ? { kind: 'task', name, api: 1 } : manifest;
    const description = { name, version, type: 'module', exports: './index.js', ...(llmteam !== null && { llmteam }) };
    writeFileSync(join(home, 'package.json'), JSON.stringify(description));
    writeFileSync(join(home, 'index.js'), code);
  }
  const catalog = new StepCatalog();
  const host = new PluginHost(catalog, { log: quietLogger, deadlineMs: 300 });
  try {
    return await work(
      host,
      fixtures.map(({ name }) => ({ specifier: name, fromFolder: folder })),
      catalog,
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function faultOf(fixtures: readonly Fixture[], more: readonly string[] = []): Promise<string> {
  return withPackages(fixtures, async (host, wanted) => {
    try {
      const fromFolder = wanted[0]?.fromFolder ?? tmpdir();
      await host.load([...wanted, ...more.map((specifier) => ({ specifier, fromFolder }))]);
      await host.start();
      await host.stop();
      return 'none';
    } catch (error) {
      return isLlmteamError(error) ? `${error.code}: ${error.message}` : String(error);
    }
  });
}

spec('plugin host', (test) => {
  test('a plugin that is well is loaded with its types in the version of its package', () =>
    withPackages([plugin('alpha', `stepTypes: [${typeCode('alpha_work')}]`)], async (host, wanted, catalog) => {
      await host.load(wanted);
      assert.is(catalog.find('alpha_work', '1.2.3')?.plugin, 'alpha');
      assert.is(catalog.find('alpha_work', '1.2.4'), undefined);
    }));

  test('a missing plugin is named', async () => {
    assert.match(await faultOf([plugin('alpha')], ['@acme/ocr']), /^PLUGIN_MISSING: .*'@acme\/ocr'/);
  });

  test('a plugin for another API version is named with both versions', async () => {
    const fixture = { ...plugin('alpha'), manifest: { kind: 'task', name: 'alpha', api: 2 } };
    assert.match(await faultOf([fixture]), /^PLUGIN_INCOMPATIBLE: plugin 'alpha' is made for plugin API 2; this is 1/);
  });

  test('a package without a manifest, or with a wrong one, is named and nothing of it runs', async () => {
    const code = "throw new Error('ran');";
    assert.match(
      await faultOf([{ name: 'alpha', manifest: null, code }]),
      /^PLUGIN_INVALID: .*no key 'llmteam', such as \{ "kind": "task"/,
    );
    const wrong = await faultOf([
      { name: 'alpha', manifest: { kind: 'task', name: 'alpha', api: 1, colour: 'red' }, code },
    ]);
    assert.match(wrong, /^PLUGIN_INVALID: plugin 'alpha': package\.json, key 'llmteam': unknown key 'colour'; known:/);
  });

  test('a member that is unknown or missing is named with what was meant', async () => {
    const old = plugin('alpha', `step_types: [${typeCode('work')}]`);
    assert.is(
      await faultOf([old]),
      "PLUGIN_INVALID: plugin 'alpha': it has an unknown member 'step_types', did you mean 'stepTypes'?",
    );
    const region = "{ kind: 'control', metadata: {}, has_region: true, react: () => ({ directives: [] }) }";
    assert.is(
      await faultOf([plugin('alpha', `stepTypes: [${region}]`)]),
      "PLUGIN_INVALID: plugin 'alpha': stepTypes[0] has an unknown member 'has_region', did you mean 'hasRegion'?",
    );
    const both =
      "{ kind: 'control', metadata: {}, hasRegion: true, innerSteps: () => [], react: () => ({ directives: [] }) }";
    assert.is(
      await faultOf([plugin('alpha', `stepTypes: [${both}]`)]),
      "PLUGIN_INVALID: plugin 'alpha': stepTypes[0] has a region, so it cannot have 'innerSteps'",
    );
    const provider = "{ provider_id: 'acme', description: '', config_schema: {}, create() {} }";
    assert.match(
      await faultOf([plugin('alpha', `modelProviders: [${provider}]`)]),
      /unknown member 'provider_id', did you mean 'providerId'\?; modelProviders\[0\] has no 'providerId'$/,
    );
    assert.match(
      await faultOf([plugin('alpha', 'stepTypes: [{}]')]),
      /stepTypes\[0\] must have kind 'task' or 'control'/,
    );
  });

  test('two plugins of one step type and version are both named', async () => {
    const twice = [
      plugin('alpha', `stepTypes: [${typeCode('work')}]`),
      plugin('beta', `stepTypes: [${typeCode('work')}]`),
    ];
    assert.match(await faultOf(twice), /^PLUGIN_DUPLICATE: .*'alpha' and 'beta'/);
  });

  test('a plugin that throws while loading, starting or hangs is named', async () => {
    assert.match(
      await faultOf([{ name: 'alpha', code: "throw new Error('bad day');" }]),
      /^PLUGIN_FAILED: plugin 'alpha' .*bad day/,
    );
    const throwing = plugin('alpha', "start: async () => { throw new Error('no start'); }");
    assert.match(await faultOf([throwing]), /^PLUGIN_FAILED: plugin 'alpha' .*no start/);
    const hanging = plugin('alpha', 'start: () => new Promise(() => {})');
    assert.match(await faultOf([hanging]), /^PLUGIN_FAILED: plugin 'alpha' took longer than 300 ms to start/);
  });

  test('a module without a plugin as its default export is told what it exports instead', async () => {
    const expected =
      /^PLUGIN_INVALID: plugin 'alpha' could not be loaded: its module must have a plugin as its default export/;
    for (const [code, found] of [
      ["export const step = {}; export const plugin = { name: 'alpha', api: 1 };", "it exports 'plugin', 'step'"],
      ['export {};', 'it exports nothing'],
      ['export default () => ({});', 'its default export is a function'],
    ] as const) {
      const fault = await faultOf([{ name: 'alpha', code }]);
      assert.match(fault, expected);
      assert.ok(fault.endsWith(`, but ${found}`), fault);
    }
    const compiled = "export default { __esModule: true, default: { name: 'alpha', api: 1 } };";
    assert.is(await faultOf([{ name: 'alpha', code: compiled }]), 'none');
  });

  test('a folder, an entry, a version or a function that is not what it should be is told with its place', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'llmteam-manifests-'));
    const llmteam = { kind: 'task', name: 'made', api: 1 };
    const right = { name: 'made', version: '1.0.0', type: 'module', exports: './index.js', llmteam };
    const write = (name: string, description: unknown, code: string | null) => {
      mkdirSync(join(folder, name));
      const text = typeof description === 'string' ? description : JSON.stringify(description);
      writeFileSync(join(folder, name, 'package.json'), text);
      if (code !== null) writeFileSync(join(folder, name, 'index.js'), code);
    };
    write('unbuilt', right, null);
    write('broken', '{ "name": ', null);
    write('bad-version', { ...right, version: '1' }, '');
    write('no-exports', { ...right, exports: undefined }, null);
    write('other-name', right, "export default { name: 'mode', api: 1 };");
    write(
      'no-function',
      right,
      "export default { name: 'made', api: 1, stepTypes: [{ kind: 'task', metadata: {}, run: 7 }] };",
    );
    mkdirSync(join(folder, 'empty'));
    try {
      for (const [specifier, told] of [
        ['./nowhere', `PLUGIN_MISSING: plugin './nowhere': there is no folder '${join(folder, 'nowhere')}'`],
        ['./empty', `PLUGIN_MISSING: plugin './empty': the folder '${join(folder, 'empty')}' has no package.json`],
        ['./unbuilt/package.json', 'is a file; name the folder that has its package.json'],
        ['./broken', 'cannot be read: '],
        [
          'unbuilt',
          `plugin 'unbuilt' is not installed (looked from ${folder}); the folder of that name is './unbuilt'`,
        ],
        ['./unbuilt', "its package.json exports './index.js', which is not there; is it built?"],
        ['./bad-version', "'version' in its package.json is '1', not a semantic version such as 0.1.0"],
        ['./no-exports', "its package.json exports nothing at '.', and has no 'main' and no index.js; expected is `"],
        ['./other-name', "'llmteam.name' in its package.json is 'made', and the name in its code 'mode'"],
        ['./no-function', "stepTypes[0]: 'run' must be a function, not a number"],
      ] as const) {
        const host = new PluginHost(new StepCatalog(), { log: quietLogger, deadlineMs: 3_000 });
        const fault = await host.load([{ specifier, fromFolder: folder }]).then(
          () => 'none',
          (error: unknown) => (isLlmteamError(error) ? `${error.code}: ${error.message}` : String(error)),
        );
        assert.ok(fault.includes(told), `${specifier}: ${fault}`);
      }
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  test('every fault is told, not only the first', async () => {
    const fault = await faultOf([
      { name: 'alpha', code: "throw new Error('one');" },
      { name: 'beta', code: 'export default 1;' },
    ]);
    assert.match(fault, "'alpha'");
    assert.match(fault, "'beta'");
  });

  test('plugins stop in the reverse order of starting, past failures and past one that hangs', () => {
    const record = (name: string, stop: string): Fixture =>
      plugin(name, `start: async () => {}, stop: async () => { globalThis.stopped.push('${name}'); ${stop} }`);
    const stopped: string[] = [];
    Object.assign(globalThis, { stopped });
    return withPackages(
      [record('alpha', ''), record('beta', "throw new Error('no');"), record('gamma', 'await new Promise(() => {});')],
      async (host, wanted) => {
        await host.load(wanted);
        await host.start();
        await host.stop();
        assert.equal(stopped, ['gamma', 'beta', 'alpha']);
        await host.stop();
        assert.is(stopped.length, 3);
      },
    );
  });

  test('what had started is stopped when a later plugin cannot start', () => {
    const stopped: string[] = [];
    Object.assign(globalThis, { stopped });
    const alpha = plugin('alpha', "start: async () => {}, stop: async () => { globalThis.stopped.push('alpha'); }");
    const beta = plugin('beta', "start: async () => { throw new Error('no'); }");
    return withPackages([alpha, beta], async (host, wanted) => {
      await host.load(wanted);
      await host.start().then(
        () => assert.unreachable(),
        () => undefined,
      );
      assert.equal(stopped, ['alpha']);
    });
  });
});

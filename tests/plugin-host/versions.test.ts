import { isLlmteamError, type Logger } from '@llmteam/contracts';
import { PluginHost, StepCatalog, type WantedPlugin } from '@llmteam/kernel';
import * as assert from 'uvu/assert';
import { type Installed, withInstalled } from '../support/installed-plugins.js';
import { quietLogger } from '../support/quiet-logger.js';
import { spec } from '../support/spec.js';

interface Scene {
  readonly host: PluginHost;
  readonly catalog: StepCatalog;
  /** What was logged as `info`. */
  readonly told: readonly string[];
}

type Wanted = Installed & Pick<WantedPlugin, 'replaces' | 'isOurs'>;

async function loading<T>(packages: readonly Wanted[], use: (scene: Scene) => Promise<T> | T): Promise<T> {
  return withInstalled(packages, async (fromFolder) => {
    const told: string[] = [];
    const log: Logger = { ...quietLogger, info: (_fields: object, message: string) => void told.push(message) };
    const catalog = new StepCatalog();
    const settings = { ocr: { from: 'all' }, 'ocr@2': { from: 'second' } };
    const host = new PluginHost(catalog, { log, settings, deadlineMs: 2_000 });
    await host.load(
      packages.map(({ alias, replaces = [], isOurs = false }) => ({ specifier: alias, fromFolder, replaces, isOurs })),
    );
    return use({ host, catalog, told });
  });
}

async function refusal(packages: readonly Wanted[]): Promise<string> {
  const thrown: unknown = await loading(packages, () => 'none').catch((error: unknown) => error);
  return isLlmteamError(thrown) ? `${thrown.code}: ${thrown.message}` : String(thrown);
}

function chosen(catalog: StepCatalog, type: string): string {
  const choice = catalog.choose(type);
  return choice.kind === 'found' ? `${choice.entry.plugin} ${choice.entry.metadata.version}` : choice.kind;
}

const packageName = '@acme/llmteam-ocr';
const first: Wanted = { alias: 'acme-ocr', packageName, name: 'ocr', version: '1.4.0', types: ['ocr'] };
const second: Wanted = { ...first, alias: 'acme-ocr-v2', version: '2.0.1' };
const ours: Wanted = { alias: 'transform', name: 'transform', version: '0.1.0', types: ['transform'], isOurs: true };
const loud: Wanted = { alias: 'loud', name: 'loud', version: '3.0.0', types: ['transform'] };

spec('versions of plugins', (test) => {
  test('two majors of one plugin are loaded side by side, each with its types', () =>
    loading([first, second], ({ catalog }) => {
      assert.is(chosen(catalog, 'ocr'), 'ocr 2.0.1');
      assert.is(chosen(catalog, 'ocr@1'), 'ocr 1.4.0');
      const described = catalog.entries().map(({ metadata }) => metadata.description);
      assert.equal(described.sort(), ['In version 1.4.0.', 'In version 2.0.1.']);
    }));

  test('a pre-release is taken if it is asked for, or if there is nothing else', () => {
    const next: Wanted = { ...first, alias: 'acme-ocr-next', version: '3.0.0-rc.1' };
    return loading([first, second, next], ({ catalog }) => {
      const types = ['ocr', 'ocr@*', 'ocr@2', 'ocr@>=1', 'ocr@^3.0.0-rc', 'ocr@3.0.0-rc.1', 'ocr@3', 'ocr@'];
      const versions = ['2.0.1', '2.0.1', '2.0.1', '2.0.1', '3.0.0-rc.1', '3.0.0-rc.1', '3.0.0-rc.1'];
      assert.equal(
        types.map((type) => chosen(catalog, type)),
        [...versions.map((version) => `ocr ${version}`), 'unknown_version'],
      );
      assert.equal(
        catalog.list().map(({ version }) => version),
        ['2.0.1'],
      );
    });
  });

  test('another version of the same major stands for one that is gone, of another major none', () =>
    loading([{ ...first, version: '1.5.0' }, second], ({ catalog }) => {
      assert.is(catalog.find('ocr', '1.4.0'), undefined);
      assert.is(catalog.findSameMajor('ocr', '1.4.0')?.metadata.version, '1.5.0');
      assert.is(catalog.findSameMajor('ocr', '3.0.0'), undefined);
      assert.is(catalog.findSameMajor('other', '1.4.0'), undefined);
    }));

  test('one version of one plugin twice is refused, naming both entries', async () => {
    assert.is(
      await refusal([first, { ...first, alias: 'acme-ocr-v2' }]),
      "PLUGIN_DUPLICATE: two plugins are named 'ocr' and have version 1.4.0: 'acme-ocr' and 'acme-ocr-v2'",
    );
  });

  test('a package that only takes the name of another is no version of it', async () => {
    const posing = { ...second, packageName: '@evil/ocr' };
    assert.match(
      await refusal([first, posing]),
      /^PLUGIN_DUPLICATE: .*not versions of one package: .*'@acme\/llmteam-ocr' and '@evil\/ocr'$/,
    );
    const asOurs = { ...loud, name: 'transform', packageName: 'transform' };
    assert.match(await refusal([ours, asOurs]), /^PLUGIN_DUPLICATE: two plugins are named 'transform', but/);
  });

  test('each version starts with the settings of its major, or else of its name', () => {
    const members =
      'start: async ({ settings, log }) => { log.child({}); return settings.from; }, stop: async (from) => { globalThis.stoppedWith.push(from); }';
    const stoppedWith: string[] = [];
    Object.assign(globalThis, { stoppedWith });
    return loading(
      [
        { ...first, members },
        { ...second, members },
      ],
      async ({ host }) => {
        await host.start();
        await host.stop();
        assert.equal(stoppedWith, ['second', 'all']);
      },
    );
  });

  test('a type that another plugin brings is refused in whatever version, with the way out', async () => {
    assert.is(
      await refusal([ours, loud]),
      `PLUGIN_DUPLICATE: plugins 'transform' and 'loud' both bring the step type 'transform'; to say which counts, give its entry of 'plugins' "replaces": ["transform"]`,
    );
  });

  test('a type that replaces another is chosen and listed; the other is still found', () =>
    loading([ours, { ...loud, version: '0.0.9', replaces: ['transform'] }], ({ catalog, host }) => {
      assert.is(chosen(catalog, 'transform'), 'loud 0.0.9');
      assert.is(chosen(catalog, 'transform@0.1.0'), 'unknown_version');
      assert.equal(
        catalog.list().map(({ version }) => version),
        ['0.0.9'],
      );
      assert.is(catalog.find('transform', '0.1.0')?.plugin, 'transform');
      assert.equal(host.unneeded, []);
    }));

  test('the order of the entries does not decide which counts', () =>
    loading([{ ...loud, replaces: ['transform'] }, ours], ({ catalog }) =>
      assert.is(chosen(catalog, 'transform'), 'loud 3.0.0'),
    ));

  test('a replacement of the same version, or two of them, are refused', async () => {
    const same = { ...loud, version: '0.1.0', replaces: ['transform'] };
    assert.match(
      await refusal([ours, same]),
      /'loud' and 'transform' both bring .* in version 0\.1\.0; .*needs a version/,
    );
    const louder: Wanted = { ...loud, alias: 'louder', name: 'louder', version: '4.0.0', replaces: ['transform'] };
    assert.match(await refusal([ours, { ...loud, replaces: ['transform'] }, louder]), /several of them say/);
  });

  test('what is replaced by nobody or not there is told', () =>
    loading([ours, { ...loud, types: ['louder'], replaces: ['loudr', 'louder'] }], ({ host }) => {
      assert.equal(host.unneeded, [
        "'replaces' of plugin 'loud' names 'loudr', which it does not bring, did you mean 'louder'?",
        "'replaces' of plugin 'loud' names 'louder', which no other plugin brings",
      ]);
    }));

  test('of a model provider in two versions of one plugin the newest counts, which is told', () => {
    const own = { providers: ['acme'], types: [] };
    return loading(
      [
        { ...second, ...own },
        { ...first, ...own },
      ],
      ({ host, told }) => {
        assert.is(host.providers.size, 1);
        assert.equal(told, ["the model provider 'acme' is that of plugin 'ocr' 2.0.1, not of 1.4.0"]);
      },
    );
  });

  test('a model provider of two plugins is refused unless one replaces it', async () => {
    const one: Wanted = { alias: 'one', name: 'one', version: '1.0.0', providers: ['acme'] };
    const other: Wanted = { ...one, alias: 'other', name: 'other' };
    assert.match(await refusal([one, other]), /'one' and 'other' both bring the model provider 'acme'; to say/);
    assert.is(await refusal([one, { ...other, replaces: ['acme'] }]), 'none');
  });

  test('a fault of another plugin is told beside a type that two bring', async () => {
    const broken: Wanted = { alias: 'broken', name: 'broken', version: '1.0.0', members: 'stat() {}' };
    const faults = await refusal([ours, loud, broken]);
    assert.match(faults, /'stat', did you mean 'start'/);
    assert.match(faults, /both bring the step type/);
  });
});

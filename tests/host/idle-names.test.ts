import { dirname, join } from 'node:path';
import { type Config, loadConfig, loadControlPlugins, loadPlugins } from '@llmteam/service-host';
import * as assert from 'uvu/assert';
import { install } from '../support/installed-plugins.js';
import { quietLogger } from '../support/quiet-logger.js';
import { spec } from '../support/spec.js';
import { withConfigFileDuring } from './config-files.js';

const permissions = { secrets: ['acme_key'], llm: ['*'], network: ['api.acme.com'], stores: ['pages'] };
const plugin = { package: 'acme-ocr', isolation: 'inline' };
const known = { secrets: { acme_key: 'env:ACME_KEY' }, stores: ['pages'], llms: { gpt4: { provider: 'offline' } } };

/** What is said about a configuration with the plugin `ocr` 1.4.0, whose type is `ocr`. */
async function remarksOn(written: object, load: typeof loadPlugins = loadPlugins): Promise<string[]> {
  const said: string[] = [];
  await withConfigFileDuring({ plugins: [plugin], ...written }, async (path) => {
    install(dirname(path), { alias: 'acme-ocr', name: 'ocr', version: '1.4.0', types: ['ocr'], permissions });
    const log = { ...quietLogger, warn: (_: object, message?: string) => void said.push(message ?? '') };
    const config: Config = loadConfig(path, {});
    const { remarks, host } = await load({ ...config, folder: join(dirname(path)) }, log);
    await host.stop();
    assert.equal(said, remarks);
  });
  return said;
}

/** What is written, and what is said about it; `…` stands for a list of known names. */
const idle: Readonly<Record<string, readonly [object, string]>> = {
  'settings of a plugin that is not configured': [
    { settings: { orc: {} } },
    "settings.orc: no plugin is named 'orc'; did you mean 'ocr'?",
  ],
  'settings of another major version': [
    { settings: { 'ocr@2': {} } },
    "settings.ocr@2: plugin 'ocr' has no version 2; it is configured in 1.4.0",
  ],
  'a canary of a type that nobody brings': [
    { canary: { orc: { version: '*', share: 1 } } },
    "canary.orc: no plugin that is loaded brings step type 'orc'; did you mean 'ocr'?",
  ],
  'a canary of a version that is not loaded': [
    { canary: { ocr: { version: '^2', share: 0.1 } } },
    "canary.ocr.version: no version that is loaded is in '^2'; 'ocr' is loaded in 1.4.0",
  ],
  'a concurrency of a type that nobody brings': [
    { worker: { concurrency_by_type: { ocrr: 4 } } },
    "worker.concurrency_by_type.ocrr: no plugin that is loaded brings step type 'ocrr'; did you mean 'ocr'?",
  ],
  'a concurrency of a type that runs on no worker': [
    { worker: { concurrency_by_type: { loop: 4 } } },
    "worker.concurrency_by_type.loop: 'loop' runs inside the engine, not on workers",
  ],
  'a served type that nobody brings': [
    { worker: { types: ['ocr', 'trnsform'] } },
    "worker.types: no plugin that is loaded brings step type 'trnsform'; did you mean 'transform'?",
  ],
  'a secret that is granted and not configured': [
    { ...known, secrets: { acme_kye: 'env:K' }, plugins: [{ ...plugin, grant: { secrets: ['acme_key'] } }] },
    "plugins[0].grant.secrets: 'acme_key' is not configured in 'secrets'; did you mean 'acme_kye'?",
  ],
  'a store that is granted and not configured': [
    { ...known, stores: [], plugins: [{ ...plugin, grant: { stores: ['pages'] } }] },
    "plugins[0].grant.stores: 'pages' is not configured in 'stores'",
  ],
  'a model that is granted and not configured': [
    { ...known, plugins: [{ ...plugin, grant: { llm: ['best'] } }] },
    "plugins[0].grant.llm: 'best' is not configured in 'llms'; configured: gpt4",
  ],
  'a secret that is granted and not declared': [
    { ...known, plugins: [{ ...plugin, grant: { secrets: ['acme-key'] } }] },
    "plugins[0].grant.secrets: 'acme-key' is granted in vain: plugin 'ocr' does not declare it " +
      "(`llmteam.permissions.secrets`); did you mean 'acme_key'?",
  ],
  'a host that is granted and not declared': [
    { ...known, plugins: [{ ...plugin, grant: { network: ['acme.org'] } }] },
    "plugins[0].grant.network: 'acme.org' is granted in vain: plugin 'ocr' does not declare it " +
      '(`llmteam.permissions.network`); it declares: api.acme.com',
  ],
  'what is declared, granted as a whole and not configured': [
    { ...known, stores: [], plugins: [{ ...plugin, grant: 'declared' }] },
    "plugins[0].grant: plugin 'ocr' declares store 'pages', which is not configured in 'stores'",
  ],
};

spec('names in the configuration that nobody has', (test) => {
  for (const [about, [written, remark]] of Object.entries(idle)) {
    test(`${about}: a warning with the key and the name`, async () => {
      assert.equal(await remarksOn(written), [remark]);
    });
  }

  test("nothing is said where every name is somebody's", async () => {
    const grant = { secrets: ['acme_key'], llm: ['gpt4'], network: ['*.acme.com'], stores: ['*'] };
    assert.equal(
      await remarksOn({
        ...known,
        plugins: [{ ...plugin, grant }],
        settings: { ocr: {}, 'ocr@1': {}, 'http-action': {} },
        canary: { ocr: { version: '^1', share: 0.1 } },
        worker: { concurrency_by_type: { ocr: 1, llm_agent: 2 }, types: ['ocr'] },
      }),
      [],
    );
    assert.equal(await remarksOn({ ...known, plugins: [{ ...plugin, grant: 'declared' }] }), []);
  });

  test('a process that loads no task types speaks of plugins, which it knows by their manifests, and not of types', async () => {
    const written = {
      settings: { orc: {}, ocr: {} },
      canary: { ocr: { version: '^2', share: 0.1 } },
      worker: { types: ['ocrr'] },
      plugins: [{ ...plugin, grant: { secrets: ['acme_key'] } }],
    };
    assert.equal(await remarksOn(written, loadControlPlugins), [
      "settings.orc: no plugin is named 'orc'; did you mean 'ocr'?",
      "plugins[0].grant.secrets: 'acme_key' is not configured in 'secrets'",
    ]);
  });
});

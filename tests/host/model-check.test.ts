import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { inspect } from 'node:util';
import { loadConfig, loadControlPlugins, loadPlugins } from '@llmteam/service-host';
import * as assert from 'uvu/assert';
import { rejectsWith } from '../plugins/support/rejection.js';
import { quietLogger } from '../support/quiet-logger.js';
import { spec } from '../support/spec.js';
import { withConfigFileDuring } from './config-files.js';

const service = { provider: 'openai-compatible', base_url: 'https://api.example.com/v1', model: 'm1' };

type Load = (environment?: Readonly<Record<string, string>>) => ReturnType<typeof loadPlugins>;

/** A configuration with these models, a key per line. */
function withModels(llms: object, use: (load: Load, path: string) => Promise<void>): Promise<void> {
  return withConfigFileDuring(JSON.stringify({ llms }, null, 1), (path) =>
    use((environment = {}) => loadPlugins(loadConfig(path, environment), quietLogger), path),
  );
}

spec('llms in the configuration', (test) => {
  test('an entry may be limited to tenants, whatever its provider', async () => {
    const llms = { a: { provider: 'offline', tenants: ['acme'] }, b: { ...service, tenants: ['acme', 'beta'] } };
    await withModels(llms, async (load) => {
      const { host } = await load();
      await host.stop();
    });
  });

  test('every entry that its provider does not accept is told, with file, line and key', async () => {
    const llms = {
      good: service,
      misspelt: { ...service, apiKey: 'sk-very-secret' },
      bare: { ...service, base_url: 'api.example.com/v1' },
      half: { provider: 'openai-compatible', base_url: 'https://api.example.com/v1' },
      offline: { provider: 'offline', latency_ms: 'much' },
    };
    await withModels(llms, async (load, path) => {
      const error = await rejectsWith('CONFIG_INVALID', () => load());
      for (const words of [
        `'${path}' is not a valid configuration`,
        `${path}:12: llms.misspelt: unknown key 'apiKey', did you mean 'api_key'?`,
        `${path}:16: llms.bare: 'base_url' must be an http or https URL such as https://`,
        `${path}:19: llms.half: 'model' is missing`,
        `${path}:25: llms.offline: 'latency_ms' must be a whole number`,
      ]) {
        assert.ok(error.message.includes(words), `${words}\n${error.message}`);
      }
      assert.not.match(error.message, /llms\.good|very-secret/);
    });
  });

  test('a value from a variable is checked once it is set, and never shown', async () => {
    await withModels({ main: { ...service, base_url: 'env:BASE', api_key: 'env:KEY' } }, async (load, path) => {
      await load();
      await load({ BASE: 'http://127.0.0.1:1/v1', KEY: 'x' });
      const error = await rejectsWith('CONFIG_INVALID', () => load({ BASE: 'very-secret' }));
      assert.match(error.message, `${path}:5: llms.main: the value of BASE is not valid for 'base_url'`);
      assert.not.match(inspect(error), 'very-secret');
    });
  });

  for (const load of [loadPlugins, loadControlPlugins]) {
    test(`a misspelt limit to tenants is refused by ${load.name}, also where no handlers are loaded`, () =>
      withConfigFileDuring({ llms: { a: { provider: 'offline', tenant: ['acme'] } } }, async (path) => {
        const error = await rejectsWith('CONFIG_INVALID', () => load(loadConfig(path, {}), quietLogger));
        assert.match(error.message, /llms\.a: unknown key 'tenant'/);
      }));

    test(`${load.name} warns of a provider that no plugin provides, and does not check the entry`, () =>
      withConfigFileDuring({ llms: { odd: { provider: 'ofline', anything: 1 } } }, async (path) => {
        const said: unknown[] = [];
        const log = { ...quietLogger, warn: (_: object, message?: string) => void said.push(message) };
        await load(loadConfig(path, {}), log);
        assert.equal(said, ["llms.odd names the provider 'ofline', which no plugin provides; did you mean 'offline'?"]);
      }));
  }

  test('a provider may be that of a plugin that this process does not load', () =>
    withConfigFileDuring({ plugins: ['./own'], llms: { odd: { provider: 'own' } } }, async (path) => {
      const folder = join(dirname(path), 'own');
      mkdirSync(folder);
      const own = { name: 'own', version: '1.0.0', type: 'module', exports: './index.js' };
      writeFileSync(
        join(folder, 'package.json'),
        JSON.stringify({ ...own, llmteam: { kind: 'task', name: 'own', api: 1 } }),
      );
      writeFileSync(join(folder, 'index.js'), 'throw new Error("it is loaded")');
      const said: unknown[] = [];
      const log = { ...quietLogger, warn: (_: object, message?: string) => void said.push(message) };
      await loadControlPlugins(loadConfig(path, {}), log);
      assert.equal(said, []);
    }));
});

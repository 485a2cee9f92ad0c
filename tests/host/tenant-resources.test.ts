import { knownSecrets, loadConfig, maskedConfig, resourceConfig, resourceNames } from '@llmteam/service-host';
import * as assert from 'uvu/assert';
import { spec } from '../support/spec.js';
import { refusalOf, withConfigFile } from './config-files.js';

const written = {
  llms: { gpt: { provider: 'offline', tenants: ['acme'], model: 'm' }, toString: { provider: 'offline' } },
  clients: { crm: { base_url: 'https://crm.example', headers: { 'x-key': 'env:CRM' }, tenants: ['acme', 'beta'] } },
  stores: ['notes', { name: 'private', tenants: ['acme'] }, { name: 'twice', tenants: ['acme'] }, 'twice'],
  secrets: { plain: 'env:PLAIN', own: { value: 'env:OWN', tenants: ['acme-corporation'] } },
};

spec('resources limited to tenants', (test) => {
  test('exist for these tenants only, and those without a limit for everybody', () => {
    withConfigFile(written, (path) => {
      const config = loadConfig(path, {});
      assert.equal(resourceNames(config, 'acme'), {
        llms: ['gpt', 'toString'],
        clients: ['crm'],
        stores: ['notes', 'private', 'twice'],
        secrets: ['plain'],
      });
      assert.equal(resourceNames(config, 'other'), {
        llms: ['toString'],
        clients: [],
        stores: ['notes', 'twice'],
        secrets: ['plain'],
      });
    });
  });

  test('are read like those without a limit: a provider is not given the tenants, a secret may be an object', () => {
    withConfigFile(written, (path) => {
      const { llms, secrets, stores } = resourceConfig(loadConfig(path, {}));
      assert.equal(llms.gpt, { provider: 'offline', model: 'm' });
      assert.equal(secrets, { plain: 'env:PLAIN', own: 'env:OWN' });
      assert.equal(stores, ['notes', 'private', 'twice']);
    });
  });

  test('the stores of the environment have no limit', () => {
    const config = loadConfig(null, { LLMTEAM_STORES: 'notes, drafts' });
    assert.equal(resourceNames(config, 'anyone').stores, ['notes', 'drafts']);
  });

  test('an empty list, a repeated name and a malformed one are refused, each with its place', () => {
    const wrong = {
      llms: { gpt: { provider: 'offline', tenants: [] } },
      clients: { crm: { base_url: 'https://crm.example', tenants: ['acme', 'acme'] } },
      secrets: { key: { value: 'literal', tenants: ['acme'] } },
      stores: [{ name: 'a', tenants: ['no spaces'] }, { tenants: ['acme'] }],
    };
    withConfigFile(wrong, (path) => {
      const { code, message } = refusalOf(() => loadConfig(path, {}));
      assert.is(code, 'CONFIG_INVALID');
      for (const place of ['llms.gpt.tenants', 'clients.crm.tenants', 'secrets.key', 'stores[0]', 'stores[1]']) {
        assert.ok(message.includes(place), `${place}\n${message}`);
      }
    });
  });

  test('the names of tenants are no secrets, the values beside them are', () => {
    withConfigFile(written, (path) => {
      const config = loadConfig(path, { OWN: 'own-value', PLAIN: 'plain-value' });
      assert.equal(knownSecrets(config).sort(), ['own-value', 'plain-value']);
      assert.match(JSON.stringify(maskedConfig(config)), 'acme-corporation');
    });
  });
});

spec('the secrets searched for in outputs', (test) => {
  test('are those of headers, keys and secrets, with their credentials; not names of models, addresses or media types', () => {
    const config = {
      llms: { one: { provider: 'p', api_key: 'sk-literal', model: 'env:MODEL' } },
      clients: {
        token_service: {
          base_url: 'https://tokens.example',
          headers: { Authorization: 'env:AUTH', Accept: 'application/json' },
        },
      },
      secrets: { key: { value: 'env:KEY', tenants: ['acme'] } },
      nats: { servers: ['nats://me:pass-word@host:4222'] },
    };
    withConfigFile(config, (path) => {
      const environment = { MODEL: 'gpt-4.1', AUTH: 'Basic dXNlcjpodW50ZXIy', KEY: 'key-value' };
      const expected = [
        'Basic dXNlcjpodW50ZXIy',
        'dXNlcjpodW50ZXIy',
        'hunter2',
        'key-value',
        'pass-word',
        'sk-literal',
        'user:hunter2',
      ];
      assert.equal([...(resourceConfig(loadConfig(path, environment)).secretValues ?? [])].sort(), expected);
    });
  });
});

import { isLlmteamError } from '@llmteam/contracts';
import { type HostedProvider, Resources } from '@llmteam/kernel';
import * as assert from 'uvu/assert';
import { spec } from '../support/spec.js';

const provider: HostedProvider = {
  providerId: 'test',
  description: '',
  config_schema: { type: 'object', properties: { pin_code: { type: 'string', writeOnly: true } } },
  create: () => ({ provider: 'test', model: 'm', generate: () => Promise.reject(new Error('not called')) }),
};
const client = { base_url: 'http://127.0.0.1', headers: {}, allow_private_network: false };

function resources(): Resources {
  const config = {
    llms: { gpt_acme: { provider: 'test', pin_code: 'pin-1234' }, gpt_all: { provider: 'test' } },
    clients: { crm_acme: client, crm_all: client },
    stores: ['notes_acme', 'notes_all'],
    secrets: { key_acme: 'acme-secret', key_all: 'common-secret' },
    tenants: {
      llms: { gpt_acme: ['acme'] },
      clients: { crm_acme: ['acme'] },
      stores: { notes_acme: ['acme'] },
      secrets: { key_acme: ['acme'] },
    },
    reveal: (text: string) => text,
  };
  return new Resources(config, new Map([['test', provider]]));
}

const uses: Readonly<Record<string, (name: string, tenantId: string) => unknown>> = {
  gpt: (name, tenantId) => resources().llm(name, tenantId),
  crm: (name, tenantId) => resources().client(name, tenantId),
  notes: (name, tenantId) => resources().checkStore(name, tenantId),
  key: (name, tenantId) => resources().secret(name, tenantId),
};

function refusal(use: () => unknown): string {
  try {
    use();
  } catch (thrown) {
    if (isLlmteamError(thrown)) return `${thrown.code}: ${thrown.message}`;
    throw thrown;
  }
  return 'none';
}

spec('a resource that is limited to tenants', (test) => {
  test('is given to those tenants, and one without a limit to everybody', () => {
    for (const [kind, use] of Object.entries(uses)) {
      assert.is(
        refusal(() => use(`${kind}_acme`, 'acme')),
        'none',
        kind,
      );
      assert.is(
        refusal(() => use(`${kind}_all`, 'acme')),
        'none',
        kind,
      );
      assert.is(
        refusal(() => use(`${kind}_all`, 'rival')),
        'none',
        kind,
      );
    }
  });

  test('does not exist for another tenant, in the very words of a name that nobody configured', () => {
    for (const [kind, use] of Object.entries(uses)) {
      const limited = refusal(() => use(`${kind}_acme`, 'rival'));
      const absent = refusal(() => use(`${kind}_nope`, 'rival'));
      assert.match(limited, /^UNKNOWN_REF/);
      assert.is(limited, absent.replaceAll('nope', 'acme'), kind);
    }
  });

  test('is not suggested to another tenant', () => {
    assert.match(
      refusal(() => resources().client('crm_acmo', 'acme')),
      "did you mean 'crm_acme'?",
    );
    assert.not.match(
      refusal(() => resources().client('crm_acmo', 'rival')),
      'crm_acme',
    );
  });

  test('stays unknown to another tenant after the model was made for the one that may use it', () => {
    const shared = resources();
    shared.llm('gpt_acme', 'acme');
    assert.match(
      refusal(() => shared.llm('gpt_acme', 'rival')),
      /^UNKNOWN_REF/,
    );
  });
});

spec('a setting that its provider calls secret', (test) => {
  test('is redacted once the model was made', () => {
    const shared = resources();
    shared.llm('gpt_acme', 'acme');
    assert.is(shared.redactor.text('the code is pin-1234'), 'the code is [redacted]');
  });
});

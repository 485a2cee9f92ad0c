import { configuredRefs } from '@llmteam/gateway';
import * as assert from 'uvu/assert';
import { spec } from '../support/spec.js';
import { withGateway } from './support/with-gateway.js';

const file = {
  stores: ['notes'],
  llms: { gpt_private: { provider: 'offline', tenants: ['acme'] }, gpt_all: { provider: 'offline' } },
  clients: { crm_private: { base_url: 'https://crm.example', tenants: ['acme'] } },
};
const refs = configuredRefs({ file, path: null, folder: '.', environment: {}, unknownVariables: [] });

function asking(llmRef: string): unknown {
  const steps = [{ step_id: 'ask', type: 'condition', config: { branches: [], llm_ref: llmRef } }];
  return { segment_id: 'asking', name: 'Asking', entrypoint: 'ask', steps };
}

spec('a segment that names a resource limited to a tenant', (test) => {
  test("is valid for that tenant, and names nothing that exists for another's", async () => {
    await withGateway(
      async (world) => {
        const problemsOf = async (tenantId: string, llmRef: string): Promise<string> => {
          const { text } = await (await world.client(tenantId)).post('/api/v1/segments/validate', asking(llmRef));
          const { problems } = JSON.parse(text) as { problems: readonly { code: string }[] };
          return JSON.stringify(problems.filter(({ code }) => code === 'UNKNOWN_REF'));
        };
        assert.is(await problemsOf('acme', 'gpt_private'), '[]');
        assert.match(await problemsOf('acme', 'gpt_privat'), "did you mean 'gpt_private'");
        const limited = await problemsOf('rival', 'gpt_private');
        const absent = await problemsOf('rival', 'gpt_absents');
        assert.match(limited, 'UNKNOWN_REF');
        assert.is(limited, absent.replaceAll('gpt_absents', 'gpt_private'));
        assert.not.match(await problemsOf('rival', 'gpt_privat'), 'gpt_private');
      },
      { refs },
    );
  });
});

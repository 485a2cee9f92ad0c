/** docs/config.md */
import { ConfigFile } from '@llmteam/embedded';
import { field_table } from './field-table.mjs';
import { code, generated, page } from './markdown.mjs';
import { plain_schema } from './plain-schema.mjs';

export function config_page({ plugins }, examples) {
  const providers = plugins.flatMap(({ model_providers = [] }) => model_providers);
  return page(
    generated,
    '# Configuration',
    `\`llmteam.config.json\` says what segments may use by name: models, HTTP services, stores, secrets. The nearest one counts, from the
folder of the segment upwards or else from the working folder, unless \`--config FILE\` names another; a run goes on with the one it
was started with. Unknown keys are refused. Without a file nothing is configured.
Schema: [config.schema.json](contracts/schemas/config.schema.json).`,
    examples.fitting('config', sample),
    '## Keys',
    field_table(plain_schema(ConfigFile).root),
    uses,
    `A segment never holds a secret: it holds names (\`llm_ref\`, \`client_ref\`, \`store_ref\`, \`secret_ref\`), and they are checked when it is
loaded. A string \`env:NAME\` in \`llms\`, in the \`headers\` of a client or in \`secrets\` stands for an environment variable, which is read
when it is first needed; \`llmteam providers\` lists those that are missing.`,
    '## Models',
    `An entry of \`llms\` names its \`provider\`; its other keys are those of the provider. \`llmteam providers\` lists the providers that
plugins bring. Built in:`,
    providers.map(provider_section),
  );
}

const uses = `- \`llms\`: the models that \`llm_ref\` names. \`clients\`: the HTTP services that \`client_ref\` names; their headers go along with every
  request, and only with \`allow_private_network\` may they be inside a private network or on this machine.
- \`stores\`: names of key-value stores that handlers may keep values in (\`store_ref\`). \`secrets\`: what \`secret_ref\` names.
- \`plugins\`: packages with step types and model providers of your own. \`settings\`: what each plugin is given at its start, by its name.
- \`synchronous\`, \`log_level\`: how the store writes, and what is logged to stderr.`;

function provider_section({ provider_id, description, config_schema }) {
  const { root } = plain_schema(config_schema);
  const secret = Object.entries(root.properties ?? {}).filter(([, field]) => is_secret(field));
  const note = secret.length === 0 ? '' : `Secret: ${secret.map(([key]) => code(key)).join(', ')}.`;
  return [`### ${provider_id}`, description, field_table(root), note].filter((part) => part !== '').join('\n\n');
}

function is_secret({ writeOnly, additionalProperties }) {
  return writeOnly === true || additionalProperties?.writeOnly === true;
}

const sample = {
  llms: {
    gpt4: {
      provider: 'openai-compatible',
      base_url: 'https://api.openai.com/v1',
      model: 'gpt-4.1',
      api_key: 'env:OPENAI_API_KEY',
    },
    draft: { provider: 'offline' },
  },
  clients: {
    crm: { base_url: 'https://crm.example.com/api', headers: { Authorization: 'env:CRM_AUTHORIZATION' } },
    local: { base_url: 'http://127.0.0.1:8080', allow_private_network: true },
  },
  stores: ['memory'],
  secrets: { acme_key: 'env:ACME_KEY' },
  plugins: ['@acme/llmteam-ocr', './plugins/mine'],
  settings: { ocr: { workers: 2 } },
  synchronous: 'full',
  log_level: 'warn',
};

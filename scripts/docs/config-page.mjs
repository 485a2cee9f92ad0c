/** docs/config.md */
import { ConfigFile } from '@llmteam/service-host';
import { fieldTable } from './field-table.mjs';
import { code, generated, page } from './markdown.mjs';
import { plainSchema } from './plain-schema.mjs';

export function configPage({ plugins }, examples) {
  const providers = plugins.flatMap(({ modelProviders = [] }) => modelProviders);
  return page(
    generated,
    '# Configuration',
    `\`llmteam.config.json\` defines what segments use by name: models, HTTP services, stores, secrets. The nearest file is used, searching
upwards from the folder of the segment or else from the working folder, unless \`--config FILE\` is given; a run keeps the one it
was started with. Unknown keys are rejected. Without a file nothing is configured.
Schema: [config.schema.json](contracts/schemas/config.schema.json).`,
    examples.fitting('config', sample),
    '## Keys',
    fieldTable(partOf(plainSchema(ConfigFile).root, (key) => !services.includes(key))),
    uses,
    `A segment never holds a secret: it holds names (\`llm_ref\`, \`client_ref\`, \`store_ref\`, \`secret_ref\`), and they are checked when it is
loaded. A string \`env:NAME\` in \`llms\`, in the \`headers\` of a client or in \`secrets\` refers to an environment variable, which is read
on first use; \`llmteam providers\` lists the missing ones.`,
    '## Services',
    '`llmteam serve coordinator`, `worker` and `gateway` also read these sections, so that one file configures all of them.',
    examples.fitting('config', serviceSample),
    fieldTable(partOf(plainSchema(ConfigFile).root, (key) => services.includes(key))),
    overrides,
    '## Models',
    `An entry of \`llms\` names its \`provider\`; its other keys belong to the provider. \`llmteam providers\` lists the available providers.
Built in:`,
    providers.map(providerSection),
  );
}

const uses = `- \`llms\`: models, by \`llm_ref\`. \`clients\`: HTTP services, by \`client_ref\`; their headers are sent with every request, and they may be
  inside a private network or on this machine only with \`allow_private_network\`.
- \`stores\`: names of key-value stores for handlers (\`store_ref\`). \`secrets\`: secrets, by \`secret_ref\`.
- \`plugins\`: packages with your own step types and model providers. \`settings\`: settings passed to each plugin at its start, by plugin name.
- \`synchronous\`: how the local store writes. \`log\`: what is logged to stderr.`;

const services = ['nats', 'retention', 'coordinator', 'worker', 'gateway'];

/** The schema with some of its keys. */
function partOf(schema, wanted) {
  const properties = Object.entries(schema.properties).filter(([key]) => wanted(key));
  return { ...schema, properties: Object.fromEntries(properties) };
}

const overrides = `Every key whose path consists of names only has an environment variable that overrides the file: \`LLMTEAM_\` and the path in
capital letters, joined by \`_\`. Examples: \`LLMTEAM_NATS_SERVERS="nats://a:4222,nats://b:4222"\`, \`LLMTEAM_WORKER_HTTP_PORT=9000\`,
\`LLMTEAM_WORKER_CONCURRENCY_BY_TYPE="llm_agent=4,http_action=8"\`, \`LLMTEAM_LOG_LEVEL=debug\`. Lists are separated by commas. A variable that
is empty is ignored; one that matches no key is reported as a warning in the log.

\`llmteam serve coordinator --print-config\` prints the effective configuration with secrets masked. Log lines never contain a configured
secret: its value is redacted wherever it occurs, as is every string under a key that names a secret and every value of \`headers\`.`;

function providerSection({ providerId, description, config_schema }) {
  const { root } = plainSchema(config_schema);
  const secret = Object.entries(root.properties ?? {}).filter(([, field]) => isSecret(field));
  const note = secret.length === 0 ? '' : `Secret: ${secret.map(([key]) => code(key)).join(', ')}.`;
  return [`### ${providerId}`, description, fieldTable(root), note].filter((part) => part !== '').join('\n\n');
}

function isSecret({ writeOnly, additionalProperties }) {
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
  log: { level: 'warn' },
};

const serviceSample = {
  nats: {
    servers: ['nats://nats-1:4222', 'nats://nats-2:4222', 'nats://nats-3:4222'],
    user: 'llmteam',
    password: 'env:NATS_PASSWORD',
    partitions: 16,
    replicas: 3,
  },
  retention: { max_age_hours: 720 },
  coordinator: { http: { host: '0.0.0.0' } },
  worker: { concurrency_by_type: { llm_agent: 4 }, http: { host: '0.0.0.0' } },
  gateway: {
    http: { host: '0.0.0.0' },
    index_file: '/var/lib/llmteam/index.db',
    origins: ['https://app.example.com'],
    limits: { starts_per_second: 200 },
  },
};

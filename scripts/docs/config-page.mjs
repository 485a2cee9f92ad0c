/** docs/config.md */
import { HttpActionSettings } from '@llmteam/http-action';
import { ConfigFile } from '@llmteam/service-host';
import { fieldTable } from './field-table.mjs';
import { code, generated, page } from './markdown.mjs';
import { plainSchema } from './plain-schema.mjs';

export function configPage({ plugins }, examples) {
  const providers = plugins.flatMap(({ modelProviders = [] }) => modelProviders);
  return page(
    generated,
    '# Configuration',
    `\`llmteam.config.json\` defines what segments may refer to by name: models, HTTP services, stores and secrets. Unless \`--config FILE\` names
a file, the nearest one is used, searched upwards from the folder of the segment and then from the working directory. A resumed run uses
the file it was started with. Unknown keys are rejected. Without a file the defaults apply.
Schema: [config.schema.json](contracts/schemas/config.schema.json).`,
    examples.fitting('config', sample),
    '## Keys',
    fieldTable(partOf(plainSchema(ConfigFile).root, (key) => !services.includes(key))),
    uses,
    `A segment never contains a secret, only names (\`llm_ref\`, \`client_ref\`, \`store_ref\`, \`secret_ref\`), which are checked when the segment is
loaded. A string \`env:NAME\` in \`llms\`, in the \`headers\` of a client or in \`secrets\` refers to an environment variable, which is read on
first use; \`llmteam providers\` lists missing ones.`,
    tenants,
    '## Services',
    '`llmteam serve coordinator`, `worker` and `gateway` also read these sections, so they can share one file.',
    examples.fitting('config', serviceSample),
    fieldTable(partOf(plainSchema(ConfigFile).root, (key) => services.includes(key))),
    backends,
    overrides,
    '## Plugins',
    pluginEntries,
    fieldTable(entryOfPlugins()),
    '## Models',
    `An entry of \`llms\` names its \`provider\`; the provider defines the other keys. \`llmteam providers\` lists the available providers,
including those of plugins. Built in:`,
    providers.map(providerSection),
    '## Settings of plugins',
    'An entry of `settings` is passed to the plugin of that name when it starts. Of the built-in plugins, one has settings:',
    '### http-action',
    'Limits of the requests of [`http_action`](contracts/step-catalog.md#http_action). Wrong values stop the process at startup.',
    examples.fitting('config', settingsSample),
    fieldTable(plainSchema(HttpActionSettings).root),
  );
}

const uses = `- \`llms\`: the models that \`llm_ref\` refers to.
- \`clients\`: the HTTP services that \`client_ref\` refers to. Their headers are sent with every request; a service in a private network or on
  this machine needs \`allow_private_network\`.
- \`stores\`: the key-value stores that handlers may use (\`store_ref\`).
- \`secrets\`: the secrets that \`secret_ref\` refers to.
- \`plugins\`: packages with additional step types and model providers.
- \`settings\`: settings of each plugin, by plugin name, passed to it at startup.
- \`synchronous\`: how the local store syncs its writes.
- \`log\`: what is logged to stderr.`;

const tenants = `With \`tenants\`, a model, client, store or secret exists only for these tenants: for all others its name is unknown
(\`UNKNOWN_REF\`), at the gateway and at the worker alike. An entry of \`stores\` or \`secrets\` is then an object, as in the example. Runs of the
command line belong to the tenant \`default\`, unless \`--tenant\` names another.

What steps return, throw, record or stream is searched for secrets before it leaves the worker: values of \`headers\` (except \`Accept\`,
\`Accept-*\`, \`Cache-Control\`, \`Content-Type\` and \`User-Agent\`), strings under keys that name a secret, and \`secrets\`. Each is replaced by
\`[redacted]\`, also within longer text, as JSON, URL or base64 encodes it, and as a number. Logs are searched in the same way. Values shorter
than six characters are not searched for.`;

const services = ['backend', 'nats', 'retention', 'coordinator', 'worker', 'gateway'];

const pluginEntries = `An entry of \`plugins\` is the name or path of a package, which is then granted nothing, or an object. What \`grant\` takes and what
\`isolation\` holds: [permissions and isolation](isolation.md).`;

/** The object that an entry of `plugins` may be. */
function entryOfPlugins() {
  return plainSchema(ConfigFile).root.properties.plugins.items.anyOf.find(({ properties }) => properties !== undefined);
}

/** The schema with only the wanted keys. */
function partOf(schema, wanted) {
  const properties = Object.entries(schema.properties).filter(([key]) => wanted(key));
  return { ...schema, properties: Object.fromEntries(properties) };
}

const backends = `With \`backend\`, the services use the backend of that package instead of NATS; [write a backend](guides/write-a-backend.md) shows one. Its
settings are checked by the schema of the package, and may contain \`env:NAME\`.`;

const overrides = `Environment variables override the file. Every scalar, list of scalars and map of numbers has one, unless its path contains \`[]\` or
\`<name>\`: \`LLMTEAM_\` followed by the path in upper case, joined by \`_\`. Examples: \`LLMTEAM_NATS_SERVERS="nats://a:4222,nats://b:4222"\`,
\`LLMTEAM_WORKER_HTTP_PORT=9000\`, \`LLMTEAM_WORKER_CONCURRENCY_BY_TYPE="llm_agent=4,http_action=8"\`, \`LLMTEAM_LOG_LEVEL=debug\`. List items are
separated by commas. An empty variable is ignored; a variable that matches no key of its section is logged as a warning.

\`llmteam serve coordinator --print-config\` prints the effective configuration with secrets masked. Configured secrets never appear in the log:
they are replaced by value wherever they occur, as is every string under a key that names a secret and every value of \`headers\`.`;

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
  stores: ['memory', { name: 'ledger', tenants: ['acme'] }],
  secrets: { common_key: 'env:COMMON_KEY', acme_key: { value: 'env:ACME_KEY', tenants: ['acme'] } },
  plugins: ['@acme/llmteam-ocr', './plugins/mine'],
  settings: { ocr: { workers: 2 } },
  synchronous: 'full',
  log: { level: 'warn' },
};

const settingsSample = { settings: { 'http-action': { timeout_seconds: 60, response_bytes: 16_777_216 } } };

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

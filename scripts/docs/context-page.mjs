/** docs/contracts/runtime-context.md */
import { code, fence, generated, page, table } from './markdown.mjs';
import { describeType, interfacesOf } from './source-members.mjs';

const pluginApi = 'contracts/src/plugin';
const ports = ['journal', 'job-queue', 'pub-sub', 'kv-store', 'blobs', 'run-index', 'retention', 'clock', 'backend'];

/** Compiled by tests/docs/handler-example.test.ts. */
const handler = `import { LlmteamError, pluginApiVersion, type Plugin, type TaskType } from '@llmteam/contracts';

interface Config {
  readonly client_ref: string;
}

const lookup: TaskType<Config> = {
  kind: 'task',
  metadata: {
    type_id: 'acme_lookup',
    display_name: 'ACME look-up',
    description: 'Asks ACME for a record.',
    category: 'integration',
    icon: 'search',
    color: '#2563eb',
    config_schema: {
      type: 'object',
      required: ['client_ref'],
      properties: { client_ref: { type: 'string' } },
      additionalProperties: false,
    },
    input_ports: [{ name: 'input', type: 'string', description: 'The id.', required: true }],
    output_ports: [{ name: 'output', type: 'object', description: 'The record.', required: true }],
    supports_retry: true,
    supports_timeout: true,
    supports_parallel: true,
    is_async: false,
    docs_url: 'https://example.com/acme',
    examples: [{ client_ref: 'acme' }],
    permissions: ['client:*'],
  },
  async run(context, config, input) {
    const record = await context.memo('record', async () => {
      const answer = await context.fetch(\`records/\${encodeURIComponent(String(input))}\`, {
        client: config.client_ref,
        headers: { 'idempotency-key': context.idempotency_key },
      });
      if (!answer.ok) throw new LlmteamError('HTTP_STATUS', \`ACME answered \${answer.status}\`);
      return await answer.json();
    });
    return { output: record };
  },
};

const plugin: Plugin = { name: 'acme', api: pluginApiVersion, stepTypes: [lookup] };

export default plugin;
`;

const manifest = { kind: 'task', name: 'acme', api: 1, permissions: { clients: ['*'] } };

export function contextPage(_workbench, examples) {
  return page(
    generated,
    '# Runtime context',
    `The handler of a task type is \`async (context, config, input) => ({port: value})\`. Its first argument, a \`StepContext\`, is its **only**
access to the runtime; a handler imports nothing from the runtime and uses no globals. So it can be tested with a stub context and cannot
reach another tenant's data. This page is generated from the source of \`@llmteam/contracts\`. With \`defineTask\` of \`@llmteam/plugin\` the context is a \`TaskContext\`, of
which [use the context of a handler](../guides/use-the-context.md) shows every member.`,
    '## Example',
    'A plugin package with one step type:',
    fence('ts', handler),
    'Its package.json declares, under the key `llmteam`, what tools read without running the plugin:',
    examples.fitting('plugin-manifest', manifest),
    guarantees,
    members('step-context', 'StepContext', '## StepContext'),
    whereFrom,
    wayOut,
    '## What the context provides',
    ['KeyValueStore', 'HttpClientConfig', 'Logger'].map((name) => members('step-context', name)),
    ['LanguageModel', 'ModelRequest', 'ModelResponse'].map((name) => members('language-model', name)),
    controlTypes(),
    portSections(),
  );
}

const guarantees = `## What a handler can rely on

- The expressions in \`config\` (\`\${ … }\`) are already evaluated, and \`config\` is valid against the type's \`config_schema\`. The result is
  checked too: it must be JSON, use only declared ports and stay within the size limits; otherwise the attempt fails with
  \`STEP_RESULT_INVALID\`. Values on the
  input ports are checked against their type, schema and \`required\` before the call (\`STEP_INPUT_INVALID\`).
- It runs **at least once**. If its worker dies, the attempt runs again on another one: pass \`idempotency_key\` to services that support it,
  and wrap in \`memo\` whatever must not be paid for twice. If the process dies \`worker.max_deliveries\` times (5) during one attempt, the step fails
  with \`WORKER_LOST\`, on every backend. A death counts against the attempt that caused it where that is known, else against all that ran.
- An exception ends the attempt. A \`LlmteamError\` is retried if its \`recoverable\` option says so, or else the error table; a code that
  is not in the table is not retried. Any other error is retried.
- Once the attempt is over (reported, timed out or cancelled), nothing the handler still does affects the run.`;

const whereFrom = `\`llm\`, \`client\`, \`store\` and \`secret\` take names from the [configuration](../config.md), which the validator checks before a run starts.
Using any of them needs a permission that the manifest declares and the configuration grants ([isolation](../isolation.md)). \`store\` isolates the keys of each tenant and instance.`;

const wayOut = `### The guard of \`fetch\`

\`context.fetch\` is the standard \`fetch\` with one more option, \`client\`, behind a guard. What it holds:

- **Hosts.** Without \`client\`: only hosts that the manifest declares and the configuration grants, asked again for every redirect. With
  \`client\`: a path below its \`base_url\` (or a whole URL that lies there), which no \`..\` leaves; redirects stay at its origin. Only http and
  https, no user name or password in a URL, no proxy from the environment.
- **Addresses.** Every address of a name is checked, and the connection goes to one that was. A private network is reached only if the
  configuration grants the host by its own name, or the client has \`allow_private_network\`; a metadata service never.
- **Headers.** Those of the client win. Those of the connection (\`host\`, \`content-length\`, \`accept-encoding\`, …) are refused with
  \`EGRESS_BLOCKED\`. \`traceparent\` is that of the step, unless the handler sets it.
- **Redirects.** At most 5, or as \`redirect\` says. Another origin gets the body that the standard sends it, and of the headers only those that
  cannot be credentials.
- **Time.** A connection takes at most 10 seconds; everything else ends with the attempt: requests and bodies that are being read reject with
  \`STEP_TIMEOUT\` or \`CANCELLED\`. Once the handler has settled, no request starts, and bodies that nobody read are dropped.
- **Errors.** \`HTTP_FAILED\` if there is no response; its \`details.sent\` says whether the request may have arrived, so that only what is safe
  to repeat is repeated. Any status is a response. No message shows a query or the value of a header.

What it does not hold: the size of a response, which is streamed and decompressed as it is read, so count what you keep; how often and
how fast requests are sent; retries; and requests that a plugin makes past it, with the global \`fetch\` or a library of its own. Request bodies
are buffered, at most 16 MiB. \`integrity\` is not supported. Read or cancel bodies that you do not need: one that is left holds its connection
until the attempt ends.`;

function members(file, name, heading = `### ${name}`) {
  const type = describeType(`${pluginApi}/${file}.ts`, name);
  return [heading, type.about, memberTable(type)].filter((part) => part !== '').join('\n\n');
}

function memberTable({ members: list }) {
  return table(
    ['member', 'about'],
    list.map(({ signature, about }) => [code(signature), about]),
  );
}

function controlTypes() {
  return [
    '## Control types',
    `A control type has no context: \`react(occurrence, view)\` is a pure function that runs inside the engine. It receives what happened
(an \`Occurrence\`) and returns \`Directive\`s; both are defined in \`contracts/src/plugin/control-type.ts\`.`,
    members('control-type', 'ControlView'),
    members('control-type', 'Reaction'),
  ];
}

function portSections() {
  const sections = ports.flatMap((port) => interfacesOf(`contracts/src/ports/${port}.ts`));
  return [
    '## Ports',
    `The interfaces that a backend implements. Step types never see them; they are documented for authors of adapters. The conformance suite
(\`tests/conformance/\`) tests each guarantee by its number and runs against any adapter.`,
    sections.map((type) =>
      [`### ${type.name}`, type.about, memberTable(type)].filter((part) => part !== '').join('\n\n'),
    ),
    '## Backends',
    'A plugin of kind `backend` has one of these instead of step types; [write a backend](../guides/write-a-backend.md) shows it.',
    ['BackendType', 'BackendContext', 'BackendInspection', 'BackendFinding'].map((name) =>
      members('backend-type', name),
    ),
  ];
}

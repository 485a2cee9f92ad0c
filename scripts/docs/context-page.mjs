/** docs/contracts/runtime-context.md */
import { code, fence, generated, page, table } from './markdown.mjs';
import { describeType, interfacesOf } from './source-members.mjs';

const pluginApi = 'contracts/src/plugin';
const ports = ['journal', 'job-queue', 'pub-sub', 'kv-store', 'blobs', 'run-index', 'clock', 'backend'];

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
    const { base_url, headers } = context.client(config.client_ref);
    const record = await context.memo('record', async () => {
      const answer = await fetch(\`\${base_url}/records/\${input}\`, {
        headers: { ...headers, 'idempotency-key': context.idempotency_key },
        signal: context.signal,
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

const manifest = { kind: 'task', name: 'acme', api: 1 };

export function contextPage(_workbench, examples) {
  return page(
    generated,
    '# Runtime context',
    `The handler of a task type is \`async (context, config, input) => ({port: value})\`. Its first argument, a \`StepContext\`, is its **only**
access to the runtime; a handler imports nothing from the runtime and uses no globals. So it can be tested with a stub context and cannot
reach another tenant's data. This page is generated from the source of \`@llmteam/contracts\`.`,
    '## Example',
    'A plugin package with one step type:',
    fence('ts', handler),
    'Its package.json declares, under the key `llmteam`, what tools read without running the plugin:',
    examples.fitting('plugin-manifest', manifest),
    guarantees,
    members('step-context', 'StepContext', '## StepContext'),
    whereFrom,
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
  \`STEP_RESULT_INVALID\`. \`input\` is not checked against the type of the port: check it in the handler.
- It runs **at least once**. If its worker dies, the attempt runs again on another one: pass \`idempotency_key\` to services that support it,
  and wrap in \`memo\` whatever must not be paid for twice. If the process dies \`worker.max_deliveries\` times (5) during one attempt, the step fails
  with \`WORKER_LOST\`, on every backend. A death counts against the attempt that caused it where that is known, else against all that ran.
- An exception ends the attempt. A \`LlmteamError\` is retried if its \`recoverable\` option says so, or else the error table; a code that
  is not in the table is not retried. Any other error is retried.
- Once the attempt is over (reported, timed out or cancelled), nothing the handler still does affects the run.`;

const whereFrom = `\`llm\`, \`client\`, \`store\` and \`secret\` take names from the [configuration](../config.md), which the validator checks before a run starts.
\`secret\` returns only secrets listed in the type's \`permissions\` (\`secret:<name>\`). \`store\` isolates the keys of each tenant and instance.`;

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
  ];
}

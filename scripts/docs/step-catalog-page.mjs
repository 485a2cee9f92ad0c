/** docs/contracts/step-catalog.md */
import { StepTypeMetadata, stepCategories } from '@llmteam/contracts';
import { fieldTable } from './field-table.mjs';
import { code, generated, page, table } from './markdown.mjs';
import { plainSchema } from './plain-schema.mjs';

export function stepCatalogPage({ catalog }, examples) {
  const types = catalog.list().sort(byCategory);
  const kindOf = ({ type_id, version }) => (catalog.find(type_id, version).control === null ? 'task' : 'control');
  return page(
    generated,
    '# Step catalog',
    `The ${types.length} step types that come with LLMTeam; \`llmteam catalog\` lists them and those of your own plugins,
\`llmteam catalog TYPE --json\` prints all that is known of one. **Task** types run on workers and may do anything their
permissions grant; **control** types are pure state machines inside the engine and cost no job.`,
    table(
      ['type', 'category', 'kind', 'does'],
      types.map((type) => [`[${code(type.type_id)}](#${type.type_id})`, type.category, kindOf(type), type.description]),
    ),
    `Every step also has the port \`error\`: if its last attempt fails and an edge leads from there, the edge carries the
[ErrorInfo](event-contract.md#errorinfo) and the run continues. A string of a config may contain \`\${ CEL }\`, unless the table says
\`CEL\`: then it is an [expression](segment-json.md#expressions) itself.`,
    types.map((type) => section(type, kindOf(type), examples)),
    metadataSection(examples),
  );
}

function byCategory(one, other) {
  const place = ({ category }) => stepCategories.indexOf(category);
  return place(one) - place(other) || (one.type_id < other.type_id ? -1 : 1);
}

function section(type, kind, examples) {
  const { root } = plainSchema(type.config_schema);
  const shown = type.examples.map((example) => examples.stepConfig(type, example));
  return [
    `## ${type.type_id}`,
    `**${type.display_name}** · ${type.category} · ${kind} · ${type.version}. ${type.description}`,
    table(['port', 'direction', 'type', 'carries'], ports(type)),
    fieldTable(root),
    facts(type),
    shown.length === 1 ? 'Example of a config:' : 'Examples of configs:',
    ...shown,
  ].join('\n\n');
}

function ports({ input_ports, output_ports, type_id }) {
  const row = (direction) => (port) => [code(port.name), direction, port.type, port.description];
  const own = output_ports.length === 0 ? [['*', 'out', 'any', ownPorts[type_id] ?? 'As the config says.']] : [];
  return [...input_ports.map(row('in')), ...output_ports.map(row('out')), ...own];
}

/** Of types whose output ports depend on the config. */
const ownPorts = {
  switch: 'The input, on the port of the first case that matches, or on `default_port`.',
  parallel_split: '`branch_1` … `branch_N`: the input, or a share of it.',
};

function facts({ supports_retry, supports_timeout, is_async, permissions }) {
  const words = [
    supports_retry ? 'is repeated as its step says in `retry`' : 'has no attempts: `retry` has no effect',
    supports_timeout ? 'ends after `timeout_seconds`' : '',
    is_async ? 'waits for the world outside' : '',
    permissions.length > 0 ? `may use ${permissions.map((permission) => code(permission)).join(', ')}` : '',
  ].filter((word) => word !== '');
  return `It ${words.join('; ')}.`;
}

function metadataSection(examples) {
  const { root, definitions } = plainSchema(StepTypeMetadata);
  const { version, config_schema, ...about } = sample;
  return [
    '## StepTypeMetadata',
    `What a plugin tells of a step type, and what \`llmteam catalog TYPE --json\` prints. Schema:
[step-type.schema.json](schemas/step-type.schema.json).`,
    fieldTable(root, (name) => `[${name}](#portspec)`),
    '### PortSpec',
    fieldTable(definitions.get('PortSpec')),
    examples.fitting('step-type', { ...about, version, config_schema }),
  ].join('\n\n');
}

const sample = {
  type_id: 'acme_ocr',
  version: '2.1.0',
  display_name: 'ACME OCR',
  description: 'Reads the text of a picture.',
  category: 'integration',
  icon: 'scan',
  color: '#0f766e',
  input_ports: [{ name: 'input', type: 'object', description: '`{url}` of the picture.', required: true }],
  output_ports: [{ name: 'output', type: 'string', description: 'The text.', required: true }],
  supports_retry: true,
  supports_timeout: true,
  supports_parallel: true,
  is_async: false,
  docs_url: 'https://example.com/acme-ocr',
  examples: [{ language: 'en' }],
  permissions: ['http', 'secret:acme_key'],
  config_schema: {
    type: 'object',
    properties: { language: { type: 'string', default: 'en' } },
    additionalProperties: false,
  },
};

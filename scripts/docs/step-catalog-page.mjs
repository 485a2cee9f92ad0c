/** docs/contracts/step-catalog.md */
import {
  celKeyword,
  expectedKeyword,
  literalKeyword,
  StepTypeMetadata,
  schemaKeyword,
  stepCategories,
  templateKeyword,
} from '@llmteam/contracts';
import { fieldTable } from './field-table.mjs';
import { code, generated, page, table } from './markdown.mjs';
import { plainSchema } from './plain-schema.mjs';

export function stepCatalogPage({ catalog }, examples) {
  const types = catalog.list().sort(byCategory);
  const kindOf = ({ type_id, version }) => (catalog.find(type_id, version).control === null ? 'task' : 'control');
  return page(
    generated,
    '# Step catalog',
    `The ${types.length} built-in step types. \`llmteam catalog\` lists them together with those of your plugins;
\`llmteam catalog TYPE --json\` prints all metadata of one type. **Task** types run on workers and may do anything their
permissions allow; **control** types are pure state machines inside the engine and need no job.`,
    table(
      ['type', 'category', 'kind', 'description'],
      types.map((type) => [`[${code(type.type_id)}](#${type.type_id})`, type.category, kindOf(type), type.description]),
    ),
    `Every step also has a port \`error\`: if its last attempt fails and an edge leads from that port, the edge carries the
[ErrorInfo](event-contract.md#errorinfo) and the run continues. A config string may contain \`\${ CEL }\`. Where the table says \`CEL\`,
the whole string is an [expression](segment-json.md#expressions); where it says no \`\${…}\`, the value is taken as written, and a
segment with \`\${\` there is refused.`,
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
    table(['port', 'direction', 'type', 'description'], ports(type)),
    fieldTable(root),
    facts(type),
    shown.length === 1 ? 'Example config:' : 'Example configs:',
    ...shown,
  ].join('\n\n');
}

function ports({ input_ports, output_ports, type_id }) {
  const row = (direction) => (port) => [code(port.name), direction, port.type, port.description];
  const dynamic =
    output_ports.length === 0 ? [['*', 'out', 'any', dynamicPorts[type_id] ?? 'Depends on the config.']] : [];
  return [...input_ports.map(row('in')), ...output_ports.map(row('out')), ...dynamic];
}

/** The output ports of types where they depend on the config. */
const dynamicPorts = {
  switch: 'The input, on the port of the first case that matches, or on `default_port`.',
  parallel_split: '`branch_1` … `branch_N`: the input, or a share of it.',
};

function facts({ supports_retry, supports_timeout, is_async, permissions }) {
  const words = [
    supports_retry ? 'Retried according to `retry`.' : 'Has no attempts: `retry` is refused.',
    supports_timeout ? 'Subject to `timeout_seconds`.' : '`timeout_seconds` is refused.',
    is_async ? 'Waits for something outside the run.' : '',
    permissions.length > 0 ? `Permissions: ${permissions.map((permission) => code(permission)).join(', ')}.` : '',
  ].filter((word) => word !== '');
  return words.join(' ');
}

function metadataSection(examples) {
  const { root, definitions } = plainSchema(StepTypeMetadata);
  const { version, config_schema, ...about } = sample;
  return [
    '## StepTypeMetadata',
    `How a plugin describes a step type; \`llmteam catalog TYPE --json\` prints it. Schema:
[step-type.schema.json](schemas/step-type.schema.json).`,
    fieldTable(root, (name) => `[${name}](#portspec)`),
    '### PortSpec',
    fieldTable(definitions.get('PortSpec')),
    examples.fitting('step-type', { ...about, version, config_schema }),
    '### Keywords of config schemas',
    'Besides those of JSON Schema 2020-12. They say how a value is used, and what is checked when a segment is loaded.',
    table(['keyword', 'value', 'meaning'], keywords),
  ].join('\n\n');
}

const keywords = [
  [code(celKeyword), '`any`, `boolean`, `list`', 'The string is a CEL expression with a result of this type.'],
  [
    code(expectedKeyword),
    'text',
    'What the `pattern` beside it asks for, in words for messages: `an http or https URL`.',
  ],
  [code(literalKeyword), '`true`', '`${…}` is not filled in; a segment with `${` there is refused.'],
  [
    code(schemaKeyword),
    '`true`, `{refused: […]}`',
    'The value is a JSON Schema: one that the kernel validates with, or one that the type does, without the keywords in `refused`.',
  ],
  [
    code(templateKeyword),
    '`true`',
    'The string is a text with `${…}`, `{name}` for a field of the input and `{.}` for the whole input.',
  ],
];

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
  permissions: ['client:acme', 'secret:acme_key'],
  config_schema: {
    type: 'object',
    properties: { language: { type: 'string', default: 'en' } },
    additionalProperties: false,
  },
};

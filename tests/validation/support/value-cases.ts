/** Problems of single values: options, literals, templates, secrets, schemas, formats, ports and keys of the input. */
import type { JsonObject } from '@llmteam/contracts';
import { agent, type ProblemCase, reading, two } from './problem-case.js';
import { edge, segment, step } from './segments.js';
import { knownNames } from './test-catalog.js';

const request = (config: JsonObject): JsonObject => segment([step('a', { type: 'request', config })]);
const form = (schema: JsonObject): JsonObject =>
  segment([step('a', { type: 'human_task', config: { form: schema } })], [], { params: { timeout_seconds: null } });
const closed = { type: 'object', properties: { name: { type: 'string' } }, additionalProperties: false };

export const valueCases: readonly ProblemCase[] = [
  {
    code: 'DUPLICATE_EDGE',
    about: 'an edge written twice',
    path: '/edges/1',
    wrong: segment([step('a'), step('b', { type: 'parallel_join' })], ['a -> b', 'a.output -> b.input']),
    right: segment(
      [step('a'), step('b', { type: 'parallel_join' })],
      [
        'a -> b',
        'a -> b.other',
        edge('a -> b', { condition: 'value == 1' }),
        edge('a -> b', { condition: 'value == 2' }),
      ],
    ),
  },
  {
    code: 'UNSUPPORTED_OPTION',
    about: 'a time limit that the type does not honor',
    path: '/steps/0/timeout_seconds',
    wrong: segment([step('a', { type: 'condition', config: { expression: 'true' }, timeout_seconds: 1 })]),
    right: segment([step('a', { timeout_seconds: 1 })]),
  },
  {
    code: 'UNSUPPORTED_OPTION',
    about: 'a retry policy that the type does not honor',
    path: '/steps/0/retry',
    wrong: segment([step('a', { type: 'condition', config: { expression: 'true' }, retry: {} })]),
    right: segment([step('a', { type: 'parallel_join', retry: {} })]),
  },
  {
    code: 'UNSUPPORTED_OPTION',
    about: 'a time limit in the queue of a step that never queues',
    path: '/steps/0/queue_timeout_seconds',
    wrong: segment([step('a', { type: 'parallel_join', queue_timeout_seconds: 1 })]),
    right: segment([step('a', { queue_timeout_seconds: 1 })]),
  },
  {
    code: 'LITERAL_TEMPLATE',
    about: '`${…}` in a name',
    path: '/steps/0/config/signal',
    wrong: segment([step('a', { type: 'delay', config: { seconds: 1, signal: '${input.name}' } })]),
    right: segment([step('a', { type: 'delay', config: { seconds: 1, signal: 'paid', mode: '${input.name}' } })]),
  },
  {
    code: 'LITERAL_TEMPLATE',
    about: '`${…}` in a port',
    path: '/steps/0/config/ports/0',
    wrong: segment([step('a', { type: 'route', config: { ports: ['${input.port}'] } })]),
    right: segment([step('a', { type: 'route', config: { ports: ['left'] } })]),
  },
  {
    code: 'LITERAL_TEMPLATE',
    about: '`${…}` in a key',
    severity: 'warning',
    path: '/steps/0/config/body',
    wrong: request({ body: { '${input.key}': 1 } }),
    right: request({ body: { key: '${input.key}' } }),
  },
  {
    code: 'FOREIGN_TEMPLATE',
    about: '`{{name}}` in a prompt',
    severity: 'warning',
    path: '/steps/0/config/user_prompt_template',
    wrong: agent({ user_prompt_template: 'About {{ topic }}.' }),
    right: agent({ user_prompt_template: 'About {topic}, in {{{topic}}}, as {"a": {"b": 1}}.' }),
  },
  ...['{user.name}', '{items[0]}', '{ input.user.name }', 'a {{"b": {user.name}}}'].map((wrong) => ({
    code: 'FOREIGN_TEMPLATE' as const,
    about: `\`${wrong}\` in a prompt, where {name} takes one name`,
    severity: 'warning' as const,
    path: '/steps/0/config/user_prompt_template',
    wrong: agent({ user_prompt_template: `Greet ${wrong}.` }),
    right: agent({ user_prompt_template: 'Greet ${input.user.name}, as $${a.b}, {"a": 1.5}, { a } or {e.g. this}.' }),
  })),
  {
    code: 'FOREIGN_TEMPLATE',
    about: '`{{name}}` in another string',
    severity: 'warning',
    path: '/steps/0/config/body/text',
    wrong: request({ body: { text: '{{name}}' } }),
    right: request({ body: { text: '${input.name}' } }),
  },
  {
    code: 'SECRET_IN_SEGMENT',
    about: 'a credential in a header',
    path: '/steps/0/config/headers/Authorization',
    wrong: request({ headers: { Authorization: 'Bearer abc' } }),
    right: request({ headers: { Authorization: 'Bearer ${input.token}', Accept: 'text/html' } }),
  },
  {
    code: 'SECRET_IN_SEGMENT',
    about: 'the form of a key in a header of any name',
    path: '/steps/0/config/headers/X-Tenant',
    wrong: request({ headers: { 'X-Tenant': `sk-${'a1'.repeat(12)}` } }),
    right: request({ headers: { 'X-Tenant': 'sk-small' } }),
  },
  {
    code: 'SECRET_IN_SEGMENT',
    about: '`env:NAME`, which only the configuration reads',
    path: '/steps/0/config/body/key',
    wrong: request({ body: { key: 'env:API_KEY' } }),
    right: request({ body: { key: 'environment: API_KEY' } }),
  },
  {
    code: 'SCHEMA_VIOLATION',
    about: 'a form that is no schema',
    path: '/steps/0/config/form/properties/age/type',
    wrong: form({ properties: { age: { type: 'nubmer' } } }),
    right: form({ properties: { age: { type: 'number' }, name: { enum: '${input.names}' } } }),
  },
  {
    code: 'SCHEMA_VIOLATION',
    about: 'a form that refers to nothing',
    path: '/steps/0/config/form/$ref',
    wrong: form({ $ref: '#/$defs/person' }),
    right: form({ $ref: '#/$defs/person', $defs: { person: {} } }),
  },
  {
    code: 'SCHEMA_VIOLATION',
    about: 'a schema of the type itself that is none',
    path: '/steps/0/config/output_schema/type',
    wrong: agent({ output_schema: { type: 'text' } }),
    right: agent({
      output_schema: { $schema: 'http://json-schema.org/draft-07/schema#', items: [{}], discriminator: {} },
    }),
  },
  {
    code: 'SCHEMA_VIOLATION',
    about: 'a keyword that the type refuses',
    path: '/steps/0/config/output_schema/properties/a/pattern',
    wrong: agent({ output_schema: { properties: { a: { pattern: 'x' } } } }),
    right: agent({ output_schema: { properties: { a: { enum: ['x'] } } } }),
  },
  ...['other.json#/x', 'http://example.org/x', '#/not/there', '#nowhere'].map((reference) => ({
    code: 'SCHEMA_VIOLATION' as const,
    about: `a schema of the type itself that refers to ${reference}`,
    path: '/steps/0/config/output_schema/properties/a/items/0/$ref',
    wrong: agent({ output_schema: { properties: { a: { items: [{ $ref: reference }] } } } }),
    right: agent({
      output_schema: {
        properties: { a: { items: { $ref: '#here' } }, b: { $ref: '#/$defs/x' }, $ref: { const: reference } },
        $defs: { x: { $anchor: 'here' } },
      },
    }),
  })),
  {
    code: 'SCHEMA_VIOLATION',
    about: 'a form that refers to an anchor that is not there',
    path: '/steps/0/config/form/$ref',
    wrong: form({ $ref: '#person' }),
    right: form({ $ref: '#person', $defs: { person: { $anchor: 'person' } } }),
  },
  {
    code: 'SCHEMA_VIOLATION',
    about: 'a URL that is none',
    path: '/steps/0/config/url',
    wrong: request({ url: 'example.com/path' }),
    right: request({ url: 'https://münchen.example/päth?q=a|b' }),
  },
  {
    code: 'SCHEMA_VIOLATION',
    about: 'a port of a config with an invalid name',
    path: '/steps/0/config/ports/1',
    wrong: segment([step('a', { type: 'route', config: { ports: ['left', 'to the right'] } })]),
    right: segment([step('a', { type: 'route', config: { ports: ['left', 'right'] } })]),
  },
  {
    code: 'SCHEMA_VIOLATION',
    about: 'a port of a config that takes the name of the failure port',
    path: '/steps/0/config/ports/0',
    wrong: segment([step('a', { type: 'route', config: { ports: ['error'] } })]),
    right: segment([step('a', { type: 'route', config: { ports: ['errors'] } })]),
  },
  {
    code: 'DUPLICATE_ID',
    about: 'a port that the step has anyway',
    severity: 'warning',
    path: '/steps/0/ports/output/0',
    wrong: segment([step('a', { ports: { output: ['output'] } })]),
    right: segment([step('a', { ports: { output: ['more'] } })]),
  },
  {
    code: 'UNKNOWN_VARIABLE',
    about: 'a key of the input that a closed schema excludes',
    path: '/steps/1/config/text',
    wrong: { ...reading('run.input.nmae'), input_schema: closed },
    right: { ...reading('run.input.name'), input_schema: closed },
  },
  {
    code: 'UNKNOWN_VARIABLE',
    about: 'a key of the input of the first step that a closed schema excludes',
    path: '/steps/0/config/text',
    wrong: segment([step('a', { config: { text: '${input.nmae}' } })], [], { input_schema: closed }),
    right: reading('input.nmae'),
  },
  {
    code: 'UNKNOWN_VARIABLE',
    about: 'a placeholder that a closed schema excludes',
    path: '/steps/0/config/user_prompt_template',
    wrong: { ...agent({ user_prompt_template: 'To {nmae}' }), input_schema: closed },
    right: { ...agent({ user_prompt_template: 'To {name}, {input}, {"nmae": 1}' }), input_schema: closed },
  },
  {
    code: 'UNKNOWN_VARIABLE',
    about: 'an output that reads what a closed schema excludes deep within',
    path: '/output',
    wrong: { ...two, output: 'input.who.nmae', input_schema: { properties: { who: closed } } },
    right: { ...two, output: 'input.who.name + input.nmae', input_schema: { properties: { who: closed } } },
  },
  {
    code: 'AMBIGUOUS_PLACEHOLDER',
    about: '{input}, where the input may have such a field',
    severity: 'warning',
    path: '/steps/0/config/user_prompt_template',
    wrong: { ...agent({ user_prompt_template: '{input}' }), input_schema: { properties: { input: true } } },
    right: { ...agent({ user_prompt_template: '{.}' }), input_schema: { properties: { input: true } } },
  },
  {
    code: 'VARIABLE_NOT_SET',
    about: 'a model whose key is not set',
    severity: 'warning',
    path: '/steps/0/config/fallback_llm_refs/0',
    wrong: agent({ fallback_llm_refs: ['keyed'] }),
    right: agent({}),
    context: {
      refs: {
        llm_ref: { ...knownNames('gpt4', 'keyed'), unset: (name) => (name === 'keyed' ? ['SOME_KEY'] : []) },
      },
    },
  },
];

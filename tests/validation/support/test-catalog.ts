/** Step types for the tests of the validator: one per feature of a type. */
import type { ControlType, JsonObject, PortSpec, StepTypeMetadata, TaskType } from '@llmteam/contracts';
import { createExpressionCompiler, StepCatalog, type ValidationContext } from '@llmteam/kernel';

interface Sketch {
  readonly type_id: string;
  readonly config_schema?: JsonObject;
  readonly inputs?: readonly string[];
  readonly outputs?: readonly string[];
  /** Whether `retry` and `timeout_seconds` of a step are honored. Default: true. */
  readonly isLimited?: boolean;
}

function metadata({
  type_id,
  config_schema,
  inputs = ['input'],
  outputs = ['output', 'error'],
  isLimited = true,
}: Sketch) {
  return {
    type_id,
    display_name: type_id,
    description: 'For tests.',
    category: 'utility',
    icon: 'box',
    color: '#000000',
    config_schema: config_schema ?? { type: 'object' },
    input_ports: inputs.map(port),
    output_ports: outputs.map(port),
    supports_retry: isLimited,
    supports_timeout: isLimited,
    supports_parallel: true,
    is_async: false,
    docs_url: '',
    examples: [],
    permissions: [],
  } satisfies Omit<StepTypeMetadata, 'version'>;
}

function port(name: string): PortSpec {
  return { name, type: 'any', description: '', required: false };
}

function task(sketch: Sketch): TaskType<JsonObject> {
  return { kind: 'task', metadata: metadata(sketch), run: () => Promise.resolve({}) };
}

function control(sketch: Sketch, more: Partial<ControlType> = {}): ControlType {
  return { kind: 'control', metadata: metadata(sketch), react: () => ({ directives: [] }), ...more };
}

const strict = (properties: JsonObject, more: JsonObject = {}): JsonObject => ({
  type: 'object',
  properties,
  additionalProperties: false,
  ...more,
});
const text = { type: 'string' };
const cel = (result: string): JsonObject => ({ type: 'string', 'x-cel': result });

const llmAgent = task({
  type_id: 'llm_agent',
  config_schema: strict(
    {
      llm_ref: text,
      fallback_llm_refs: { type: 'array', items: text },
      system_prompt: { type: 'string', maxLength: 1_000 },
      user_prompt_template: { type: 'string', 'x-template': true },
      output_schema: { type: 'object', 'x-schema': { refused: ['pattern'] } },
      temperature: { type: 'number', minimum: 0, maximum: 2 },
      output_format: { type: 'string', enum: ['text', 'json', 'markdown'] },
      tools: { type: 'array', items: strict({ name: text, client_ref: text }, { required: ['name'] }) },
    },
    { required: ['llm_ref'] },
  ),
});

/** Unions and conditions, as real config schemas have them. */
const delay = task({
  type_id: 'delay',
  config_schema: strict(
    {
      seconds: { type: 'number', exclusiveMinimum: 0 },
      until: { type: 'string', format: 'date-time' },
      mode: { type: 'string', enum: ['plain', 'noted'] },
      note: text,
      limit: { anyOf: [{ type: 'number', minimum: 1 }, { type: 'null' }] },
      signal: { type: 'string', pattern: '^[a-z]+$', 'x-literal': true },
    },
    {
      oneOf: [{ required: ['seconds'] }, { required: ['until'] }],
      if: { properties: { mode: { const: 'noted' } }, required: ['mode'] },
      // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
      then: { required: ['note'] },
      else: { properties: { note: false } },
    },
  ),
});

const request = task({
  type_id: 'request',
  config_schema: strict({ url: { type: 'string', format: 'uri' }, headers: { type: 'object' }, body: {} }),
});

const echo = task({ type_id: 'echo', inputs: ['input', 'extra'] });
const anything = task({ type_id: 'anything', inputs: ['*'], outputs: ['*'] });
const query = task({ type_id: 'query', inputs: ['query'], outputs: ['rows', 'count'] });
const condition = control({
  type_id: 'condition',
  config_schema: strict({ expression: cel('boolean') }, { required: ['expression'] }),
  outputs: ['true', 'false'],
  isLimited: false,
});
const route = control(
  {
    type_id: 'route',
    config_schema: strict(
      { ports: { type: 'array', items: { type: 'string', 'x-literal': true } } },
      { required: ['ports'] },
    ),
    outputs: [],
  },
  { ports: ({ ports }) => ({ output: ports as string[] }) },
);
const join = control(
  { type_id: 'parallel_join', config_schema: strict({ merge_strategy: text }), inputs: ['*'], outputs: ['output'] },
  { activation: 'each' },
);
const loop = control(
  {
    type_id: 'loop',
    config_schema: strict({ condition: cel('boolean'), items: cel('list'), max_iterations: { type: 'integer' } }),
    inputs: ['input', 'next'],
    outputs: ['body', 'done', 'error'],
  },
  { hasRegion: true },
);
const humanTask = control({
  type_id: 'human_task',
  config_schema: strict({
    title: text,
    timeout_hours: { type: 'number' },
    assignee_ref: text,
    form: { type: 'object', 'x-schema': true },
  }),
  outputs: ['approved', 'rejected'],
  isLimited: false,
});

interface Tool {
  readonly name: string;
  readonly type: string;
  readonly config?: JsonObject;
  /** Its `retry` and `timeout_seconds`, unchecked. */
  readonly limits?: JsonObject;
}

/** Each of its tools is an inner step. */
const agent = control(
  {
    type_id: 'agent',
    config_schema: strict({
      tools: {
        type: 'array',
        items: strict({
          name: text,
          type: text,
          config: { type: 'object', 'x-inner-config': true },
          limits: { type: 'object' },
        }),
      },
    }),
  },
  {
    innerSteps: ({ tools = [] }) =>
      (tools as unknown as Tool[]).map(({ name, type, config = {}, limits = {} }, index) => {
        return { step_id: name, type, config, at: `/tools/${index}`, ...limits };
      }),
  },
);

/** Runs itself, and that again. */
const endless = control(
  { type_id: 'endless' },
  { innerSteps: () => [{ step_id: 'again', type: 'endless', config: {} }] },
);

export function testCatalog(): StepCatalog {
  const catalog = new StepCatalog();
  for (const type of [
    llmAgent,
    delay,
    request,
    echo,
    anything,
    query,
    condition,
    route,
    join,
    loop,
    humanTask,
    agent,
    endless,
  ]) {
    catalog.add(type, '1.4.0', 'tests');
  }
  for (const version of ['1.0.0', '2.3.0']) catalog.add(task({ type_id: 'acme_ocr' }), version, 'acme');
  const foreign = {
    plugin: 'foreign',
    isOurs: false,
    grant: 'declared',
    isInProcess: false,
    resources: () => undefined,
  } as const;
  for (const version of ['1.2.0', '2.0.0']) catalog.add(task({ type_id: 'foreign' }), version, foreign);
  const limited = { ...foreign, plugin: 'limited', grant: ['llm:gpt4', 'client:shop'] };
  for (const [typeId, permissions] of [
    ['limited', ['llm:*', 'client:shop']],
    ['sealed', ['secret:acme_key']],
  ] as const) {
    const type = task({ type_id: typeId });
    catalog.add({ ...type, metadata: { ...type.metadata, permissions: [...permissions] } }, '1.0.0', limited);
  }
  return catalog;
}

export function testContext(more: Partial<ValidationContext> = {}): ValidationContext {
  return { catalog: testCatalog(), compiler: createExpressionCompiler(), ...more };
}

/** The known names of one kind of resource. */
export function knownNames(...names: readonly string[]): { has(name: string): boolean; names(): readonly string[] } {
  return { has: (name) => names.includes(name), names: () => names };
}

import {
  definePlugin,
  defineProvider,
  defineResources,
  defineTask,
  type JsonObject,
  type TaskContext,
  Type,
} from '@llmteam/plugin';
import { runTask, testRuntime } from '@llmteam/testing';
import * as assert from 'uvu/assert';
import { spec } from '../../support/spec.js';

const count = defineTask({
  type: 'word_count',
  run: (_context, _config, input) => ({ output: String(input).split(' ').length }),
});

function portsOf(input: Parameters<typeof defineTask>[0]['input']): JsonObject {
  const { metadata } = defineTask({ type: 'one', ...(input && { input }), run: () => ({ output: null }) });
  return JSON.parse(JSON.stringify(metadata.input_ports[0])) as JsonObject;
}

spec('@llmteam/plugin: definitions', (test) => {
  test('everything but the type and the handler has a default', () => {
    const { metadata } = count;
    assert.is(metadata.display_name, 'Word count');
    assert.is(metadata.category, 'utility');
    assert.equal(metadata.config_schema, { type: 'object', properties: {}, additionalProperties: false });
    assert.equal(metadata.input_ports, [{ name: 'input', type: 'any', description: '', required: false }]);
    assert.equal(metadata.output_ports, [{ name: 'output', type: 'any', description: '', required: true }]);
    assert.equal(metadata.examples, []);
    assert.is(metadata.permissions, undefined, 'all that the manifest declares');
  });

  test('a step type of five lines runs in a segment', async () => {
    const runtime = await testRuntime({ plugins: [definePlugin({ name: 'words', stepTypes: [count] })] });
    const segment = {
      segment_id: 'words',
      name: 'Words',
      entrypoint: 'count',
      steps: [{ step_id: 'count', type: 'word_count', config: {} }],
    };
    const run = await runtime.start(segment, 'a b c');
    assert.is((await run.result()).output, 3);
    await runtime.close();
  });

  test('a port is described by its schema', () => {
    assert.equal(portsOf(Type.String({ description: 'A text.' })), {
      name: 'input',
      type: 'string',
      description: 'A text.',
      required: true,
    });
    assert.equal(portsOf(Type.Optional(Type.Number())), {
      name: 'input',
      type: 'number',
      description: '',
      required: false,
    });
    assert.equal(portsOf(Type.Integer({ default: 3 })), {
      name: 'input',
      type: 'any',
      description: '',
      required: false,
      default: 3,
      schema: { type: 'integer' },
    });
    assert.equal(portsOf(Type.Union([Type.String(), Type.Null()])), {
      name: 'input',
      type: 'any',
      description: '',
      required: true,
      schema: { anyOf: [{ type: 'string' }, { type: 'null' }] },
    });
  });

  test('a value on a port is checked against a schema with $ref, limits and unions', async () => {
    const tree = Type.Cyclic(
      { Node: Type.Object({ name: Type.String({ maxLength: 3 }), nodes: Type.Array(Type.Ref('Node')) }) },
      'Node',
    );
    const type = defineTask({
      type: 'tree',
      input: tree,
      outputs: { output: Type.String() },
      run: (_context, _config, input) => ({ output: input.name }),
    });
    assert.equal((await runTask(type, { input: { name: 'a', nodes: [{ name: 'b', nodes: [] }] } })).ports, {
      output: 'a',
    });
    const { error } = await runTask(type, { input: { name: 'a', nodes: [{ name: 'long', nodes: [] }] } });
    assert.is(error?.error_code, 'STEP_INPUT_INVALID');
  });

  test('a config property with a default need not be given, and is there in the handler', async () => {
    const type = defineTask({
      type: 'repeat',
      config: Type.Object({
        times: Type.Integer({ default: 2 }),
        word: Type.String(),
        default: Type.Object({ deep: Type.Integer({ default: 1 }) }, { default: {} }),
        required: Type.Boolean({ default: false }),
      }),
      run: (_context, config) => ({ output: { ...config } }),
    });
    assert.equal(type.metadata.config_schema.required, ['word']);
    const { properties } = type.metadata.config_schema as unknown as { properties: { default: JsonObject } };
    assert.not(Object.hasOwn(properties.default, 'required'), 'a property may be called default');
    const { ports } = await runTask(type, { config: { word: 'a' } });
    assert.equal(ports, { output: { word: 'a', times: 2, default: { deep: 1 }, required: false } });
    assert.is((await runTask(type, {})).error?.error_code, 'STEP_CONFIG_INVALID');
  });

  test('the default of an input port is there when nothing arrives', async () => {
    const type = defineTask({
      type: 'join',
      input: Type.String({ default: 'a' }),
      inputs: { glue: Type.String({ default: '-' }), rest: Type.Optional(Type.String()) },
      outputs: { output: Type.String() },
      run({ ports, step_id }, _config, input) {
        return { output: [input, ports.rest ?? step_id].join(ports.glue) };
      },
    });
    assert.equal((await runTask(type)).ports, { output: 'a-step' });
    assert.equal((await runTask(type, { input: 'b', ports: { glue: '+', rest: 'c' } })).ports, { output: 'b+c' });
    assert.equal((await runTask(type, { ports: { glue: null } })).ports, { output: 'a-step' });
  });

  test('the wrong use of a definition is refused by name', () => {
    const run = () => ({ output: null });
    assert.throws(() => defineTask({ type: 'one', inputs: { input: Type.String() }, run }), /'one': the port 'input'/);
    assert.throws(() => defineTask({ type: 'one', concurrency: 0, run }), /'one': concurrency is 0/);
    const config = Type.Object({ at: Type.Optional(Type.Any()) });
    for (const at of [1n, Number.NaN, new Date(0), () => 1]) {
      assert.throws(
        () => defineTask({ type: 'one', config, examples: [{}, { at }], run }),
        /'one': examples\[1\] is not JSON/,
      );
    }
  });

  test('what start returns is context.resources of every step type that names it, and stop gets it', async () => {
    const log: string[] = [];
    const pool = defineResources({
      start: ({ settings }) => {
        log.push('start');
        return { size: Number(settings.size) };
      },
      stop: ({ size }) => void log.push(`stop ${size}`),
    });
    const size = (context: TaskContext<{ size: number }>) => ({ output: context.resources.size });
    const stepTypes = ['one', 'two'].map((type) => defineTask({ type, resources: pool, run: size }));
    const plugin = definePlugin({ name: 'pooled', stepTypes: [...stepTypes, count] });
    const runtime = await testRuntime({ plugins: [{ plugin, settings: { size: 4 } }] });
    for (const type of ['one', 'two']) {
      const run = await runtime.start({ segment_id: 's', name: 'S', entrypoint: 'a', steps: [{ step_id: 'a', type }] });
      assert.is((await run.result()).output, 4);
    }
    await runtime.close();
    assert.equal(log, ['start', 'stop 4']);
    const other = defineTask({
      type: 'three',
      resources: defineResources({ start: () => 1 }),
      run: () => ({ output: 1 }),
    });
    assert.throws(
      () => definePlugin({ name: 'pooled', stepTypes: [...stepTypes, other] }),
      /'pooled'.*different resources/,
    );
  });

  test('a provider says what its config is, with defaults that need not be given', () => {
    const provider = defineProvider({
      id: 'acme',
      config: Type.Object({ key: Type.String({ writeOnly: true }), model: Type.String({ default: 'small' }) }),
      create: ({ model }) => ({ provider: 'acme', model, generate: () => Promise.reject(new Error('not here')) }),
    });
    assert.equal(provider.config_schema.required, ['key']);
    assert.is(provider.create({ key: 'k', model: 'large' }, { fetch }).model, 'large');
    assert.is(provider.create({ key: 'k' }, { fetch }).model, 'small');
  });
});

/** Every problem code: a segment that has the problem, and the most similar one that does not. */
import { type JsonObject, type ProblemCode, problemCodes } from '@llmteam/contracts';
import type { ValidationContext } from '@llmteam/kernel';
import * as assert from 'uvu/assert';
import { spec } from '../support/spec.js';
import { briefly, chain, edge, problemsOf, segment, step, withValue } from './support/segments.js';
import { knownNames, testContext } from './support/test-catalog.js';

interface Case {
  readonly code: ProblemCode;
  readonly about: string;
  readonly severity?: 'warning' | 'info';
  readonly path: string;
  readonly wrong: JsonObject;
  /** The similar segment without the problem. */
  readonly right: JsonObject;
  readonly context?: Partial<ValidationContext>;
}

const two = chain('a', 'b');
const looped = (more: readonly string[] = [], ...steps: readonly JsonObject[]): JsonObject =>
  segment(
    [step('start'), step('each', { type: 'loop' }), step('work'), step('last'), ...steps],
    ['start -> each', 'each.body -> work', 'work -> each.next', 'each.done -> last', ...more],
  );
const agent = (config: JsonObject): JsonObject =>
  segment([step('a', { type: 'llm_agent', config: { llm_ref: 'gpt4', ...config } })]);
const reading = (expression: string): JsonObject =>
  segment([step('a'), step('b', { config: { text: `\${${expression}}` } })], ['a -> b']);
const branches = (expression: string): JsonObject =>
  segment(
    [
      step('ask', { type: 'condition', config: { expression: 'input.ok' } }),
      step('yes'),
      step('no'),
      step('last', { config: { text: expression } }),
    ],
    ['ask.true -> yes', 'ask.false -> no', 'yes -> last', 'no -> last.extra'],
  );
const nested = (depth: number): JsonObject => {
  const ids = Array.from({ length: depth }, (_, at) => `loop${at}`);
  const steps = [...ids.map((id) => step(id, { type: 'loop' })), step('core')];
  const edges = ids.flatMap((id, at) => {
    const inner = ids[at + 1];
    return inner === undefined
      ? [`${id}.body -> core`, `core -> ${id}.next`]
      : [`${id}.body -> ${inner}`, `${inner}.done -> ${id}.next`];
  });
  return segment(steps, edges);
};

const cases: readonly Case[] = [
  {
    code: 'MISSING_FIELD',
    about: 'a key of the segment',
    path: '/name',
    wrong: withValue(two, ['name'], undefined),
    right: two,
  },
  {
    code: 'MISSING_FIELD',
    about: 'a key of a step',
    path: '/steps/1/type',
    wrong: withValue(two, ['steps', 1, 'type'], undefined),
    right: two,
  },
  {
    code: 'MISSING_FIELD',
    about: 'a key of a config',
    path: '/steps/0/config/llm_ref',
    wrong: withValue(agent({}), ['steps', 0, 'config'], {}),
    right: agent({}),
  },
  {
    code: 'INVALID_TYPE',
    about: 'a list of steps that is none',
    path: '/steps',
    wrong: withValue(two, ['steps'], 'a'),
    right: two,
  },
  {
    code: 'INVALID_TYPE',
    about: 'a step that is a text',
    path: '/steps/1',
    wrong: withValue(segment([step('a'), step('b')]), ['steps', 1], 'b'),
    right: two,
  },
  {
    code: 'INVALID_TYPE',
    about: 'a value in a config',
    path: '/steps/0/config/temperature',
    wrong: agent({ temperature: 'hot' }),
    right: agent({ temperature: 1.5 }),
  },
  {
    code: 'INVALID_TYPE',
    about: 'a union in params',
    path: '/params/timeout_seconds',
    wrong: { ...two, params: { timeout_seconds: 'soon' } },
    right: { ...two, params: { timeout_seconds: null } },
  },
  {
    code: 'UNKNOWN_FIELD',
    about: 'a key of the segment',
    path: '/nme',
    wrong: { ...two, nme: 'x' },
    right: { ...two, $schema: 'x', metadata: { nme: 1 } },
  },
  {
    code: 'UNKNOWN_FIELD',
    about: 'a key of a config',
    path: '/steps/0/config/temprature',
    wrong: agent({ temprature: 1 }),
    right: agent({ temperature: 1 }),
  },
  {
    code: 'INVALID_ID_FORMAT',
    about: 'capitals in a step id',
    path: '/steps/0/step_id',
    wrong: chain('A'),
    right: chain('a'),
  },
  {
    code: 'INVALID_ID_FORMAT',
    about: 'a step id of 65 characters',
    path: '/steps/0/step_id',
    wrong: chain('a'.repeat(65)),
    right: chain('a'.repeat(64)),
  },
  {
    code: 'INVALID_ID_FORMAT',
    about: 'a port name',
    path: '/steps/0/ports/output/0',
    wrong: withValue(two, ['steps', 0, 'ports'], { output: ['A'] }),
    right: withValue(two, ['steps', 0, 'ports'], { output: ['more'] }),
  },
  {
    code: 'INVALID_ID_FORMAT',
    about: 'a step type',
    path: '/steps/0/type',
    wrong: segment([step('a', { type: 'Echo!' })]),
    right: segment([step('a', { type: 'echo' })]),
  },
  {
    code: 'DUPLICATE_ID',
    about: 'two steps',
    path: '/steps/1/step_id',
    wrong: segment([step('a'), step('a')]),
    right: two,
  },
  { code: 'EMPTY_SEGMENT', about: 'no steps', path: '/steps', wrong: segment([]), right: chain('a') },
  {
    code: 'INVALID_ENTRYPOINT',
    about: 'no such step',
    path: '/entrypoint',
    wrong: { ...two, entrypoint: 'c' },
    right: two,
  },
  {
    code: 'INVALID_ENTRYPOINT',
    about: 'inside a loop',
    path: '/entrypoint',
    wrong: { ...looped(), entrypoint: 'work' },
    right: looped(),
  },
  {
    code: 'UNKNOWN_TYPE',
    about: 'no such type',
    path: '/steps/0/type',
    wrong: segment([step('a', { type: 'ecco' })]),
    right: segment([step('a', { type: 'echo@1' })]),
  },
  {
    code: 'UNKNOWN_VERSION',
    about: 'no such version',
    path: '/steps/0/type',
    wrong: segment([step('a', { type: 'acme_ocr@^3' })]),
    right: segment([step('a', { type: 'acme_ocr@^2.1' })]),
  },
  {
    code: 'UNKNOWN_VERSION',
    about: 'no range',
    path: '/steps/0/type',
    wrong: segment([step('a', { type: 'acme_ocr@latest' })]),
    right: segment([step('a', { type: 'acme_ocr@1.x' })]),
  },
  {
    code: 'INVALID_REFERENCE',
    about: 'an edge from nowhere',
    path: '/edges/0/from',
    wrong: segment([step('a')], ['zz -> a']),
    right: two,
  },
  {
    code: 'INVALID_REFERENCE',
    about: 'an edge to nowhere',
    path: '/edges/0/to',
    wrong: segment([step('a')], ['a -> zz']),
    right: two,
  },
  {
    code: 'UNKNOWN_PORT',
    about: 'an output port',
    path: '/edges/0/from_port',
    wrong: segment([step('a'), step('b')], ['a.outptu -> b']),
    right: segment([step('a'), step('b')], ['a.error -> b']),
  },
  {
    code: 'UNKNOWN_PORT',
    about: 'an input port',
    path: '/edges/0/to_port',
    wrong: segment([step('a'), step('b')], ['a -> b.inptu']),
    right: segment([step('a'), step('b', { type: 'anything' })], ['a -> b.whatever']),
  },
  {
    code: 'UNKNOWN_PORT',
    about: 'the default port of a type that has it not',
    path: '/edges/0/to_port',
    wrong: segment([step('a'), step('b', { type: 'query' })], ['a -> b']),
    right: segment([step('a'), step('b', { type: 'query' })], ['a -> b.query']),
  },
  {
    code: 'UNKNOWN_PORT',
    about: 'a port its own list does not name',
    path: '/edges/0/from_port',
    wrong: segment([step('a'), step('b')], ['a.more -> b']),
    right: segment([step('a', { ports: { output: ['more'] } }), step('b')], ['a.more -> b']),
  },
  {
    code: 'UNKNOWN_PORT',
    about: 'a port its config does not give',
    path: '/edges/0/from_port',
    wrong: segment([step('a', { type: 'route', config: { ports: ['left'] } }), step('b')], ['a.right -> b']),
    right: segment([step('a', { type: 'route', config: { ports: ['left', 'right'] } }), step('b')], ['a.right -> b']),
  },
  {
    code: 'UNKNOWN_PORT',
    about: 'a port that an expression reads',
    path: '/steps/1/config/text',
    wrong: reading('steps.a.outptu'),
    right: reading('steps.a.output'),
  },
  {
    code: 'SCHEMA_VIOLATION',
    about: 'a number out of range',
    path: '/params/max_retries',
    wrong: { ...two, params: { max_retries: -1 } },
    right: { ...two, params: { max_retries: 0 } },
  },
  {
    code: 'SCHEMA_VIOLATION',
    about: 'a value not in the list',
    path: '/params/on_failure',
    wrong: { ...two, params: { on_failure: 'fail' } },
    right: { ...two, params: { on_failure: 'fail_fast' } },
  },
  {
    code: 'SCHEMA_VIOLATION',
    about: 'a config out of range',
    path: '/steps/0/config/temperature',
    wrong: agent({ temperature: 3 }),
    right: agent({ temperature: 2 }),
  },
  {
    code: 'SCHEMA_VIOLATION',
    about: 'an input_schema that is none',
    path: '/input_schema/type',
    wrong: { ...two, input_schema: { type: 'strng' } },
    right: { ...two, input_schema: { type: 'string' } },
  },
  {
    code: 'INVALID_EXPRESSION',
    about: 'a condition that is not CEL',
    path: '/edges/0/condition',
    wrong: segment([step('a'), step('b')], [edge('a -> b', { condition: 'value ==' })]),
    right: segment([step('a'), step('b')], [edge('a -> b', { condition: 'value == 1' })]),
  },
  {
    code: 'INVALID_EXPRESSION',
    about: 'a condition that gives a text',
    path: '/edges/0/condition',
    wrong: segment([step('a'), step('b')], [edge('a -> b', { condition: '"yes"' })]),
    right: segment([step('a'), step('b')], [edge('a -> b', { condition: 'value' })]),
  },
  {
    code: 'INVALID_EXPRESSION',
    about: 'a `${…}` in a config',
    path: '/steps/1/config/text',
    wrong: reading('1 +'),
    right: reading('1 + 1'),
  },
  {
    code: 'INVALID_EXPRESSION',
    about: 'a marked string of a config',
    path: '/steps/0/config/expression',
    wrong: withValue(branches('x'), ['steps', 0, 'config', 'expression'], 'input.ok &&'),
    right: withValue(branches('x'), ['steps', 0, 'config', 'expression'], 'input.ok && true'),
  },
  {
    code: 'INVALID_EXPRESSION',
    about: 'an output',
    path: '/output',
    wrong: { ...two, output: 'steps.' },
    right: { ...two, output: 'steps.b.output' },
  },
  {
    code: 'UNKNOWN_VARIABLE',
    about: 'no such name',
    path: '/output',
    wrong: { ...two, output: 'stpes.b.output' },
    right: { ...two, output: 'run.id' },
  },
  {
    code: 'UNKNOWN_VARIABLE',
    about: 'no such step',
    path: '/steps/1/config/text',
    wrong: reading('steps.z.output'),
    right: reading('steps.a.output'),
  },
  {
    code: 'UNKNOWN_VARIABLE',
    about: 'a step downstream',
    path: '/steps/0/config/text',
    wrong: withValue(two, ['steps', 0, 'config'], { text: '${steps.b.output}' }),
    right: withValue(two, ['steps', 1, 'config'], { text: '${steps.a.output}' }),
  },
  {
    code: 'UNKNOWN_VARIABLE',
    about: 'the step itself',
    path: '/steps/1/config/text',
    wrong: reading('steps.b.output'),
    right: reading('steps.a.output'),
  },
  {
    code: 'UNKNOWN_VARIABLE',
    about: '`loop` outside of loops',
    path: '/steps/1/config/text',
    wrong: reading('loop.index'),
    right: withValue(looped(), ['steps', 2, 'config'], { text: '${loop.index}' }),
  },
  {
    code: 'UNKNOWN_VARIABLE',
    about: '`value` in a config',
    path: '/steps/1/config/text',
    wrong: reading('value'),
    right: reading('input'),
  },
  {
    code: 'CYCLE',
    about: 'two steps',
    path: '/edges/2',
    wrong: segment([step('a'), step('b'), step('c')], ['a -> b', 'b -> c', 'c -> b.extra']),
    right: looped(),
  },
  {
    code: 'UNREACHABLE_STEP',
    about: 'a step without a path to it',
    severity: 'warning',
    path: '/steps/1',
    wrong: segment([step('a'), step('b')]),
    right: two,
  },
  {
    code: 'DEAD_END_BRANCH',
    about: 'a body that does not come back',
    path: '/steps/0',
    wrong: segment([step('each', { type: 'loop' }), step('work')], ['each.body -> work']),
    right: segment([step('each', { type: 'loop' }), step('work')], ['each.body -> work', 'work -> each.next']),
  },
  {
    code: 'SELF_LOOP',
    about: 'an edge from a step to itself',
    path: '/edges/1',
    wrong: segment([step('a'), step('b')], ['a -> b', 'b -> b.extra']),
    right: segment([step('a'), step('b')], ['a -> b']),
  },
  {
    code: 'REGION_ESCAPE',
    about: 'an edge that leaves past `next`',
    path: '/edges/4',
    wrong: looped(['work -> last.extra']),
    right: looped(['start -> last.extra']),
  },
  {
    code: 'REGION_ESCAPE',
    about: 'an edge that enters past `body`',
    path: '/edges/4',
    wrong: looped(['start -> work.extra']),
    right: looped(['each.body -> work.extra']),
  },
  {
    code: 'REGION_ESCAPE',
    about: 'an edge to `next` from outside',
    path: '/edges/4',
    wrong: looped(['start -> each.next']),
    right: looped(),
  },
  {
    code: 'UNKNOWN_REF',
    about: 'no such model',
    path: '/steps/0/config/llm_ref',
    wrong: agent({ llm_ref: 'gtp4' }),
    right: agent({}),
    context: { refs: { llm_ref: knownNames('gpt4') } },
  },
  {
    code: 'UNKNOWN_REF',
    about: 'one of a list',
    path: '/steps/0/config/fallback_llm_refs/1',
    wrong: agent({ fallback_llm_refs: ['gpt4', 'none'] }),
    right: agent({ fallback_llm_refs: ['gpt4', '${input.model}'] }),
    context: { refs: { llm_ref: knownNames('gpt4') } },
  },
  {
    code: 'UNKNOWN_REF',
    about: 'deep in a config',
    path: '/steps/0/config/tools/0/client_ref',
    wrong: agent({ tools: [{ name: 'x', client_ref: 'crm' }] }),
    right: agent({ tools: [{ name: 'x', client_ref: 'shop' }] }),
    context: { refs: { client_ref: knownNames('shop') } },
  },
  {
    code: 'NO_WORKER',
    about: 'a task type without a worker',
    severity: 'warning',
    path: '/steps/0/type',
    wrong: agent({}),
    right: chain('a'),
    context: { liveTypes: new Set(['echo']) },
  },
  { code: 'LIMIT_EXCEEDED', about: 'loops in loops', path: '/steps/16', wrong: nested(17), right: nested(16) },
  {
    code: 'LIMIT_EXCEEDED',
    about: 'a task that outlives the run',
    severity: 'warning',
    path: '/steps/0',
    wrong: segment([step('a', { type: 'human_task' })]),
    right: segment([step('a', { type: 'human_task' })], [], { params: { timeout_seconds: null } }),
  },
  {
    code: 'MAYBE_SKIPPED',
    about: 'a step on a branch',
    severity: 'warning',
    path: '/steps/3/config/text',
    wrong: branches('${steps.yes.output}'),
    right: branches('${has(steps.yes) ? steps.yes.output : "none"}'),
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
  {
    code: 'SEVERAL_EDGES',
    about: 'two edges to one port',
    severity: 'info',
    path: '/edges/2',
    wrong: segment([step('a'), step('b'), step('c')], ['a -> b', 'a -> c', 'b -> c']),
    right: segment([step('a'), step('b'), step('c', { type: 'parallel_join' })], ['a -> b', 'a -> c', 'b -> c']),
  },
];

spec('problem codes', (test) => {
  test('every code has a case here', () => {
    const tried = new Set(cases.map(({ code }) => code));
    assert.equal([...tried].sort(), Object.keys(problemCodes).sort());
  });

  for (const { code, about, severity = 'error', path, wrong, right, context } of cases) {
    test(`${code}: ${about} is told, once and at its place`, () => {
      const problems = problemsOf(wrong, testContext(context));
      assert.equal(briefly(problems), [`${severity} ${code} ${path}`], JSON.stringify(problems, null, 1));
    });
    test(`${code}: nothing is told where ${about} is as it should be`, () => {
      assert.equal(problemsOf(right, testContext(context)), []);
    });
  }
});

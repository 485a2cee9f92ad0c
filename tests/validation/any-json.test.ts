/** The validator returns a report for any JSON. */
import { type Json, type JsonObject, problemCodes } from '@llmteam/contracts';
import { validateSegment } from '@llmteam/kernel';
import fc from 'fast-check';
import * as assert from 'uvu/assert';
import { assertProperty } from '../support/random.js';
import { spec } from '../support/spec.js';
import { edge, segment, step } from './support/segments.js';
import { knownNames, testContext } from './support/test-catalog.js';

/** A valid segment that uses every feature. */
const whole: JsonObject = segment(
  [
    step('start', { type: 'llm_agent', config: { llm_ref: 'gpt4', user_prompt_template: 'Write ${input.topic}' } }),
    step('each', { type: 'loop', config: { items: 'steps.start.output', max_iterations: 5 } }),
    step('work', {
      type: 'echo@^1',
      config: { text: '${loop.item} of ${steps.start.output}' },
      retry: { max_attempts: 2 },
    }),
    step('ask', { type: 'condition', config: { expression: 'input.ok' } }),
    step('join', { type: 'parallel_join', config: { merge_strategy: 'any' } }),
    step('route', { type: 'route', config: { ports: ['left'] }, ports: { output: ['more'] } }),
    step('person', { type: 'human_task', config: { title: 'Look' } }),
  ],
  [
    'start -> each',
    'each.body -> work',
    edge('work -> each.next', { condition: 'value != null' }),
    'each.done -> ask',
    'ask.true -> join.a',
    'ask.false -> join.b',
    'join -> route',
    'route.left -> person',
  ],
  {
    params: { timeout_seconds: null, on_failure: 'fail_fast' },
    input_schema: { type: 'object', properties: { topic: { type: 'string', pattern: '^[a-z]+$' } } },
    output: 'has(steps.person) ? steps.person.approved : input',
  },
);

const context = testContext({
  refs: { llm_ref: knownNames('gpt4') },
  liveTypes: new Set(['llm_agent', 'echo']),
});

/** The paths of all nested values, the root included. */
function pathsOf(value: Json, path: readonly string[] = []): (readonly string[])[] {
  if (typeof value !== 'object' || value === null) return [path];
  return [path, ...Object.entries<Json>(value).flatMap(([key, member]) => pathsOf(member, [...path, key]))];
}

function valueAt(value: Json, path: readonly string[]): Json {
  return path.reduce<Json>((at, key) => Reflect.get(at as object, key) as Json, value);
}

type Mutation = {
  readonly path: readonly string[];
  readonly action: 'replace' | 'remove' | 'rename';
  readonly by: Json;
};

/** A path that an earlier change removed is ignored. */
function mutate(value: JsonObject, { path, action, by }: Mutation): void {
  let holder: unknown = value;
  for (const key of path.slice(0, -1))
    holder = typeof holder === 'object' && holder !== null ? Reflect.get(holder, key) : null;
  const key = path.at(-1);
  if (typeof holder !== 'object' || holder === null || key === undefined) return;
  if (Array.isArray(holder) && Number(key) > holder.length) return;
  if (action === 'rename' && !Object.hasOwn(holder, key)) return;
  const old: unknown = Reflect.get(holder, key);
  if (action !== 'replace' && !Array.isArray(holder)) Reflect.deleteProperty(holder, key);
  if (action === 'replace') Reflect.set(holder, key, structuredClone(by));
  if (action === 'rename') Reflect.set(holder, `${key}x`, old);
}

const paths = pathsOf(whole);
/** Values from elsewhere in the segment produce plausible mistakes. */
const otherValues = paths.map((path) => valueAt(whole, path));
const mutation: fc.Arbitrary<Mutation> = fc.record({
  path: fc.constantFrom(...paths),
  action: fc.constantFrom('replace', 'replace', 'remove', 'rename'),
  by: fc.oneof(
    fc.constantFrom(...otherValues),
    fc.jsonValue({ maxDepth: 3 }) as fc.Arbitrary<Json>,
    fc.constantFrom<Json>(
      '',
      'a',
      0,
      -1,
      1e308,
      '${',
      '${}',
      '$${x}',
      'steps',
      'steps.work',
      '__proto__',
      'x'.repeat(5_000),
    ),
  ),
});

function assertAnswer(value: unknown): void {
  const problems = validateSegment(value, context);
  for (const problem of problems) {
    assert.ok(problem.code in problemCodes && ['error', 'warning', 'info'].includes(problem.severity));
    assert.ok(problem.suggestion === undefined || problem.suggestion !== '');
    assert.ok(problem.path === '' || problem.path.startsWith('/'), problem.path);
    // Quoted text comes from the segment and may be anything.
    assert.not.match(problem.message.replaceAll(/'[^']*'|"[^"]*"/g, ''), /undefined|\[object|NaN/);
  }
  assert.equal(validateSegment(value, context), problems);
}

spec('any JSON', (test) => {
  test('the segment that is changed below has no problems to begin with', () => {
    assert.equal(validateSegment(whole, context), []);
  });

  test(
    'any value has an answer',
    () => {
      assertProperty(fc.property(fc.jsonValue({ maxDepth: 6 }), assertAnswer), { numRuns: 1_000 });
    },
    { timeoutMs: 60_000 },
  );

  test(
    'any values in the places of a segment have an answer',
    () => {
      const json = fc.jsonValue({ maxDepth: 4 });
      const keys = [
        'segment_id',
        'name',
        'entrypoint',
        'params',
        'input_schema',
        'output',
        'steps',
        'edges',
        'metadata',
      ];
      const fields = Object.fromEntries(keys.map((key) => [key, json]));
      const members = {
        steps: fc.array(fc.record({ step_id: json, type: json, config: json, ports: json }, { requiredKeys: [] })),
        edges: fc.array(fc.record({ from: json, to: json, from_port: json, condition: json }, { requiredKeys: [] })),
      };
      assertProperty(fc.property(fc.record({ ...fields, ...members }, { requiredKeys: [] }), assertAnswer), {
        numRuns: 1_000,
      });
    },
    { timeoutMs: 60_000 },
  );

  test(
    'a segment changed in up to four places has an answer',
    () => {
      assertProperty(
        fc.property(fc.array(mutation, { minLength: 1, maxLength: 4 }), (mutations) => {
          const changed = structuredClone(whole);
          for (const one of mutations) mutate(changed, one);
          assertAnswer(changed);
        }),
        { numRuns: 3_000 },
      );
    },
    { timeoutMs: 120_000 },
  );

  test(
    'any graph has an answer',
    () => {
      const id = fc.constantFrom('a', 'b', 'c', 'l', 'm');
      const port = fc.constantFrom('output', 'body', 'done', 'next', 'error', 'input');
      const edges = fc.array(fc.record({ from: id, from_port: port, to: id, to_port: port }), { maxLength: 12 });
      const output = fc.constantFrom('steps.a.output', 'steps.l.done', 'steps.m.done', '1');
      assertProperty(
        fc.property(edges, output, id, (drawn, expression, entrypoint) => {
          const reads = { config: { text: `\${${expression}}` } };
          const loops = [step('l', { type: 'loop' }), step('m', { type: 'loop' })];
          assertAnswer(
            segment([step('a'), step('b', reads), step('c', reads), ...loops], drawn, {
              entrypoint,
              output: expression,
            }),
          );
        }),
        { numRuns: 2_000 },
      );
    },
    { timeoutMs: 120_000 },
  );
});

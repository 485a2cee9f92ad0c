/** One readable message per cause. */
import type { JsonObject } from '@llmteam/contracts';
import * as assert from 'uvu/assert';
import { spec } from '../support/spec.js';
import { briefly, chain, codesOf, problemsOf, segment, step, withValue } from './support/segments.js';

const told: readonly (readonly [about: string, wrong: JsonObject, message: string, suggestion?: string])[] = [
  [
    'a misspelt key',
    segment([{ step_id: 'a', tpye: 'echo' }]),
    "step 'a': unknown key 'tpye', did you mean 'type'?",
    'type',
  ],
  [
    'a key without a similar known one',
    { ...chain('a'), xyzzy: 1 },
    "segment: unknown key 'xyzzy'; known: '$schema', 'version', 'segment_id', 'name', 'description', 'entrypoint', " +
      "'params', 'input_schema', 'output', 'steps', 'edges' and 'metadata'",
  ],
  [
    'a misspelt key deep within',
    withValue(chain('a'), ['steps', 0, 'retry'], { max_attempt: 2 }),
    "step 'a': unknown key 'max_attempt' in 'retry', did you mean 'max_attempts'?",
    'max_attempts',
  ],
  ['an empty value for a list', { ...chain('a'), edges: {} }, "segment: 'edges' must be a list, not an object"],
  ['a step without an id', segment([step('a'), { type: 'echo' }]), "step no. 2: 'step_id' is missing"],
  [
    'a text for a number',
    withValue(chain('a'), ['steps', 0, 'retry'], { max_attempts: '2' }),
    "step 'a': 'retry.max_attempts' must be a whole number, not a string",
  ],
  [
    'a fraction',
    { ...chain('a'), params: { max_parallel: 1.5 } },
    "segment: 'params.max_parallel' must be a whole number, not the number 1.5",
  ],
  [
    'a union',
    { ...chain('a'), params: { timeout_seconds: [] } },
    "segment: 'params.timeout_seconds' must be a number or null, not a list",
  ],
  [
    'a union of the right type',
    { ...chain('a'), params: { timeout_seconds: 0 } },
    "segment: 'params.timeout_seconds' must be more than 0",
  ],
  ['a range', { ...chain('a'), params: { max_retries: 10 } }, "segment: 'params.max_retries' must be at most 9"],
  [
    'one of some values',
    { ...chain('a'), params: { on_failure: 'finish_branch' } },
    "segment: 'params.on_failure' must be 'fail_fast' or 'finish_branches', not 'finish_branch', did you mean 'finish_branches'?",
    'finish_branches',
  ],
  [
    'a version of the format',
    { ...chain('a'), version: '2.0' },
    "segment: 'version' must be '1.0', not '2.0', did you mean '1.0'?",
    '1.0',
  ],
  [
    'a name that is too long',
    { ...chain('a'), name: 'x'.repeat(257) },
    "segment: 'name' must have at most 256 characters",
  ],
  [
    'a segment id',
    { ...chain('a'), segment_id: 'My Segment' },
    "segment: 'segment_id' must be lower-case letters, digits and _, a letter first",
  ],
  [
    'the same port twice',
    withValue(chain('a'), ['steps', 0, 'ports'], { input: ['x', 'x'] }),
    "step 'a': 'ports.input' must not have the same item twice",
  ],
  [
    'an edge',
    { ...chain('a', 'b'), edges: [{ from: 'a', to: 'b', when: 'x' }] },
    "edge 'a' → 'b': unknown key 'when', did you mean 'condition'?",
    'condition',
  ],
  [
    'a type in capitals',
    segment([step('a', { type: 'LLM_Agent', config: { llm_ref: 'x' } })]),
    "step 'a': 'LLM_Agent' is not a valid step type (lower-case letters, digits and _, a letter first), did you mean 'llm_agent'?",
    'llm_agent',
  ],
  [
    'a type',
    segment([step('a', { type: 'llm_agnet' })]),
    "step 'a': there is no step type 'llm_agnet', did you mean 'llm_agent'?",
    'llm_agent',
  ],
  [
    'a version',
    segment([step('a', { type: 'acme_ocr@^7' })]),
    "step 'a': '^7' fits no installed version of 'acme_ocr'; installed: '2.3.0' and '1.0.0'",
    'acme_ocr@2.3.0',
  ],
  [
    'a port',
    segment([step('a'), step('b')], ['a.resutl -> b']),
    "edge 'a' → 'b': step 'a' has no output port 'resutl'; it has 'output' and 'error'",
  ],
];

spec('structure', (test) => {
  for (const [about, wrong, message, suggestion] of told) {
    test(`${about} is told in one message`, () => {
      const problems = problemsOf(wrong).filter((problem) => problem.severity === 'error');
      assert.equal(
        problems.map((problem) => problem.message),
        [message],
      );
      assert.is(problems[0]?.suggestion, suggestion);
    });
  }

  test('a value that is not an object is reported once', () => {
    for (const value of [null, 1, 'x', true, [], [{}]])
      assert.equal(briefly(problemsOf(value)), ['error INVALID_TYPE ']);
  });

  test('an empty object lacks what is required and nothing else', () => {
    assert.equal(briefly(problemsOf({})), [
      'error MISSING_FIELD /segment_id',
      'error MISSING_FIELD /name',
      'error MISSING_FIELD /entrypoint',
      'error MISSING_FIELD /steps',
    ]);
  });

  test('a mistake in one step hides none in another, nor in an edge or a config', () => {
    const wrong = segment(
      [
        step('a', { type: 7 }),
        step('b', { type: 'llm_agent', config: { llm_ref: 'x', temperature: -1 } }),
        step('c', { config: 'none' }),
      ],
      ['a -> b', 'b -> nowhere', 'b.outptu -> c'],
    );
    assert.equal(briefly(problemsOf(withValue(wrong, ['edges', 3], 5))), [
      'error INVALID_TYPE /steps/0/type',
      'error SCHEMA_VIOLATION /steps/1/config/temperature',
      'error INVALID_TYPE /steps/2/config',
      'error INVALID_REFERENCE /edges/1/to',
      'error UNKNOWN_PORT /edges/2/from_port',
      'error INVALID_TYPE /edges/3',
    ]);
  });

  test('a misspelt end of an edge is not also an unreachable step or an unknown variable', () => {
    const wrong = segment(
      [step('research'), step('write', { config: { text: '${steps.research.output}' } })],
      ['research -> wriet'],
    );
    assert.equal(codesOf(wrong), ['INVALID_REFERENCE']);
    const from = segment([step('research'), step('write')], ['reserch -> write']);
    assert.equal(codesOf(from), ['INVALID_REFERENCE']);
  });

  test('an edge to nowhere does not hide a step that nothing leads to', () => {
    const wrong = segment([step('a'), step('lost')], ['a -> nobody_knows']);
    assert.equal(codesOf(wrong), ['UNREACHABLE_STEP', 'INVALID_REFERENCE']);
  });

  test('a misspelt loop type is that, not a cycle besides', () => {
    const wrong = segment([step('each', { type: 'lop' }), step('work')], ['each.body -> work', 'work -> each.next']);
    assert.equal(codesOf(wrong), ['UNKNOWN_TYPE']);
  });

  test('an id that is taken or badly formed can be referred to', () => {
    const wrong = segment([step('A-1'), step('b'), step('b')], ['A-1 -> b']);
    assert.equal(codesOf(wrong), ['INVALID_ID_FORMAT', 'DUPLICATE_ID']);
  });

  test('each unknown key of an object is told', () => {
    const problems = problemsOf({ ...chain('a'), foo: 1, bar: 2 });
    assert.equal(briefly(problems), ['error UNKNOWN_FIELD /foo', 'error UNKNOWN_FIELD /bar']);
  });

  test('keys of JavaScript are keys like others', () => {
    const wrong = JSON.parse('{"prototype": 1, "constructor": 2, "toString": 3, "steps": {"constructor": []}}');
    const codes = codesOf(wrong);
    assert.is(codes.filter((code) => code === 'UNKNOWN_FIELD').length, 3);
    assert.ok(codes.includes('INVALID_TYPE'));
  });

  test('the key __proto__ is refused wherever it is', () => {
    const wrong = JSON.parse('{"metadata": {"a": [{"__proto__": 1}]}}');
    assert.equal(briefly(problemsOf({ ...chain('a'), ...wrong })), ['error UNKNOWN_FIELD /metadata/a/0/__proto__']);
  });

  test('values that no JSON has are told by place', () => {
    const cyclic: { metadata: object } = { metadata: {} };
    cyclic.metadata = cyclic;
    assert.equal(codesOf(cyclic), ['LIMIT_EXCEEDED']);
    assert.equal(briefly(problemsOf({ ...chain('a'), metadata: { when: () => 0 } })), [
      'error INVALID_TYPE /metadata/when',
    ]);
    assert.equal(codesOf({ ...chain('a'), metadata: { at: Number.NaN } }), ['INVALID_TYPE']);
    assert.equal(codesOf({ ...chain('a'), metadata: undefined }), []);
  });

  test('names are cut where they are too long to read', () => {
    const [problem] = problemsOf({ ...chain('a'), ['x'.repeat(5_000)]: 1 });
    assert.ok(problem !== undefined && problem.message.length < 500, problem?.message);
  });
});

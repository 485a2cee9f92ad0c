import type { JsonObject, Segment } from '@llmteam/contracts';
import { defineSegment } from '@llmteam/kernel';
import * as assert from 'uvu/assert';
import { spec } from '../support/spec.js';
import { problemsOf, segment, step } from './support/segments.js';
import { testCatalog } from './support/test-catalog.js';

interface Tool {
  readonly name: string;
  readonly type: string;
  readonly config?: JsonObject;
  readonly limits?: JsonObject;
}

function told(...tools: readonly Tool[]): string[] {
  const value = segment(
    [
      step('first', { type: 'echo' }),
      step('a', { type: 'agent', config: { tools: [...tools] } as unknown as JsonObject }),
    ],
    [{ from: 'first', to: 'a' }],
  );
  return problemsOf(value).map(
    ({ code, path, message }) => `${code} ${path.slice('/steps/1/config'.length)}: ${message}`,
  );
}

spec('inner steps', (test) => {
  test('an inner step whose type and config are right is right, whatever it reads of its own input', () => {
    assert.equal(
      told({ name: 'get', type: 'request', config: { url: '${input.url}', body: '${steps.first.output}' } }),
      [],
    );
    assert.equal(told({ name: 'get', type: 'acme_ocr@^1' }, { name: 'put', type: 'acme_ocr' }), []);
  });

  test('the type is checked as that of a step, and must need no place in the graph', () => {
    assert.equal(told({ name: 'get', type: 'reqest' }), [
      "UNKNOWN_TYPE /tools/0/type: step 'a', inner step 'get': there is no step type 'reqest', did you mean 'request'?",
    ]);
    assert.equal(told({ name: 'read', type: 'acme_ocr@^9' }), [
      "UNKNOWN_VERSION /tools/0/type: step 'a', inner step 'read': '^9' fits no installed version of 'acme_ocr'; installed: '2.3.0' and '1.0.0'",
    ]);
    assert.equal(told({ name: 'again', type: 'loop' }), [
      "SCHEMA_VIOLATION /tools/0: step 'a', inner step 'again': 'loop' has a region, so it cannot be an inner step",
    ]);
  });

  test('the config is checked against the schema of its type, at its place', () => {
    assert.equal(told({ name: 'ask', type: 'echo' }, { name: 'get', type: 'request', config: { ulr: 'x' } }), [
      "UNKNOWN_FIELD /tools/1/config/ulr: step 'a', inner step 'get', config: unknown key 'ulr', did you mean 'url'?",
    ]);
  });

  test('an inner step may have inner steps, which are checked as well', () => {
    const nested = (type: string): Tool => {
      return { name: 'sub', type: 'agent', config: { tools: [{ name: 'get', type, config: { body: '${input}' } }] } };
    };
    assert.equal(told(nested('request')), []);
    assert.equal(told(nested('reqest')), [
      "UNKNOWN_TYPE /tools/0/config/tools/0/type: step 'a', inner step 'sub', inner step 'get': there is no step type 'reqest', did you mean 'request'?",
    ]);
    const written = segment([step('a', { type: 'agent', config: { tools: [nested('request')] } as never })]);
    assert.equal(Object.keys(defineSegment(written as unknown as Segment, testCatalog()).step_types), [
      'agent',
      'request',
    ]);
  });

  test('expressions in it compile, and read only what has run', () => {
    assert.equal(told({ name: 'get', type: 'request', config: { body: '${steps.later.output}' } }), [
      "UNKNOWN_VARIABLE /tools/0/config/body: step 'a', inner step 'get', config: \"steps.later.output\" reads, at 0, step 'later', which does not exist",
    ]);
    const [broken = '', ...others] = told({ name: 'get', type: 'request', config: { body: '${1 +}' } });
    assert.match(broken, /^INVALID_EXPRESSION \/tools\/0\/config\/body: step 'a', inner step 'get', config: /);
    assert.equal(others, []);
  });

  test('ids are ids, each once', () => {
    assert.equal(told({ name: 'Get it', type: 'echo' }), [
      "INVALID_ID_FORMAT /tools/0: step 'a', inner step 'Get it': its id is none (lower-case letters, digits and _, a letter first)",
    ]);
    assert.equal(told({ name: 'get', type: 'echo' }, { name: 'get', type: 'query' }), [
      "DUPLICATE_ID /tools/1: step 'a', inner step 'get': another inner step of the step has this id",
    ]);
  });

  test('a type that reacts to its inputs one by one cannot be an inner step', () => {
    assert.equal(told({ name: 'join', type: 'parallel_join' }), [
      "SCHEMA_VIOLATION /tools/0: step 'a', inner step 'join': 'parallel_join' reacts to its inputs one by one, so it cannot be an inner step",
    ]);
  });

  test('a type that declares itself without end, or very many steps, is told, and does not hang', () => {
    assert.equal(
      told({ name: 'self', type: 'endless' }).map((line) => line.replace(/^(\S+).*: it is/, '$1: it is')),
      ['LIMIT_EXCEEDED: it is beyond 8 (cap inner_step_depth)'],
    );
    const many = Array.from({ length: 1_100 }, (_, place) => ({ name: `t${place}`, type: 'echo' }));
    assert.equal(told(...many), [
      "LIMIT_EXCEEDED /tools/1000: step 'a', inner step 't1000': it is beyond 1000 (cap inner_steps_per_step)",
    ]);
  });

  test('limits are checked as those of steps, whatever the schema of the type lets through', () => {
    assert.equal(told({ name: 'get', type: 'echo', limits: { retry: { max_attempts: 2 }, timeout_seconds: 9 } }), []);
    assert.equal(
      told({ name: 'get', type: 'echo', limits: { timeout_seconds: -1, retry: { max_attempts: 0, tries: 2 } } }),
      [
        "UNKNOWN_FIELD /tools/0: step 'a', inner step 'get': unknown key 'tries' in 'retry'; known: 'max_attempts', 'initial_interval_seconds', 'backoff', 'max_interval_seconds' and 'non_retryable'",
        "SCHEMA_VIOLATION /tools/0: step 'a', inner step 'get': 'retry.max_attempts' must be at least 1",
        "SCHEMA_VIOLATION /tools/0: step 'a', inner step 'get': 'timeout_seconds' must be more than 0",
      ],
    );
  });

  test('a config that is wrong has no inner steps to be checked', () => {
    assert.equal(told({ name: 'get', type: 'nothing', more: 1 } as Tool), [
      "UNKNOWN_FIELD /tools/0/more: step 'a', config: unknown key 'more' in 'tools[0]'; known: 'name', 'type', 'config' and 'limits'",
    ]);
  });

  test('the definition fixes the versions of inner steps as those of steps', () => {
    const tools = [
      { name: 'read', type: 'acme_ocr@^1', config: {} },
      { name: 'get', type: 'request' },
    ];
    const written = segment([step('a', { type: 'agent', config: { tools } })]) as unknown as Segment;
    assert.equal(defineSegment(written, testCatalog()).step_types, {
      agent: '1.4.0',
      'acme_ocr@^1': '1.0.0',
      request: '1.4.0',
    });
  });
});

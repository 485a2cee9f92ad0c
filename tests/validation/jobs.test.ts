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

spec('jobs of control steps', (test) => {
  test('a job whose type and config are right is right, whatever it reads of its own input', () => {
    assert.equal(
      told({ name: 'get', type: 'request', config: { url: '${input.url}', body: '${steps.first.output}' } }),
      [],
    );
    assert.equal(told({ name: 'get', type: 'acme_ocr@^1' }, { name: 'put', type: 'acme_ocr' }), []);
  });

  test('the type of a job is checked as that of a step, and must be a task', () => {
    assert.equal(told({ name: 'get', type: 'reqest' }), [
      "UNKNOWN_TYPE /tools/0/type: step 'a', job 'get': there is no step type 'reqest', did you mean 'request'?",
    ]);
    assert.equal(told({ name: 'read', type: 'acme_ocr@^9' }), [
      "UNKNOWN_VERSION /tools/0/type: step 'a', job 'read': '^9' fits no installed version of 'acme_ocr'; installed: '2.3.0' and '1.0.0'",
    ]);
    assert.equal(told({ name: 'again', type: 'loop' }), [
      "SCHEMA_VIOLATION /tools/0: step 'a', job 'again': 'loop' is no task, so it cannot be a job",
    ]);
  });

  test('the config of a job is checked against the schema of its type, at its place', () => {
    assert.equal(told({ name: 'ask', type: 'echo' }, { name: 'get', type: 'request', config: { ulr: 'x' } }), [
      "UNKNOWN_FIELD /tools/1/config/ulr: step 'a', job 'get', config: unknown key 'ulr', did you mean 'url'?",
    ]);
  });

  test('expressions in it compile, and read only what has run', () => {
    assert.equal(told({ name: 'get', type: 'request', config: { body: '${steps.later.output}' } }), [
      "UNKNOWN_VARIABLE /tools/0/config/body: step 'a', job 'get', config: \"steps.later.output\" reads, at 0, step 'later', which does not exist",
    ]);
    const [broken = '', ...others] = told({ name: 'get', type: 'request', config: { body: '${1 +}' } });
    assert.match(broken, /^INVALID_EXPRESSION \/tools\/0\/config\/body: step 'a', job 'get', config: /);
    assert.equal(others, []);
  });

  test('names of jobs are ids, each once', () => {
    assert.equal(told({ name: 'Get it', type: 'echo' }), [
      "INVALID_ID_FORMAT /tools/0: step 'a', job 'Get it': its name is no id (lower-case letters, digits and _, a letter first)",
    ]);
    assert.equal(told({ name: 'get', type: 'echo' }, { name: 'get', type: 'query' }), [
      "DUPLICATE_ID /tools/1: step 'a', job 'get': another job of the step has this name",
    ]);
  });

  test('a config that is wrong has no jobs to be checked', () => {
    assert.equal(told({ name: 'get', type: 'nothing', more: 1 } as Tool), [
      "UNKNOWN_FIELD /tools/0/more: step 'a', config: unknown key 'more' in 'tools[0]'; known: 'name', 'type' and 'config'",
    ]);
  });

  test('the definition fixes the versions of jobs as those of steps', () => {
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

import type { JsonObject, Problem } from '@llmteam/contracts';
import * as assert from 'uvu/assert';
import { spec } from '../support/spec.js';
import { problemsOf, segment, step } from './support/segments.js';
import { knownNames, testContext } from './support/test-catalog.js';

function told(type: string, config: JsonObject): string[] {
  return problemsOf(segment([step('a', { type, config })])).map(({ code, path, message }: Problem) => {
    return `${code} ${path.slice('/steps/0/config'.length)}: ${message.slice("step 'a', config".length).replace(/^: /, '')}`;
  });
}

const agent = (config: JsonObject): string[] => told('llm_agent', { llm_ref: 'gpt4', ...config });

spec('configs', (test) => {
  test('each mistake in a config is told by its place', () => {
    const config = {
      tmperature: 1,
      output_format: 'yaml',
      tools: [{ nme: 'x' }, 'search'],
      system_prompt: 'x'.repeat(1_001),
    };
    assert.equal(agent(config), [
      "UNKNOWN_FIELD /tmperature: unknown key 'tmperature', did you mean 'temperature'?",
      "SCHEMA_VIOLATION /output_format: 'output_format' must be 'text', 'json' or 'markdown', not 'yaml'",
      "UNKNOWN_FIELD /tools/0/nme: unknown key 'nme' in 'tools[0]', did you mean 'name'?",
      "INVALID_TYPE /tools/1: 'tools[1]' must be an object, not a string",
      "SCHEMA_VIOLATION /system_prompt: 'system_prompt' must have at most 1000 characters",
    ]);
  });

  test('a `${…}` is taken for a value of any type and form', () => {
    const config = { temperature: '${input.heat}', tools: '${input.tools}', output_format: '${input.format}' };
    assert.equal(agent(config), []);
    assert.equal(told('delay', { seconds: '${input.pause}', limit: '${input.limit}' }), []);
    assert.equal(told('delay', { until: '${input.day}T00:00:00Z' }), []);
  });

  test('a text around a `${…}` stays a text', () => {
    assert.equal(agent({ temperature: 'about ${input.heat}' }), [
      "INVALID_TYPE /temperature: 'temperature' must be a number, not a string",
    ]);
    assert.equal(told('delay', { seconds: 1, limit: '${input.a}${input.b}' }), [
      "INVALID_TYPE /limit: 'limit' must be a number or null, not a string",
    ]);
    assert.equal(agent({ temperature: '$${input.heat}' }), [
      "INVALID_TYPE /temperature: 'temperature' must be a number, not a string",
    ]);
  });

  test('where `${…}` is not filled in, it excuses nothing', () => {
    assert.equal(told('delay', { seconds: 1, signal: '${x}' }), [
      "LITERAL_TEMPLATE /signal: 'signal' is taken as written, so its `${…}` is never filled in; write the value itself; to choose between values, lead to one step for each with a switch",
    ]);
    assert.equal(told('delay', { seconds: 1, signal: 'NO' }), [
      "SCHEMA_VIOLATION /signal: 'signal' must match ^[a-z]+$",
    ]);
    assert.equal(told('delay', { seconds: 1, signal: 'ready' }), []);
  });

  test('of keys that exclude each other one must be there, and only one', () => {
    assert.equal(told('delay', {}), ["MISSING_FIELD :  must have 'seconds' or 'until'"]);
    assert.equal(told('delay', { seconds: 1, until: '2030-01-01T00:00:00Z' }), [
      "SCHEMA_VIOLATION :  must have only one of 'seconds' and 'until'",
    ]);
    assert.equal(told('delay', { until: '2030-01-01T00:00:00Z' }), []);
  });

  test('what a condition of the schema asks for is told as if it were asked outright', () => {
    assert.equal(told('delay', { seconds: 1, mode: 'noted' }), ["MISSING_FIELD /note: 'note' is missing"]);
    assert.equal(told('delay', { seconds: 1, mode: 'plain', note: 'x' }), [
      "SCHEMA_VIOLATION /note: 'note' is not allowed with the other values",
    ]);
    assert.equal(told('delay', { seconds: 1, mode: 'noted', note: 'x' }), []);
  });

  test('a condition of the schema on a value that only a run knows asks for nothing', () => {
    assert.equal(told('delay', { seconds: 1, mode: '${input.mode}', note: 'x' }), []);
  });

  test('a condition of the schema on a value that is wrong itself asks for nothing', () => {
    assert.equal(told('delay', { seconds: 1, mode: 'notd', note: 'x' }), [
      "SCHEMA_VIOLATION /mode: 'mode' must be 'plain' or 'noted', not 'notd', did you mean 'noted'?",
    ]);
  });

  test('a misspelt key is not missing besides, where one of several keys must be there', () => {
    assert.equal(told('delay', { secnds: 1 }), [
      "UNKNOWN_FIELD /secnds: unknown key 'secnds', did you mean 'seconds'?",
    ]);
  });

  test('a union of types tells the branch whose type fits', () => {
    assert.equal(told('delay', { seconds: 1, limit: 0 }), ["SCHEMA_VIOLATION /limit: 'limit' must be at least 1"]);
    assert.equal(told('delay', { seconds: 1, limit: true }), [
      "INVALID_TYPE /limit: 'limit' must be a number or null, not true",
    ]);
    assert.equal(told('delay', { seconds: 1, limit: null }), []);
  });

  test('a format is checked', () => {
    assert.equal(told('delay', { until: 'tomorrow' }), [
      "SCHEMA_VIOLATION /until: 'until' must be a string of format 'date-time', such as 2030-01-31T12:00:00+01:00",
    ]);
    for (const until of [
      '2030-01-01 00:00:00Z',
      '2030-01-01T00:00:00',
      '2030-02-30T00:00:00Z',
      '2030-01-01T00:00:00+0100',
    ]) {
      assert.match(told('delay', { until }).join(), /^SCHEMA_VIOLATION/, until);
    }
  });

  test('names of resources are checked for the kinds that are known, wherever they stand', () => {
    const config = { llm_ref: 'gtp4', fallback_llm_refs: ['gpt4', 'clade'], tools: [{ name: 'x', client_ref: 'any' }] };
    const refs = { llm_ref: knownNames('gpt4', 'claude') };
    const problems = problemsOf(segment([step('a', { type: 'llm_agent', config })]), testContext({ refs }));
    assert.equal(
      problems.map(({ path, message, suggestion }) => [path, message, suggestion]),
      [
        ['/steps/0/config/llm_ref', "step 'a': no llm_ref 'gtp4' is configured, did you mean 'gpt4'?", 'gpt4'],
        [
          '/steps/0/config/fallback_llm_refs/1',
          "step 'a': no llm_ref 'clade' is configured, did you mean 'claude'?",
          'claude',
        ],
      ],
    );
  });

  test('a config of a type that is not known is not judged, but its expressions are', () => {
    const problems = problemsOf(segment([step('a', { type: 'nowhere', config: { text: '${1 +}', x: 1 } })]));
    assert.equal(
      problems.map(({ code, path }) => `${code} ${path}`),
      ['UNKNOWN_TYPE /steps/0/type', 'INVALID_EXPRESSION /steps/0/config/text'],
    );
  });
});

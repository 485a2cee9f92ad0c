import type { JsonObject } from '@llmteam/contracts';
import flow from '@llmteam/flow';
import httpAction from '@llmteam/http-action';
import { createExpressionCompiler, StepCatalog, validateSegment } from '@llmteam/kernel';
import llmAgent from '@llmteam/llm-agent';
import transform from '@llmteam/transform';
import * as assert from 'uvu/assert';
import { spec } from '../support/spec.js';

function builtIn(): StepCatalog {
  const catalog = new StepCatalog();
  for (const plugin of [flow, llmAgent, httpAction, transform]) {
    for (const type of plugin.stepTypes ?? []) catalog.add(type, '1.0.0', plugin.name);
  }
  return catalog;
}

/** What the validator says of the config of a step. */
function atLoad(type: string, config: JsonObject): string[] {
  const step = { step_id: 's', type, config };
  const segment = { segment_id: 'a', name: 'A', entrypoint: 's', params: { timeout_seconds: null }, steps: [step] };
  const problems = validateSegment(segment, { catalog: builtIn(), compiler: createExpressionCompiler() });
  return problems
    .filter(({ severity }) => severity === 'error')
    .map(({ message }) => message.replace("step 's', ", ''));
}

/** What a run says of it, when everything is filled in. */
function atRun(type: string, config: JsonObject): string | null | undefined {
  return builtIn()
    .entries()
    .find(({ metadata }) => metadata.type_id === type)
    ?.checkConfig(config);
}

const url = 'https://example.com';
const wrong: readonly (readonly [type: string, config: JsonObject, told: string])[] = [
  ...['5', 'soon', '', '5 ${input.x}'].map((seconds): readonly [string, JsonObject, string] => {
    return ['delay', { seconds }, "config: 'seconds' must be a number, not a string"];
  }),
  ['delay', { seconds: true }, "config: 'seconds' must be a number, not true"],
  ['delay', { seconds: null }, "config: 'seconds' must be a number, not null"],
  ['delay', { seconds: -1 }, "config: 'seconds' must be at least 0"],
  [
    'delay',
    { until: 'tomorrow' },
    "config: 'until' must be a string of format 'date-time', such as 2030-01-31T12:00:00+01:00",
  ],
  [
    'http_action',
    { url: 'example.com' },
    "config: 'url' must be an http or https URL without user name and password, such as https://api.example.com/v1",
  ],
  ['http_action', { url, path: '/a?b=1' }, "config: 'path' must be a path without ? and #; parameters go into `query`"],
  [
    'http_action',
    { url, headers: { 'X A': '1' } },
    "config: 'headers' must not have a key 'X A': a key must be the name of a header",
  ],
  [
    'http_action',
    { url, headers: { 'X-A': 'a\nb' } },
    "config: 'headers.X-A' must be one line of printable Latin-1 characters",
  ],
  ['http_action', { url, expect_status: '9xx' }, "config: 'expect_status' must be a class of status codes such as 2xx"],
  ['http_action', { url, binary: '%' }, "config: 'binary' must be base64"],
  ['http_action', { url, body: 1, text: 'x' }, "config: 'text' is not allowed with the other values"],
  ['llm_agent', { llm_ref: 'a', temprature: 1 }, "config: unknown key 'temprature', did you mean 'temperature'?"],
];

spec('a config that is wrong', (test) => {
  for (const [type, config, told] of wrong) {
    test(`is told in the same words at load and in a run: ${type} ${JSON.stringify(config)}`, () => {
      assert.is(atRun(type, config), told);
      assert.equal(atLoad(type, config), [told]);
    });
  }

  test('in a hundred thousand places is told in a run by the first of them', () => {
    const tools = Array.from({ length: 100_000 }, (_, index) => index);
    assert.is(atRun('llm_agent', { llm_ref: 'a', tools }), "config: 'tools[0]' must be a string, not the number 0");
  });
});

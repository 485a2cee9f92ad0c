import { readdirSync, readFileSync } from 'node:fs';
import type { JsonObject } from '@llmteam/contracts';
import flow from '@llmteam/flow';
import httpAction from '@llmteam/http-action';
import { editorSchema, StepCatalog } from '@llmteam/kernel';
import llmAgent from '@llmteam/llm-agent';
import transform from '@llmteam/transform';
import { Ajv } from 'ajv';
import * as assert from 'uvu/assert';
import { type CompletionItem, getLanguageService, type LanguageService } from 'vscode-json-languageservice';
import { TextDocument } from 'vscode-languageserver-textdocument';
import { spec } from '../support/spec.js';

function builtIn(): StepCatalog {
  const catalog = new StepCatalog();
  for (const plugin of [flow, llmAgent, httpAction, transform]) {
    for (const type of plugin.stepTypes ?? []) catalog.add(type, '1.0.0', plugin.name);
  }
  return catalog;
}

const schema = editorSchema(builtIn().list());

const matches = new Ajv({ strict: false, allErrors: true, validateFormats: false }).compile(schema);

/** What is wrong with a segment by the schema alone. */
function faultsOf(value: unknown): string[] {
  return matches(value) ? [] : (matches.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
}

const step = (type: string, config: JsonObject): JsonObject => ({
  segment_id: 'a',
  name: 'A',
  entrypoint: 'a',
  steps: [{ step_id: 'a', type, config }],
});

/** What an editor says about the text, in which `|` is the cursor. */
function inEditor(marked: string) {
  const offset = marked.indexOf('|');
  const service: LanguageService = getLanguageService({});
  service.configure({
    validate: true,
    schemas: [{ uri: 'file:///segment.schema.json', fileMatch: ['*.json'], schema }],
  });
  const document = TextDocument.create('file:///a.json', 'json', 1, marked.replace('|', ''));
  const parsed = service.parseJSONDocument(document);
  const position = document.positionAt(Math.max(0, offset));
  return {
    async completions(): Promise<CompletionItem[]> {
      return (await service.doComplete(document, position, parsed))?.items ?? [];
    },
    async hover(): Promise<string> {
      return JSON.stringify((await service.doHover(document, position, parsed))?.contents ?? '');
    },
    async problems(): Promise<string[]> {
      return (await service.doValidation(document, parsed)).map(({ message }) => String(message));
    },
  };
}

const segmentWith = (steps: string): string =>
  `{ "segment_id": "a", "name": "A", "entrypoint": "a", "steps": [ ${steps} ] }`;

function labels(items: readonly CompletionItem[]): string[] {
  return items.map(({ label }) => label.replaceAll('"', ''));
}

/** The places of patterns that an editor would show as they are. */
function silentPatterns(value: unknown, place = ''): string[] {
  if (typeof value !== 'object' || value === null) return [];
  // Nobody is told of a condition.
  const parts = Object.entries(value).filter(([key]) => key !== 'if');
  const found = parts.flatMap(([key, part]) => silentPatterns(part, `${place}/${key}`));
  const { pattern, patternErrorMessage: message } = value as JsonObject;
  const isTold = typeof message === 'string' && !/[\\^[\]]/.test(message);
  return typeof pattern === 'string' && !isTold ? [place, ...found] : found;
}

spec('the schema for editors', (test) => {
  test('every example of a step type and every example segment matches it', () => {
    for (const { type_id, examples } of builtIn().list()) {
      for (const example of examples) assert.equal(faultsOf(step(type_id, example)), [], JSON.stringify(example));
    }
    const folder = new URL('../../../examples/', import.meta.url);
    // Those of the example plugins name types that are not built in.
    const isBuiltIn = (name: string) => name.endsWith('.json') && !name.startsWith('plugins/');
    const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(isBuiltIn);
    const segments = files.map((name): unknown => JSON.parse(readFileSync(new URL(name, folder), 'utf8')));
    const found = segments.filter((value) => typeof value === 'object' && value !== null && 'steps' in value);
    assert.ok(found.length > 0);
    for (const value of found) assert.equal(faultsOf(value), []);
  });

  test('every segment of the scenarios with built-in types matches it', () => {
    const folder = new URL('../../scenarios/', import.meta.url);
    const known = new Set(builtIn().typeIds());
    const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
      name.endsWith('segment.json'),
    );
    const segments = files.map((name) => JSON.parse(readFileSync(new URL(name, folder), 'utf8')));
    const usual = segments.filter(({ steps }) => steps.every(({ type }: { type: string }) => known.has(type)));
    assert.ok(usual.length > 0);
    for (const value of usual) assert.equal(faultsOf(value), [], JSON.stringify(value));
  });

  test('a `${…}` matches wherever one is filled in, and nowhere else', () => {
    assert.equal(faultsOf(step('llm_agent', { llm_ref: '${run.input.model}', temperature: '${run.input.heat}' })), []);
    assert.equal(
      faultsOf(step('human_task', { title: 'T', task_type: '${input.kind}', form: '${input.form}', choices: ['a'] })),
      [],
    );
    assert.not.equal(faultsOf(step('parallel_split', { branches: '${input.n}' })), []);
    assert.not.equal(faultsOf(step('llm_agent', { llm_ref: 'a', temperature: 'hot' })), []);
  });

  test('an unknown type, a version, and a config that does not fit are told apart', () => {
    assert.not.equal(faultsOf(step('llm', {})), []);
    assert.equal(faultsOf(step('llm_agent@^1', { llm_ref: 'a' })), []);
    assert.not.equal(faultsOf(step('llm_agent@^1', { llm: 'a' })), []);
    assert.not.equal(faultsOf(step('delay', { seconds: 1, until: '2030-01-01T00:00:00Z' })), []);
  });
});

spec('an editor with the schema', (test) => {
  test('completes the type of a step and says what each does', async () => {
    const items = await inEditor(segmentWith('{ "step_id": "a", "type": | }')).completions();
    const found = labels(items);
    for (const type of builtIn().typeIds()) assert.ok(found.includes(type), `${type} in ${found}`);
    const condition = items.find(({ label }) => label.includes('condition'));
    assert.match(JSON.stringify(condition?.documentation ?? ''), /Evaluates an expression/);
  });

  test('completes the keys of the config of that type only, and their values', async () => {
    const keys = labels(
      await inEditor(segmentWith('{ "step_id": "a", "type": "llm_agent", "config": { | } }')).completions(),
    );
    assert.ok(keys.includes('llm_ref') && keys.includes('user_prompt_template'), keys.join());
    assert.not(keys.includes('loop_type'), keys.join());
    const nested = '{ "step_id": "a", "type": "llm_agent@1", "config": { "llm_ref": "a", "output_format": | } }';
    const values = labels(await inEditor(segmentWith(nested)).completions());
    assert.ok(values.includes('markdown'), values.join());
  });

  test('shows what a type and a key of its config are', async () => {
    assert.match(
      await inEditor(segmentWith('{ "step_id": "a", "type": "del|ay", "config": {} }')).hover(),
      /point in time/,
    );
    const key = '{ "step_id": "a", "type": "delay", "config": { "sec|onds": 1 } }';
    assert.match(await inEditor(segmentWith(key)).hover(), /Seconds from when the step becomes ready/);
  });

  test('offers the ports of the types at edges', async () => {
    const text = segmentWith('{ "step_id": "a", "type": "delay" }').replace(
      / }$/,
      ', "edges": [{ "from": "a", "from_port": | }] }',
    );
    const ports = labels(await inEditor(text).completions());
    assert.ok(ports.includes('approved') && ports.includes('error'), ports.join());
  });

  test('tells a wrong config at its place and in few words, and nothing about a right one', async () => {
    const wrong = await inEditor(
      segmentWith('{ "step_id": "a", "type": "llm_agent", "config": { "llm_ref": "a", "temprature": 1 } }'),
    ).problems();
    assert.equal(wrong, ['Property temprature is not allowed.']);
    const unknown = await inEditor(segmentWith('{ "step_id": "a", "type": "llm", "config": {} }')).problems();
    assert.is(unknown.length, 1, unknown.join('\n'));
    const right =
      '{ "step_id": "a", "type": "llm_agent", "config": { "llm_ref": "a", "temperature": "${run.input.t}" } }';
    assert.equal(await inEditor(segmentWith(right)).problems(), []);
  });

  test('every pattern has a message in words', () => {
    assert.equal(silentPatterns(schema), []);
  });

  test('what an editor says of a text shows no regular expression', async () => {
    const problemsWith = (type: string, config: JsonObject): Promise<string[]> =>
      inEditor(segmentWith(JSON.stringify({ step_id: 'a', type, config }))).problems();
    assert.equal(await problemsWith('http_action', { url: 'example.com' }), [
      'Must be an http or https URL without user name and password, such as https://api.example.com/v1.',
    ]);
    assert.equal(await problemsWith('llm_agent', { llm_ref: 'a', temperature: 'hot' }), [
      'Must be a number, or a `${…}`.',
    ]);
    assert.equal(await problemsWith('delay', { seconds: 'soon' }), ['Must be a number, or a `${…}`.']);
    assert.equal(await inEditor(segmentWith('{ "step_id": "Not Good", "type": "delay" }')).problems(), [
      'Must be lower-case letters, digits and _, a letter first.',
    ]);
  });
});

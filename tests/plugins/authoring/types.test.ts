import * as assert from 'uvu/assert';
import { faultsOfEach } from '../../docs/typescript-example.js';
import { spec } from '../../support/spec.js';

const timeoutMs = 120_000;

/** A task type of which one member is replaced; everything that is replaced with itself compiles. */
function task(members: Readonly<Record<string, string>>): string {
  const all = {
    config: 'Type.Object({ times: Type.Integer({ default: 2 }), word: Type.Optional(Type.String()) })',
    input: 'Type.String()',
    inputs: '{ more: Type.Number(), rest: Type.Optional(Type.String()) }',
    outputs: '{ output: Type.String(), short: Type.Optional(Type.Boolean()) }',
    resources: 'pool',
    run: 'async (context, { times }, input) => ({ output: input.repeat(times) })',
    ...members,
  };
  return `import { defineControl, definePlugin, defineProvider, defineResources, defineTask, Type } from '@llmteam/plugin';
    const pool = defineResources({ start: () => ({ query: (text: string) => text.length }) });
    export const type = defineTask({ type: 'repeat', ${Object.entries(all)
      .map(([name, value]) => `${name}: ${value}`)
      .join(', ')} });
    export default definePlugin({ name: 'repeat', stepTypes: [type] });`;
}

function run(body: string): string {
  return task({ run: `async (context, config, input) => { ${body} }` });
}

const right: Readonly<Record<string, string>> = {
  'as documented': task({}),
  'a port that need not fire': run("return { output: 'a', short: true };"),
  'branches that fire different ports': run("return input === '' ? { output: 'a', short: true } : { output: 'a' };"),
  'either of two ports': task({
    outputs: '{ yes: Type.Optional(Type.String()), no: Type.Optional(Type.Number()) }',
    run: "(_context, _config, input) => (input === '' ? { no: 1 } : { yes: input })",
  }),
  'without a promise': task({ run: "() => ({ output: 'a' })" }),
  'a default is there': run('const times: number = config.times; return { output: input.repeat(times) };'),
  'what is optional may not be there': run("return { output: config.word ?? 'none' };"),
  'resources are what start returned': run('return { output: String(context.resources.query(input) + 1) };'),
  'ports have their types': run('return { output: (context.ports.rest ?? input).repeat(context.ports.more) };'),
  'a destructured context': task({ run: 'async ({ log, fetch, signal }) => ({ output: String(typeof fetch) })' }),
};

const wrong: Readonly<Record<string, readonly [string, RegExp]>> = {
  'a port that is not declared': [
    run("return { output: 'a', outptu: 'a' };"),
    /port 'outptu' is not declared in outputs/,
  ],
  'a required output that is missing': [run('return { short: true };'), /output/],
  'an output of the wrong type': [run('return { output: 1 };'), /number|string/],
  'a port that is not declared in one of two branches': [
    run("return input === '' ? { output: 'a', lnog: true } : { output: 'a' };"),
    /port 'lnog' is not declared in outputs/,
  ],
  'a required output that one of two branches lacks': [
    run("return input === '' ? { short: true } : { output: 'a' };"),
    /output/,
  ],
  'no output': [run(''), /void|undefined/],
  'config that is not declared': [run('return { output: config.tiems };'), /tiems/],
  'config of another type': [run('return { output: config.times };'), /number|string/],
  'input of another type': [run('return { output: input.toFixed() };'), /toFixed/],
  'resources without that member': [run('return { output: context.resources.close() };'), /close/],
  'an input port that is not declared': [run('return { output: context.ports.other };'), /other/],
  'an example with the wrong type': [task({ examples: "[{ times: 'two' }]" }), /string|number/],
  'a permission that is no text': [task({ permissions: '[1]' }), /number|string/],
  'no type id': [
    `import { defineTask } from '@llmteam/plugin'; export const type = defineTask({ run: () => ({ output: 1 }) });`,
    /type/,
  ],
};

const control = (react: string): string => `import { defineControl, Type } from '@llmteam/plugin';
  export const type = defineControl({ type: 'gate', config: Type.Object({ open: Type.Boolean() }), state: Type.Object({ seen: Type.Number() }),
    react: (occurrence, view) => { ${react} } });`;

const provider = (answer: string): string => `import { defineProvider, Type } from '@llmteam/plugin';
  export const provider = defineProvider({ id: 'acme', config: Type.Object({ key: Type.String({ writeOnly: true }) }),
    create: (config) => ({ provider: 'acme', model: 'a', generate: async (request) => (${answer}) }) });`;
const answer = "{ text: config.key, model: 'a', finish_reason: 'stop', usage: { input_tokens: 1, output_tokens: 1 } }";

const rightElsewhere: Readonly<Record<string, string>> = {
  'a control type with a state': control(
    'return { state: { seen: (view.state?.seen ?? 0) + (view.config.open ? 1 : 0) }, directives: [] };',
  ),
  'a provider': provider(answer),
};

const wrongElsewhere: Readonly<Record<string, readonly [string, RegExp]>> = {
  'a state of another type': [control("return { state: { seen: 'no' }, directives: [] };"), /string|number/],
  'config that a control type has not got': [control('view.config.closed; return { directives: [] };'), /closed/],
  'an unknown directive': [control("return { directives: [{ do: 'finish' }] };"), /finish/],
  'a directive without its members': [control('return { directives: [{ do: "complete" }] };'), /ports|complete/],
  'config that a provider has not got': [provider(answer.replace('config.key', 'config.kee')), /kee/],
  'half an answer of a model': [provider('{ text: "a" }'), /model|usage|finish_reason/],
};

spec('@llmteam/plugin: types', (test) => {
  test(
    'what is right compiles',
    () => {
      const texts = { ...right, ...rightElsewhere };
      const none = Object.fromEntries(Object.keys(texts).map((name) => [name, []]));
      assert.equal(faultsOfEach(texts), none);
    },
    { timeoutMs },
  );

  test(
    'a wrong port, a missing output, a wrong type: each does not compile and is named',
    () => {
      const cases = { ...wrong, ...wrongElsewhere };
      const texts = Object.fromEntries(Object.entries(cases).map(([name, [text]]) => [name, text]));
      for (const [name, faults] of Object.entries(faultsOfEach(texts))) {
        assert.match(faults.join('\n') || 'it compiles', cases[name]?.[1] ?? /^$/, name);
      }
    },
    { timeoutMs },
  );
});

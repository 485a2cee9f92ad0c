import { LlmteamError } from '@llmteam/contracts';
import plugin, { transform } from '@llmteam/transform';
import * as assert from 'uvu/assert';
import { spec } from '../../support/spec.js';
import { type FakeResources, fakeStepContext } from '../support/fake-step-context.js';
import { fitsSchema, metadataLaws } from '../support/metadata-laws.js';
import { rejectsWith } from '../support/rejection.js';

const missingKey = new LlmteamError('EXPRESSION_FAILED', 'no such key: title');

async function run(config: Parameters<typeof transform.run>[1], expressions: FakeResources['expressions'] = {}) {
  const { context, traces } = fakeStepContext({ expressions });
  return { ports: await transform.run(context, config, {}), evaluated: traces.evaluated };
}

spec('transform: metadata', (test) => {
  metadataLaws(test, 'transform', transform);

  test('the plugin brings this one type', () => {
    assert.equal(plugin.stepTypes, [transform]);
    assert.is(plugin.name, 'transform');
  });

  test('the schema takes exactly one of expression and mapping', () => {
    assert.ok(fitsSchema(transform, { expression: 'input' }));
    assert.ok(fitsSchema(transform, { mapping: { a: 'input' }, default: null }));
    assert.not(fitsSchema(transform, {}));
    assert.not(fitsSchema(transform, { expression: 'input', mapping: { a: 'input' } }));
    assert.not(fitsSchema(transform, { mapping: {} }));
    assert.not(fitsSchema(transform, { mapping: { a: 1 } }));
  });
});

spec('transform: run', (test) => {
  test('an expression becomes the output', async () => {
    const { ports } = await run({ expression: 'input.a' }, { '/expression': [1, 2] });
    assert.equal(ports, { output: [1, 2] });
  });

  test('a mapping becomes an object with a value for every target', async () => {
    const { ports, evaluated } = await run(
      { mapping: { title: 'a', words: 'b' } },
      { '/mapping/title': 'T', '/mapping/words': 3 },
    );
    assert.equal(ports, { output: { title: 'T', words: 3 } });
    assert.equal(evaluated, ['/mapping/title', '/mapping/words']);
  });

  test('a target is one token of the pointer, whatever it holds', async () => {
    const { ports } = await run({ mapping: { 'a/b~c': 'x' } }, { '/mapping/a~1b~0c': 1 });
    assert.equal(ports, { output: { 'a/b~c': 1 } });
  });

  test('a target named like a prototype is data', async () => {
    const mapping = JSON.parse('{"__proto__": "x"}') as Record<string, string>;
    const { ports } = await run({ mapping }, { '/mapping/__proto__': { polluted: true } });
    assert.equal(Object.keys(ports.output as object), ['__proto__']);
    assert.is(({} as Record<string, unknown>).polluted, undefined);
  });

  test('the default stands in for null', async () => {
    assert.equal((await run({ expression: 'x', default: 7 }, { '/expression': null })).ports, { output: 7 });
  });

  test('the default stands in for false and 0 by no means', async () => {
    assert.equal((await run({ expression: 'x', default: 7 }, { '/expression': false })).ports, { output: false });
    assert.equal((await run({ expression: 'x', default: 7 }, { '/expression': 0 })).ports, { output: 0 });
  });

  test('the default stands in for an expression that fails', async () => {
    const { ports } = await run({ expression: 'x', default: null }, { '/expression': missingKey });
    assert.equal(ports, { output: null });
  });

  test('the default stands in for single targets of a mapping', async () => {
    const { ports } = await run(
      { mapping: { a: 'x', b: 'y', c: 'z' }, default: '' },
      { '/mapping/a': missingKey, '/mapping/b': 1, '/mapping/c': null },
    );
    assert.equal(ports, { output: { a: '', b: 1, c: '' } });
  });

  test('without a default null stays null and a failure fails the step', async () => {
    assert.equal((await run({ expression: 'x' }, { '/expression': null })).ports, { output: null });
    await rejectsWith('EXPRESSION_FAILED', () => run({ expression: 'x' }, { '/expression': missingKey }));
  });

  test('the default hides no other error', async () => {
    const capped = new LlmteamError('LIMIT_EXCEEDED', 'expression_work');
    await rejectsWith('LIMIT_EXCEEDED', () => run({ expression: 'x', default: 1 }, { '/expression': capped }));
  });

  test('a config with none or both of the two is refused', async () => {
    await rejectsWith('STEP_CONFIG_INVALID', () => run({}));
    await rejectsWith('STEP_CONFIG_INVALID', () => run({ expression: 'x', mapping: { a: 'x' } }));
  });
});

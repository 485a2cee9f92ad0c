/** Large segments, valid and invalid, are validated within the timeout of the test; `npm run bench -- --only inputs` measures it. */
import type { JsonObject } from '@llmteam/contracts';
import { validateSegment, validateText } from '@llmteam/kernel';
import * as assert from 'uvu/assert';
import { spec } from '../support/spec.js';
import { briefly } from './support/segments.js';
import { testContext } from './support/test-catalog.js';

function longChain(count: number, ofStep: (at: number) => JsonObject = readingChain): JsonObject {
  const steps = Array.from({ length: count }, (_, at) => ({ step_id: `s${at}`, ...ofStep(at) }));
  const edges = Array.from({ length: count - 1 }, (_, at) => ({ from: `s${at}`, to: `s${at + 1}` }));
  return { segment_id: 'long', name: 'Long', entrypoint: 's0', steps, edges };
}

function readingChain(at: number): JsonObject {
  const prompt = at === 0 ? 'Begin.' : `Improve: \${steps.s${at - 1}.output}`;
  return { type: 'llm_agent', config: { llm_ref: 'gpt4', user_prompt_template: prompt } };
}

function lookedAt(): never {
  throw new Error('a step was looked at');
}

spec('size', (test) => {
  test(
    'a chain of 10,000 steps that read each other is valid',
    () => {
      const chain = longChain(10_000);
      const context = testContext();
      assert.equal(validateSegment(chain, context), []);
      const text = JSON.stringify(chain, null, 2);
      assert.equal(validateText(text, context).problems, []);
    },
    { timeoutMs: 30_000 },
  );

  test(
    '10,001 steps are one problem, 10,000 are none',
    () => {
      const plain = (): JsonObject => ({ type: 'echo' });
      assert.equal(briefly(validateSegment(longChain(10_001, plain), testContext())), ['error LIMIT_EXCEEDED /steps']);
      assert.equal(validateSegment(longChain(10_000, plain), testContext()), []);
    },
    { timeoutMs: 30_000 },
  );

  test('100,000 steps with as many mistakes are told as too many, and none of them is looked at', () => {
    const unseen = new Proxy(
      {},
      { get: lookedAt, has: lookedAt, ownKeys: lookedAt, getOwnPropertyDescriptor: lookedAt },
    );
    const steps = Array.from({ length: 100_000 }, () => unseen);
    const wrong = { segment_id: 'long', name: 'Long', entrypoint: 's0', steps };
    const problems = validateSegment(wrong, testContext());
    assert.equal(
      problems.map(({ code, message }) => [code, message]),
      [['LIMIT_EXCEEDED', 'the segment has 100000 steps, at most 10000 are allowed']],
    );
  });

  test('of many problems the first thousand are listed and the rest is counted', () => {
    const wrong = longChain(1_500, () => ({ type: 'ecco' }));
    const problems = validateSegment(wrong, testContext());
    assert.is(problems.length, 1_001);
    assert.is(problems[999]?.path, '/steps/999/type');
    assert.equal(problems[1_000], {
      severity: 'error',
      code: 'LIMIT_EXCEEDED',
      path: '',
      message: 'and 500 more problems; the first 1000 are listed',
    });
    assert.is(
      validateSegment(
        longChain(1_000, () => ({ type: 'ecco' })),
        testContext(),
      ).length,
      1_000,
    );
  });

  test(
    '10,000 steps with everything wrong have an answer',
    () => {
      const wrong = longChain(10_000, (at) => ({
        tpye: 1,
        type: `ehco${at}`,
        config: { text: `\${steps.t${at}.output +}` },
      }));
      const lost = {
        ...wrong,
        edges: Array.from({ length: 9_999 }, (_, at) => ({ from: `from_${at}`, to: `to_${at}`, x: 1 })),
      };
      const problems = validateSegment(lost, testContext());
      assert.is(problems.length, 1_001);
    },
    { timeoutMs: 30_000 },
  );

  test(
    'a thousand cycles, and edges that escape from loops, have an answer',
    () => {
      const pairs = Array.from({ length: 5_000 }, (_, at) => [
        { from: `s${2 * at}`, to: `s${2 * at + 1}` },
        { from: `s${2 * at + 1}`, to: `s${2 * at}` },
      ]).flat();
      const cycles = { ...longChain(10_000, () => ({ type: 'echo' })), edges: pairs };
      assert.ok(validateSegment(cycles, testContext()).some(({ code }) => code === 'CYCLE'));

      const loops = longChain(10_000, (at) => ({ type: at % 10 === 0 ? 'loop' : 'echo' }));
      const intoBodies = Array.from({ length: 9_990 }, (_, at) => ({
        from: `s${at}`,
        from_port: at % 10 === 0 ? 'body' : 'output',
        to: `s${at + 1}`,
      }));
      const escaped = { ...loops, edges: intoBodies };
      assert.ok(validateSegment(escaped, testContext()).length > 0);
    },
    { timeoutMs: 60_000 },
  );

  test(
    'a wide graph in which everything reads what may be skipped has an answer',
    () => {
      const condition = { step_id: 'ask', type: 'condition', config: { expression: 'input.ok' } };
      const middle = Array.from({ length: 2_000 }, (_, at) => ({ step_id: `m${at}`, type: 'echo' }));
      const readers = Array.from({ length: 2_000 }, (_, at) => ({
        step_id: `r${at}`,
        type: 'echo',
        config: { text: `\${steps.m${at}.output + steps.m${(at + 1) % 2_000}.output}` },
      }));
      const edges = middle.flatMap((_, at) => [
        { from: 'ask', from_port: at % 2 === 0 ? 'true' : 'false', to: `m${at}` },
        { from: `m${at}`, to: `r${at}` },
        { from: `m${(at + 1) % 2_000}`, to: `r${at}` },
      ]);
      const wide = {
        segment_id: 'wide',
        name: 'Wide',
        entrypoint: 'ask',
        steps: [condition, ...middle, ...readers],
        edges,
      };
      const problems = validateSegment(wide, testContext());
      assert.is(problems.length, 1_001);
      assert.ok(problems.some(({ code }) => code === 'MAYBE_SKIPPED'));
    },
    { timeoutMs: 60_000 },
  );
});

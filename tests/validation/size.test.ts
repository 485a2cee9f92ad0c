/** Large segments, right and wrong, are answered soon. Times are several times what they take on two idle cores. */
import type { JsonObject, Problem } from '@llmteam/contracts';
import { validateSegment, validateText } from '@llmteam/kernel';
import * as assert from 'uvu/assert';
import { spec } from '../support/spec.js';
import { briefly } from './support/segments.js';
import { testContext } from './support/test-catalog.js';

interface Timed {
  readonly problems: readonly Problem[];
  readonly took: number;
}

function timed(work: () => readonly Problem[]): Timed {
  const started = performance.now();
  const problems = work();
  return { problems, took: performance.now() - started };
}

function inTime({ problems, took }: Timed, limitMs: number): readonly Problem[] {
  assert.ok(took < limitMs, `${Math.round(took)} ms, expected less than ${limitMs}`);
  return problems;
}

function longChain(count: number, ofStep: (at: number) => JsonObject = readingChain): JsonObject {
  const steps = Array.from({ length: count }, (_, at) => ({ step_id: `s${at}`, ...ofStep(at) }));
  const edges = Array.from({ length: count - 1 }, (_, at) => ({ from: `s${at}`, to: `s${at + 1}` }));
  return { segment_id: 'long', name: 'Long', entrypoint: 's0', steps, edges };
}

function readingChain(at: number): JsonObject {
  const prompt = at === 0 ? 'Begin.' : `Improve: \${steps.s${at - 1}.output}`;
  return { type: 'llm_agent', config: { llm_ref: 'gpt4', user_prompt_template: prompt } };
}

spec('size', (test) => {
  test(
    'a chain of 10,000 steps that read each other is valid, in a few seconds at most',
    () => {
      const chain = longChain(10_000);
      const context = testContext();
      assert.equal(
        inTime(
          timed(() => validateSegment(chain, context)),
          5_000,
        ),
        [],
      );
      const text = JSON.stringify(chain, null, 2);
      assert.equal(
        inTime(
          timed(() => validateText(text, context).problems),
          5_000,
        ),
        [],
      );
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

  test('100,000 steps with as many mistakes are told as too many, at once', () => {
    const steps = longChain(100_000, () => ({ tpye: 'x' })).steps ?? [];
    const wrong = { segment_id: 'long', name: 'Long', entrypoint: 's0', steps };
    const problems = inTime(
      timed(() => validateSegment(wrong, testContext())),
      200,
    );
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
    '10,000 steps with everything wrong are answered in a few seconds at most',
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
      const problems = inTime(
        timed(() => validateSegment(lost, testContext())),
        8_000,
      );
      assert.is(problems.length, 1_001);
    },
    { timeoutMs: 30_000 },
  );

  test(
    'a thousand cycles, and edges that escape from loops, are answered in a few seconds at most',
    () => {
      const pairs = Array.from({ length: 5_000 }, (_, at) => [
        { from: `s${2 * at}`, to: `s${2 * at + 1}` },
        { from: `s${2 * at + 1}`, to: `s${2 * at}` },
      ]).flat();
      const cycles = { ...longChain(10_000, () => ({ type: 'echo' })), edges: pairs };
      assert.ok(
        inTime(
          timed(() => validateSegment(cycles, testContext())),
          8_000,
        ).some(({ code }) => code === 'CYCLE'),
      );

      const loops = longChain(10_000, (at) => ({ type: at % 10 === 0 ? 'loop' : 'echo' }));
      const intoBodies = Array.from({ length: 9_990 }, (_, at) => ({
        from: `s${at}`,
        from_port: at % 10 === 0 ? 'body' : 'output',
        to: `s${at + 1}`,
      }));
      const escaped = { ...loops, edges: intoBodies };
      assert.ok(
        inTime(
          timed(() => validateSegment(escaped, testContext())),
          8_000,
        ).length > 0,
      );
    },
    { timeoutMs: 60_000 },
  );

  test(
    'a wide graph in which everything reads what may be skipped is answered in a few seconds at most',
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
      const problems = inTime(
        timed(() => validateSegment(wide, testContext())),
        8_000,
      );
      assert.is(problems.length, 1_001);
      assert.ok(problems.some(({ code }) => code === 'MAYBE_SKIPPED'));
    },
    { timeoutMs: 60_000 },
  );
});

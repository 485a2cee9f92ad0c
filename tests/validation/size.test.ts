/** Large segments, right and wrong, are answered soon. Times are several times what they take on two idle cores. */
import type { JsonObject, Problem } from '@llmteam/contracts';
import { validate_segment, validate_text } from '@llmteam/kernel';
import * as assert from 'uvu/assert';
import { spec } from '../support/spec.js';
import { briefly } from './support/segments.js';
import { test_context } from './support/test-catalog.js';

interface Timed {
  readonly problems: readonly Problem[];
  readonly took: number;
}

function timed(work: () => readonly Problem[]): Timed {
  const started = performance.now();
  const problems = work();
  return { problems, took: performance.now() - started };
}

function in_time({ problems, took }: Timed, limit_ms: number): readonly Problem[] {
  assert.ok(took < limit_ms, `${Math.round(took)} ms, expected less than ${limit_ms}`);
  return problems;
}

function long_chain(count: number, of_step: (at: number) => JsonObject = reading_chain): JsonObject {
  const steps = Array.from({ length: count }, (_, at) => ({ step_id: `s${at}`, ...of_step(at) }));
  const edges = Array.from({ length: count - 1 }, (_, at) => ({ from: `s${at}`, to: `s${at + 1}` }));
  return { segment_id: 'long', name: 'Long', entrypoint: 's0', steps, edges };
}

function reading_chain(at: number): JsonObject {
  const prompt = at === 0 ? 'Begin.' : `Improve: \${steps.s${at - 1}.output}`;
  return { type: 'llm_agent', config: { llm_ref: 'gpt4', user_prompt_template: prompt } };
}

spec('size', (test) => {
  test(
    'a chain of 10,000 steps that read each other is valid, in a few seconds at most',
    () => {
      const chain = long_chain(10_000);
      const context = test_context();
      assert.equal(
        in_time(
          timed(() => validate_segment(chain, context)),
          5_000,
        ),
        [],
      );
      const text = JSON.stringify(chain, null, 2);
      assert.equal(
        in_time(
          timed(() => validate_text(text, context).problems),
          5_000,
        ),
        [],
      );
    },
    { timeout_ms: 30_000 },
  );

  test(
    '10,001 steps are one problem, 10,000 are none',
    () => {
      const plain = (): JsonObject => ({ type: 'echo' });
      assert.equal(briefly(validate_segment(long_chain(10_001, plain), test_context())), [
        'error LIMIT_EXCEEDED /steps',
      ]);
      assert.equal(validate_segment(long_chain(10_000, plain), test_context()), []);
    },
    { timeout_ms: 30_000 },
  );

  test('100,000 steps with as many mistakes are told as too many, at once', () => {
    const steps = long_chain(100_000, () => ({ tpye: 'x' })).steps ?? [];
    const wrong = { segment_id: 'long', name: 'Long', entrypoint: 's0', steps };
    const problems = in_time(
      timed(() => validate_segment(wrong, test_context())),
      200,
    );
    assert.equal(
      problems.map(({ code, message }) => [code, message]),
      [['LIMIT_EXCEEDED', 'the segment has 100000 steps, at most 10000 are allowed']],
    );
  });

  test('of many problems the first thousand are listed and the rest is counted', () => {
    const wrong = long_chain(1_500, () => ({ type: 'ecco' }));
    const problems = validate_segment(wrong, test_context());
    assert.is(problems.length, 1_001);
    assert.is(problems[999]?.path, '/steps/999/type');
    assert.equal(problems[1_000], {
      severity: 'error',
      code: 'LIMIT_EXCEEDED',
      path: '',
      message: 'and 500 problems more; the first 1000 are listed',
    });
    assert.is(
      validate_segment(
        long_chain(1_000, () => ({ type: 'ecco' })),
        test_context(),
      ).length,
      1_000,
    );
  });

  test(
    '10,000 steps with everything wrong are answered in a few seconds at most',
    () => {
      const wrong = long_chain(10_000, (at) => ({
        tpye: 1,
        type: `ehco${at}`,
        config: { text: `\${steps.t${at}.output +}` },
      }));
      const lost = {
        ...wrong,
        edges: Array.from({ length: 9_999 }, (_, at) => ({ from: `from_${at}`, to: `to_${at}`, x: 1 })),
      };
      const problems = in_time(
        timed(() => validate_segment(lost, test_context())),
        8_000,
      );
      assert.is(problems.length, 1_001);
    },
    { timeout_ms: 30_000 },
  );

  test(
    'a thousand cycles, and edges that escape from loops, are answered in a few seconds at most',
    () => {
      const pairs = Array.from({ length: 5_000 }, (_, at) => [
        { from: `s${2 * at}`, to: `s${2 * at + 1}` },
        { from: `s${2 * at + 1}`, to: `s${2 * at}` },
      ]).flat();
      const cycles = { ...long_chain(10_000, () => ({ type: 'echo' })), edges: pairs };
      assert.ok(
        in_time(
          timed(() => validate_segment(cycles, test_context())),
          8_000,
        ).some(({ code }) => code === 'CYCLE'),
      );

      const loops = long_chain(10_000, (at) => ({ type: at % 10 === 0 ? 'loop' : 'echo' }));
      const into_bodies = Array.from({ length: 9_990 }, (_, at) => ({
        from: `s${at}`,
        from_port: at % 10 === 0 ? 'body' : 'output',
        to: `s${at + 1}`,
      }));
      const escaped = { ...loops, edges: into_bodies };
      assert.ok(
        in_time(
          timed(() => validate_segment(escaped, test_context())),
          8_000,
        ).length > 0,
      );
    },
    { timeout_ms: 60_000 },
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
      const problems = in_time(
        timed(() => validate_segment(wide, test_context())),
        8_000,
      );
      assert.is(problems.length, 1_001);
      assert.ok(problems.some(({ code }) => code === 'MAYBE_SKIPPED'));
    },
    { timeout_ms: 60_000 },
  );
});

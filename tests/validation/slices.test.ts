/** Segments at the caps: how long validating them takes, and that it lets other work through. */
import { setImmediate as turn } from 'node:timers/promises';
import { caps, type Json, type JsonObject } from '@llmteam/contracts';
import { validateSegment, validateText, validateTextInSlices } from '@llmteam/kernel';
import * as assert from 'uvu/assert';
import { spec } from '../support/spec.js';
import { step } from './support/segments.js';
import { testContext } from './support/test-catalog.js';

/** As many edges as fit into the cap on values. */
const most = 48_000;

function withEdges(steps: readonly JsonObject[], count: number, ofEdge: (at: number) => JsonObject): JsonObject {
  const edges = Array.from({ length: count }, (_, at) => ofEdge(at));
  return { segment_id: 'large', name: 'Large', entrypoint: String(steps[0]?.step_id), steps, edges };
}

const twoSteps = [step('a'), step('b', { type: 'parallel_join' })];
const equal = (): JsonObject => withEdges(twoSteps, most, () => ({ from: 'a', to: 'b' }));
const dense = (): JsonObject => {
  const steps = Array.from({ length: 4_000 }, (_, at) =>
    step(`s${at}`, { config: { text: `\${steps.s${at >> 1}.output}` } }),
  );
  return withEdges(steps, 40_000, (at) => {
    const from = at % 3_999;
    return { from: `s${from}`, to: `s${from + 1 + (at % (3_999 - from))}` };
  });
};
const joins = (): JsonObject => {
  const join = { type: 'parallel_join', config: { merge_strategy: 'any' } };
  const steps = Array.from({ length: 5_000 }, (_, at) => step(`s${at}`, at % 2 === 0 ? {} : join));
  return { ...withEdges(steps, 4_999, (at) => ({ from: `s${at}`, to: `s${at + 1}` })), output: 'steps.s2500.output' };
};

/** Counts the turns of the event loop while something happens. */
async function turnsDuring<T>(work: Promise<T>): Promise<{ turns: number; result: T }> {
  const state = { turns: 0, isDone: false };
  const watch = async (): Promise<void> => {
    while (!state.isDone) {
      await turn();
      state.turns++;
    }
  };
  const watching = watch();
  const result = await work.finally(() => {
    state.isDone = true;
  });
  await watching;
  return { turns: state.turns, result };
}

const patience = { timeoutMs: 60_000 };

spec('large segments', (test) => {
  test(
    'tens of thousands of equal edges are as many mistakes, and take no longer than as many different edges',
    () => {
      const problems = validateSegment(equal(), testContext());
      assert.is(problems.filter(({ code }) => code === 'DUPLICATE_EDGE').length, 1_000);
      assert.is(problems.at(-1)?.message, `and ${most - 1 - 1_000} more problems; the first 1000 are listed`);
    },
    patience,
  );

  test(
    'many edges between two ports are valid if their conditions differ',
    () => {
      const edges = withEdges([step('a'), step('b')], 20_000, (at) => ({
        from: 'a',
        to: 'b',
        condition: `value > ${at}`,
      }));
      assert.equal(
        validateSegment(edges, testContext()).map(({ code }) => code),
        ['SEVERAL_EDGES'],
      );
    },
    patience,
  );

  for (const [name, make] of [
    ['equal edges', equal],
    ['a dense graph', dense],
    ['many joins', joins],
  ] as const) {
    test(
      `validating ${name} in slices lets other work through and finds the same`,
      async () => {
        const text = JSON.stringify(make());
        const { turns, result } = await turnsDuring(validateTextInSlices(text, () => testContext()));
        assert.ok(turns > 5, `${turns} turns`);
        assert.equal(result.problems, validateText(text, testContext()).problems);
      },
      patience,
    );
  }

  test('the context may depend on the value, and its failure is that of the validation', async () => {
    const text = JSON.stringify({ ...equal(), edges: [] });
    const seen: Json[] = [];
    await validateTextInSlices(text, async (value) => {
      seen.push(value);
      return testContext();
    });
    assert.equal(seen, [JSON.parse(text)]);
    const failing = validateTextInSlices(text, () => Promise.reject(new Error('no store')));
    await failing.then(
      () => assert.unreachable(),
      (thrown: Error) => assert.is(thrown.message, 'no store'),
    );
  });

  test('more than a thousand hints do not make a segment invalid', () => {
    const joined = Array.from({ length: 1_100 }, (_, at) => step(`s${at}`));
    const edges = joined.slice(1).flatMap(({ step_id }) => [
      { from: 's0', to: step_id },
      { from: 's0', from_port: 'error', to: step_id },
    ]);
    const { segment, problems } = validateText(
      JSON.stringify(withEdges(joined, edges.length, (at) => edges[at] ?? {})),
      testContext(),
    );
    assert.is(problems.at(-1)?.code, 'LIMIT_EXCEEDED');
    assert.is(problems.at(-1)?.severity, 'info');
    assert.ok(segment !== null);
  });

  test(
    'a config with a mistake in each of its 100,000 values has one answer, the first',
    () => {
      const config = { llm_ref: 'a', fallback_llm_refs: new Array<Json>(100_000).fill(1) };
      const problems = validateSegment(
        withEdges([step('a', { type: 'llm_agent', config })], 0, () => ({})),
        testContext(),
      );
      assert.equal(
        problems.map(({ path }) => path),
        ['/steps/0/config/fallback_llm_refs/0'],
      );
    },
    patience,
  );

  test(
    'thousands of forms are checked without compiling each',
    () => {
      const form = (at: number): JsonObject => ({
        type: 'object',
        properties: { [`p${at}`]: { type: at === 7 ? 'txt' : 'string' } },
      });
      const steps = Array.from({ length: 5_000 }, (_, at) =>
        step(`s${at}`, { type: 'human_task', config: { form: form(at) } }),
      );
      const segment = {
        ...withEdges(steps, 4_999, (at) => ({ from: `s${at}`, from_port: 'approved', to: `s${at + 1}` })),
      };
      const problems = validateSegment({ ...segment, params: { timeout_seconds: null } }, testContext());
      assert.equal(
        problems.map(({ path }) => path),
        ['/steps/7/config/form/properties/p7/type'],
      );
    },
    patience,
  );

  test('a text over the cap is not parsed', async () => {
    const unread = (): never => assert.unreachable('it was parsed') as never;
    const { segment, problems } = await validateTextInSlices('x'.repeat(caps.segment_bytes + 1), unread);
    assert.is(segment, null);
    assert.is(problems[0]?.code, 'LIMIT_EXCEEDED');
  });
});

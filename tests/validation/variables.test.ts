import type { JsonObject } from '@llmteam/contracts';
import * as assert from 'uvu/assert';
import { spec } from '../support/spec.js';
import { briefly, chain, edge, problemsOf, segment, step } from './support/segments.js';

function told(value: JsonObject): string[] {
  return briefly(problemsOf(value).filter(({ code }) => code !== 'SEVERAL_EDGES'));
}

const reads = (expression: string): JsonObject => ({ config: { text: `\${${expression}}` } });
const ask = (stepId: string): JsonObject => step(stepId, { type: 'condition', config: { expression: 'true' } });
const unknown = (path: string): string => `error UNKNOWN_VARIABLE ${path}`;
const skipped = (path: string): string => `warning MAYBE_SKIPPED ${path}`;
const text = (place: number): string => `/steps/${place}/config/text`;

/** `start → each (work → check) → last` with additional config for one of them. */
function looped(more: Readonly<Record<string, JsonObject>>, edges: readonly (string | JsonObject)[] = []): JsonObject {
  const steps = [
    step('start', more.start),
    step('each', { type: 'loop', ...more.each }),
    step('work', more.work),
    step('check', more.check),
    step('last', more.last),
  ];
  const usual = ['start -> each', 'each.body -> work', 'work -> check', 'check -> each.next', 'each.done -> last'];
  return segment(steps, [...usual, ...edges]);
}

/** `split` leads to `left` and `right`, which both lead to `join`. */
function forked(
  split: JsonObject,
  ports: readonly [string, string],
  more: Readonly<Record<string, JsonObject>> = {},
): JsonObject {
  const steps = [
    split,
    step('left', more.left),
    step('right', more.right),
    step('join', more.join),
    step('last', more.last),
  ];
  const id = String(split.step_id);
  return segment(steps, [
    `${id}.${ports[0]} -> left`,
    `${id}.${ports[1]} -> right`,
    'left -> join',
    'right -> join.extra',
    'join -> last',
  ]);
}

spec('what expressions may read', (test) => {
  test('a step sees the steps upstream of it, near and far', () => {
    const value = segment(
      [step('a'), step('b'), step('c', reads('[steps.a.output, steps.b.output]'))],
      ['a -> b', 'b -> c'],
    );
    assert.equal(told(value), []);
  });

  test('a step beside another does not see it', () => {
    const value = segment([step('a'), step('b'), step('c', reads('steps.b.output'))], ['a -> b', 'a -> c']);
    assert.equal(told(value), [unknown(text(2))]);
    const [problem] = problemsOf(value);
    assert.match(problem?.message ?? '', /step 'b' is not upstream of 'c'/);
  });

  test('a guard makes no step visible that is not upstream', () => {
    const value = segment([step('a'), step('b', reads('has(steps.c) ? 1 : 2')), step('c')], ['a -> b', 'b -> c']);
    assert.equal(told(value), [unknown(text(1))]);
  });

  test('inside a loop a step sees its own iteration and what is upstream of the loop', () => {
    assert.equal(told(looped({ check: reads('[steps.start.output, steps.work.output, loop.item, loop.index]') })), []);
  });

  test('the loop itself and what comes after it are not seen from inside', () => {
    assert.equal(told(looped({ work: reads('steps.each.done') })), [unknown(text(2))]);
    assert.equal(told(looped({ work: reads('steps.last.output') })), [unknown(text(2))]);
  });

  test('what ran inside a loop is not seen from outside; what the loop gave is', () => {
    assert.equal(told(looped({ last: reads('steps.work.output') })), [unknown(text(4))]);
    assert.equal(told(looped({ last: reads('steps.each.done') })), []);
  });

  test('a loop step knows `loop` in its own expressions', () => {
    assert.equal(told(looped({ each: { config: { condition: 'loop.index < 3' } } })), []);
    assert.equal(told(looped({ start: reads('loop.index') })), [unknown(text(0))]);
    assert.equal(told(looped({ last: reads('loop.item') })), [unknown(text(4))]);
  });

  test('a condition sees the value, the step it leads from and what is upstream of that', () => {
    const steps = [step('a'), step('b'), step('c')];
    const withCondition = (condition: string): JsonObject => segment(steps, ['a -> b', edge('b -> c', { condition })]);
    assert.equal(told(withCondition('value.ok && steps.b.output.ok && steps.a.output.ok')), []);
    assert.equal(told(withCondition('steps.c.output.ok')), [unknown('/edges/1/condition')]);
    assert.equal(told(withCondition('input.ok')), [unknown('/edges/1/condition')]);
    assert.equal(told(withCondition('loop.index > 1')), [unknown('/edges/1/condition')]);
  });

  test('a condition on `body` is asked inside the loop, before the loop step has ended', () => {
    const withCondition = (condition: string): JsonObject =>
      looped({ last: {} }, [edge('each.body -> check.extra', { condition })]);
    assert.equal(told(withCondition('loop.index > 1 && value > steps.start.output')), []);
    assert.equal(told(withCondition('steps.each.done == 1')), [unknown('/edges/5/condition')]);
  });

  test('the output sees the input and all steps outside of loops', () => {
    assert.equal(told({ ...chain('a', 'b'), output: '[input, run.id, steps.a.output, steps.b.output]' }), []);
    assert.equal(told({ ...chain('a', 'b'), output: 'value' }), [unknown('/output')]);
    assert.equal(told({ ...looped({}), output: 'steps.work.output' }), [unknown('/output')]);
    assert.equal(told({ ...looped({}), output: 'steps.each.done.results' }), []);
  });

  test('a port that the step has not got is told, also behind has()', () => {
    assert.equal(told({ ...chain('a', 'b'), output: 'has(steps.a.result)' }), ['error UNKNOWN_PORT /output']);
    assert.equal(told({ ...chain('a', 'b'), output: 'steps.a.error.message' }), []);
    const any = segment([step('a', { type: 'anything' })], [], { output: 'steps.a.whatever' });
    assert.equal(told(any), []);
  });

  test('several mistakes of one expression are all told', () => {
    const value = { ...chain('a', 'b'), output: 'steps.x.output + steps.y.output + value' };
    assert.equal(told(value), [unknown('/output'), unknown('/output'), unknown('/output')]);
  });

  test('where the graph is broken, nobody is told what is upstream of what', () => {
    const value = segment(
      [step('a', reads('steps.c.output')), step('b'), step('c')],
      ['a -> b', 'b -> c', 'c -> b.extra'],
    );
    assert.equal(told(value), ['error CYCLE /edges/2']);
  });

  test('an unknown step is told even where the graph is broken', () => {
    const value = segment([step('a', reads('steps.z.output')), step('b')], ['a -> b', 'b -> b.extra']);
    assert.equal(told(value), [unknown(text(0)), 'error SELF_LOOP /edges/1']);
  });
});

spec('steps that may have been skipped', (test) => {
  test('a step on one branch of a condition may be, unless asked for', () => {
    const onBranch = (expression: string): JsonObject =>
      forked(ask('ask'), ['true', 'false'], { last: reads(expression) });
    assert.equal(told(onBranch('steps.left.output')), [skipped(text(4))]);
    assert.equal(told(onBranch('has(steps.left) ? steps.left.output : 0')), []);
    assert.equal(told(onBranch('has(steps.right) ? steps.left.output : 0')), [skipped(text(4))]);
  });

  test('the branch itself knows that it runs', () => {
    const value = segment(
      [ask('ask'), step('left'), step('more', reads('steps.left.output'))],
      ['ask.true -> left', 'left -> more'],
    );
    assert.equal(told(value), []);
  });

  test('all branches of a fork run', () => {
    const value = forked(step('split'), ['output', 'output'], {
      last: reads('[steps.left.output, steps.right.output]'),
    });
    assert.equal(told(value), []);
  });

  test('a branch of a fork behind a condition may be skipped', () => {
    const value = segment(
      [step('split'), step('left'), step('right'), step('join', reads('steps.right.output'))],
      ['split -> left', edge('split -> right', { condition: 'value.ok' }), 'left -> join', 'right -> join.extra'],
    );
    assert.equal(told(value), [skipped(text(3))]);
  });

  test('what comes after a step that may fail and be caught may be skipped', () => {
    const value = segment(
      [step('a'), step('b'), step('rescue'), step('join', reads('steps.b.output'))],
      ['a -> b', 'a.error -> rescue', 'b -> join', 'rescue -> join.extra'],
    );
    assert.equal(told(value), [skipped(text(3))]);
  });

  test('a loser of a join that takes the first may be cancelled; of one that takes all, not', () => {
    const withStrategy = (mergeStrategy: string): JsonObject =>
      segment(
        [
          step('split'),
          step('left'),
          step('right'),
          step('join', { type: 'parallel_join', config: { merge_strategy: mergeStrategy } }),
          step('last', reads('steps.left.output')),
        ],
        ['split -> left', 'split -> right', 'left -> join.l', 'right -> join.r', 'join -> last'],
      );
    assert.equal(told(withStrategy('first')), [skipped(text(4))]);
    assert.equal(told(withStrategy('all')), []);
  });

  test('where other branches go on after a failure, a fork promises nothing', () => {
    const value = forked(step('split'), ['output', 'output'], { last: reads('steps.left.output') });
    assert.equal(told({ ...value, params: { on_failure: 'finish_branches' } }), [skipped(text(4))]);
  });

  test('the first steps of a loop run in each iteration', () => {
    const value = looped({ check: reads('steps.work.output') }, ['each.body -> check.extra']);
    assert.equal(told(value), []);
  });

  test('for the output, a step on a branch may be skipped and the step where the branches meet may not', () => {
    const value = (output: string): JsonObject => ({ ...forked(ask('ask'), ['true', 'false']), output });
    assert.equal(told(value('steps.left.output')), [skipped('/output')]);
    assert.equal(told(value('has(steps.left) ? steps.left.output : steps.right.output')), [skipped('/output')]);
    assert.equal(told(value('steps.last.output')), []);
  });

  test('for the output, a step behind a branch that leads nowhere may be skipped', () => {
    const value = segment([ask('ask'), step('left')], ['ask.true -> left'], { output: 'steps.left.output' });
    assert.equal(told(value), [skipped('/output')]);
    assert.equal(told({ ...value, output: 'has(steps.left) ? steps.left.output : null' }), []);
  });

  test('the ports of a task are parts of its result, the ports of a control type its decision', () => {
    const byTask = segment([step('a', { type: 'query' }), step('b')], ['a.rows -> b'], { output: 'steps.b.output' });
    assert.equal(told(byTask), []);
    const byDecision = segment([ask('a'), step('b')], ['a.true -> b'], { output: 'steps.b.output' });
    assert.equal(told(byDecision), [skipped('/output')]);
    const byName = (...edges: readonly string[]): JsonObject =>
      segment([step('a', { type: 'anything' }), step('b'), step('c')], edges, { output: 'steps.b.output' });
    assert.equal(told(byName('a.left -> b', 'b -> c')), []);
    assert.equal(told(byName('a.left -> b', 'a.right -> c')), [skipped('/output')]);
  });

  test('for the output, what comes after a rescue runs, what is rescued may not', () => {
    const rescued = (output: string): JsonObject =>
      segment(
        [step('a'), step('b'), step('rescue'), step('join')],
        ['a -> b', 'a.error -> rescue', 'b -> join', 'rescue -> join.extra'],
        { output },
      );
    assert.equal(told(rescued('steps.join.output')), []);
    assert.equal(told(rescued('steps.b.output')), [skipped('/output')]);
  });

  test('for the output, a fork without a join runs all its branches', () => {
    const value = segment([step('a'), step('b'), step('c')], ['a -> b', 'a -> c'], { output: 'steps.b.output' });
    assert.equal(told(value), []);
  });
});

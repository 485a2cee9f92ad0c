/** Which segments have one end, and so return the value of their last step rather than an object by step id. */
import type { Segment } from '@llmteam/contracts';
import * as assert from 'uvu/assert';
import { spec } from '../support/spec.js';
import { planOf } from './support/engine.js';

const configs: Readonly<Record<string, object>> = {
  condition: { expression: 'true' },
  parallel_split: { branches: 2 },
  human_task: { task_type: 'approval', title: 'Well?' },
  map: { items: '[1]' },
};

/** Steps are `id:type`, or `id` for a task; edges are `from to`, `from.port to.port`, with `?` at the end if conditional. */
function hasSingleEnd(steps: string, ...edges: string[]): boolean {
  const segment: Segment = {
    segment_id: 's',
    name: 's',
    entrypoint: 'a',
    steps: steps.split(' ').map((written) => {
      const [stepId = '', type = 'work'] = written.split(':');
      return { step_id: stepId, type, config: { ...configs[type] } };
    }),
    edges: edges.map((written) => {
      const [source = '', target = ''] = written.replace('?', '').split(' ');
      const [from = '', fromPort = 'output'] = source.split('.');
      const [to = '', toPort = 'input'] = target.split('.');
      return { from, from_port: fromPort, to, to_port: toPort, ...(written.endsWith('?') && { condition: 'true' }) };
    }),
  };
  return planOf(segment).hasSingleEnd();
}

spec('engine: single end', (test) => {
  test('a chain has one end', () => {
    assert.is(hasSingleEnd('a b c', 'a b', 'b c'), true);
  });

  test('parallel branches have an end each, and a join makes it one', () => {
    assert.is(hasSingleEnd('a b c', 'a b', 'a c'), false);
    assert.is(hasSingleEnd('a b c d', 'a b', 'a c', 'b d', 'c d'), true);
    assert.is(hasSingleEnd('a:parallel_split b c', 'a.branch_1 b', 'a.branch_2 c'), false);
  });

  test('the branches of a condition exclude each other, also where one leads nowhere', () => {
    assert.is(hasSingleEnd('a:condition b c', 'a.true b', 'a.false c'), true);
    assert.is(hasSingleEnd('a:condition b', 'a.true b'), true);
    assert.is(hasSingleEnd('a:condition b c d', 'a.true b', 'a.false c', 'b d'), true);
  });

  test('two edges from one port of a condition do not', () => {
    assert.is(hasSingleEnd('a:condition b c', 'a.true b', 'a.true c'), false);
  });

  test('what handles a failure excludes what follows a success', () => {
    assert.is(hasSingleEnd('a b c', 'a b', 'a.error c'), true);
    assert.is(hasSingleEnd('a b c d', 'a b', 'b d', 'b.error c'), true);
  });

  test('two ports of a task fire together', () => {
    assert.is(hasSingleEnd('a b c', 'a b', 'a.other c'), false);
  });

  test('edges with conditions may both be taken, or neither', () => {
    assert.is(hasSingleEnd('a b c', 'a b?', 'a c?'), false);
    assert.is(hasSingleEnd('a b', 'a b?'), true, 'either b is the last step, or a is');
    assert.is(hasSingleEnd('a b c', 'a b', 'b c?', 'a c'), false, 'b may be an end beside c');
  });

  test('branches of different conditions do not exclude each other', () => {
    const conditions = ['a b', 'a c', 'b.true d', 'b.false e', 'c.true e', 'c.false f'];
    assert.is(hasSingleEnd('a b:condition c:condition d e f', ...conditions), false);
  });

  test('an answer that leads nowhere, in a branch beside others, is an end of its own', () => {
    const edges = ['a b', 'a c', 'b.approved d', 'c d'];
    assert.is(hasSingleEnd('a b:human_task c d', ...edges), false);
    assert.is(
      hasSingleEnd('a b:human_task c d', ...edges, 'b.rejected d', 'b.timeout d'),
      false,
      'the others may fire',
    );
  });

  test('the region of a loop has no end of its own', () => {
    assert.is(hasSingleEnd('a:map b c d', 'a.body b', 'a.body c', 'b a.next', 'a.done d'), true);
  });

  test('steps that can never run do not count', () => {
    assert.is(hasSingleEnd('a b x y', 'a b', 'x y'), true);
  });

  test('ten thousand steps and fifty thousand edges are decided at once', () => {
    const steps = Array.from({ length: 10_000 }, (_, index) => (index === 0 ? 'a' : `s${index}`));
    const edges = steps.slice(1).flatMap((step, index) => {
      const sources = [index, index - 1, Math.floor(index / 2), 0, Math.max(0, index - 5_000)];
      return [...new Set(sources.filter((source) => source >= 0))].map((source) => `${steps[source]} ${step}`);
    });
    assert.is(hasSingleEnd(steps.join(' '), ...edges), true);
  });
});

import type { JsonObject } from '@llmteam/contracts';
import * as assert from 'uvu/assert';
import { spec } from '../support/spec.js';
import { codesOf, problemsOf, segment, step } from './support/segments.js';

/** Path and message of each problem, without hints. */
function told(value: JsonObject): string[] {
  const problems = problemsOf(value).filter(({ severity }) => severity !== 'info');
  return problems.map(({ code, path, message }) => `${code} ${path}: ${message}`);
}

const loop = (stepId: string): JsonObject => step(stepId, { type: 'loop' });

spec('graphs', (test) => {
  test('a cycle is told with its steps, at the edge written last', () => {
    const value = segment([step('a'), step('b'), step('c')], ['a -> b', 'c -> b.extra', 'b -> c']);
    assert.equal(told(value), [
      "CYCLE /edges/2: steps wait for each other: 'c' → 'b' → 'c'; repeat steps with a loop type",
    ]);
  });

  test('two cycles are two problems', () => {
    const value = segment(
      [step('a'), step('b'), step('c'), step('d'), step('e')],
      ['a -> b', 'b -> c', 'c -> b.extra', 'a -> d', 'd -> e', 'e -> d.extra'],
    );
    assert.equal(codesOf(value), ['CYCLE', 'CYCLE']);
  });

  test('a cycle does not hide a step that nothing leads to, nor an edge from a step to itself', () => {
    const value = segment(
      [step('a'), step('b'), step('lost'), step('self')],
      ['a -> b', 'b -> a.extra', 'a -> self', 'self -> self.extra'],
    );
    assert.equal(codesOf(value), ['UNREACHABLE_STEP', 'CYCLE', 'SELF_LOOP']);
  });

  test('an edge back to a loop that forgets `next` is one problem', () => {
    const value = segment([loop('each'), step('work')], ['each.body -> work', 'work -> each']);
    assert.equal(told(value), [
      "REGION_ESCAPE /edges/1: edge 'work' → 'each' leads back to the loop on port 'input'; " +
        "it must lead to its port 'next'",
    ]);
  });

  test('an edge that leaves a loop for a step outside is told, not the one that rightly leads there', () => {
    const value = segment(
      [loop('each'), step('work'), step('last'), step('more')],
      ['each.body -> work', 'work -> each.next', 'each.done -> last', 'last -> more', 'work.error -> more.extra'],
    );
    assert.equal(told(value), [
      "REGION_ESCAPE /edges/4: edge 'work' → 'more' leaves the loop of step 'each' other than through its port 'next', " +
        'to a step that is also reached from outside',
    ]);
  });

  test('a branch inside a loop that does not come back is allowed if another does', () => {
    const value = segment(
      [loop('each'), step('work'), step('log')],
      ['each.body -> work', 'work -> log', 'work -> each.next'],
    );
    assert.equal(told(value), []);
  });

  test('a body that ends at an edge to nowhere is no dead end besides', () => {
    const value = segment([loop('each'), step('work')], ['each.body -> work', 'work -> ecah.next']);
    assert.equal(codesOf(value), ['INVALID_REFERENCE']);
    const other = segment([loop('each'), step('work')], ['each.body -> work', 'each.done -> nowhere']);
    assert.equal(codesOf(other), ['INVALID_REFERENCE']);
  });

  test('a loop without a body is a dead end', () => {
    assert.equal(codesOf(segment([loop('each')])), ['DEAD_END_BRANCH']);
  });

  test('loops in loops are told apart', () => {
    const good = ['outer.body -> inner', 'inner.body -> work', 'work -> inner.next', 'inner.done -> outer.next'];
    const steps = [loop('outer'), loop('inner'), step('work')];
    assert.equal(told(segment(steps, good)), []);
    assert.ok(codesOf(segment(steps, [...good, 'work -> outer.next'])).includes('REGION_ESCAPE'));
    assert.equal(codesOf(segment(steps, [...good, 'outer.body -> work.extra'])), ['REGION_ESCAPE']);
  });

  test('an entrypoint inside a loop is told alone', () => {
    const value = segment([step('work'), loop('each')], ['each.body -> work', 'work -> each.next']);
    assert.equal(told(value), [
      "INVALID_ENTRYPOINT /entrypoint: the entrypoint 'work' lies inside the loop of step 'each'",
    ]);
  });

  test('without an entrypoint nothing is called unreachable', () => {
    assert.equal(codesOf({ ...segment([step('a'), step('b')]), entrypoint: 'z' }), ['INVALID_ENTRYPOINT']);
  });
});

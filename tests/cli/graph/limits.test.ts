import { isLlmteamError } from '@llmteam/contracts';
import { drawMermaid, drawSvg } from 'llmteam';
import * as assert from 'uvu/assert';
import { spec } from '../../support/spec.js';
import { readPicture } from './support/picture.js';
import { randomSegment } from './support/random-segment.js';
import { chain, segment } from './support/segments.js';

function refusal(draw: () => unknown): { code: string; message: string } {
  try {
    draw();
  } catch (thrown) {
    if (isLlmteamError(thrown)) return { code: thrown.code, message: thrown.message };
    throw thrown;
  }
  return { code: 'none', message: '' };
}

spec('graph: limits', (test) => {
  test('more than 2,000 steps are refused by name of the cap', () => {
    for (const draw of [drawSvg, drawMermaid]) {
      const { code, message } = refusal(() => draw(chain(2_001)));
      assert.is(code, 'LIMIT_EXCEEDED');
      assert.match(message, /2001 steps.*at most 2000 \(steps_per_drawing\)/);
    }
    assert.is(refusal(() => drawMermaid(chain(2_000))).code, 'none');
  });

  test('more than 4,000 edges are refused by name of the cap', () => {
    const sample = (count: number) =>
      segment(
        { a: 'x', b: 'x' },
        Array.from({ length: count }, () => 'a -> b'),
      );
    for (const draw of [drawSvg, drawMermaid]) {
      const { code, message } = refusal(() => draw(sample(4_001)));
      assert.is(code, 'LIMIT_EXCEEDED');
      assert.match(message, 'edges_per_drawing');
    }
    assert.is(refusal(() => drawMermaid(sample(4_000))).code, 'none');
  });

  test('two steps of one id, and an edge to no step, cannot be drawn', () => {
    const twice = {
      ...segment({ a: 'x' }),
      steps: [
        { step_id: 'a', type: 'x' },
        { step_id: 'a', type: 'y' },
      ],
    };
    for (const draw of [drawSvg, drawMermaid]) {
      assert.match(refusal(() => draw(twice)).message, /two steps have the id 'a'/);
      const stray = refusal(() => draw(segment({ a: 'x' }, ['a -> nowhere'])));
      assert.is(stray.code, 'SEGMENT_INVALID');
      assert.match(stray.message, /\/edges\/0 names 'nowhere'/);
    }
  });

  test(
    'three hundred steps of a tangled segment are drawn',
    () => assert.is(refusal(() => drawSvg(randomSegment(5, 300))).code, 'none'),
    { timeoutMs: 60_000 },
  );

  test('loops nested deeper than a run allows are refused', () => {
    const ids = Array.from({ length: 17 }, (_, i) => `l${i}`);
    const nested = segment(Object.fromEntries([...ids.map((id) => [id, 'loop']), ['core', 'x']]), [
      ...ids.map((id, i) => `${id}.body -> ${ids[i + 1] ?? 'core'}`),
      ...ids.slice(1).map((id, i) => `${id}.done -> ${ids[i]}.next`),
      'core -> l16.next',
    ]);
    const { code, message } = refusal(() => drawSvg(nested));
    assert.is(code, 'LIMIT_EXCEEDED');
    assert.match(message, /17 loops within each other.*at most 16 \(loop_nesting\)/);
  });

  test(
    'two thousand steps of any shape are drawn, however deep or wide',
    () => {
      const ids = Array.from({ length: 2_000 }, (_, i) => `s${i}`);
      const steps = Object.fromEntries(ids.map((id) => [id, 'x']));
      const shapes = {
        chain: ids.slice(1).map((id, i) => `s${i} -> ${id}`),
        fan: ids.slice(1).map((id) => `s0 -> ${id}`),
        zigzag: ids.slice(1).map((id, i) => (i % 2 === 0 ? `s${i} -> ${id}` : `${id} -> s${i}`)),
        ring: ids.map((id, i) => `${id} -> s${(i + 1) % 2_000}`),
      };
      for (const edges of Object.values(shapes)) {
        const svg = drawSvg(segment(steps, edges));
        assert.is(svg.split('data-step=').length - 1, 2_000);
        assert.is(svg.split('data-from=').length - 1, edges.length);
      }
    },
    { timeoutMs: 120_000 },
  );

  test(
    'loops nested as deep as a run allows are drawn',
    () => {
      const ids = Array.from({ length: 16 }, (_, i) => `l${i}`);
      const sample = segment(Object.fromEntries([...ids.map((id) => [id, 'loop']), ['core', 'transform']]), [
        ...ids.map((id, i) => `${id}.body -> ${ids[i + 1] ?? 'core'}`),
        ...ids.slice(1).map((id, i) => `${id}.done -> ${ids[i]}.next`),
        'core -> l15.next',
      ]);
      assert.is(readPicture(drawSvg(sample)).frames.size, 16);
    },
    { timeoutMs: 30_000 },
  );
});

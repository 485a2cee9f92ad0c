import { drawSvg } from 'llmteam';
import * as assert from 'uvu/assert';
import { spec } from '../../support/spec.js';
import { layoutFaults } from './support/geometry-laws.js';
import { type Picture, passes, readPicture } from './support/picture.js';
import { randomSegment } from './support/random-segment.js';
import { articleWriter, chain, diamond, nestedLoops, reviewedDraft, runOf, segment } from './support/segments.js';

const fanOut = segment(
  Object.fromEntries([
    ['split', 'parallel_split'],
    ...Array.from({ length: 14 }, (_, i) => [`b${i}`, 'llm_agent']),
    ['join', 'parallel_join'],
  ]),
  Array.from({ length: 14 }, (_, i) => [`split.branch_${i} -> b${i}`, `b${i} -> join.in_${i}`]).flat(),
);

/** The picture with one box moved over the upper border of another. */
function withBoxAt(picture: Picture, moved: string, place: string): Picture {
  const boxes = new Map(picture.boxes);
  const target = boxes.get(place);
  if (target !== undefined) boxes.set(moved, { ...target, y: target.y - 30 });
  return { ...picture, boxes };
}

spec('graph: layout of the svg', (test) => {
  test('boxes and labels never overlap, and no line runs through what is not its own', () => {
    for (const sample of [articleWriter, diamond, nestedLoops, reviewedDraft, chain(40), fanOut]) {
      assert.equal(layoutFaults(readPicture(drawSvg(sample))), [], sample.segment_id);
    }
  });

  test(
    'nor in segments of any shape',
    () => {
      for (let seed = 1; seed <= 40; seed++) {
        const picture = readPicture(drawSvg(randomSegment(seed, 2 + ((seed * 7) % 45))));
        assert.equal(layoutFaults(picture), [], `seed ${seed}`);
      }
    },
    { timeoutMs: 60_000 },
  );

  test(
    'nor in one that is too large for the finer layout',
    () => {
      const sample = randomSegment(8, 1_000);
      assert.equal(layoutFaults(readPicture(drawSvg(sample))), []);
    },
    { timeoutMs: 60_000 },
  );

  test('nor when boxes grow by the counts of a run', () => {
    const told = Object.fromEntries(
      [0, 1, 2, 3].flatMap((i) => [
        [`each[${i}]/fetch`, i === 0 ? ('running' as const) : ('completed' as const)],
        [`each[${i}]/again`, 'waiting' as const],
        [`each[${i}]/again[0]/fix`, { status: 'retrying' as const, attempt: 3 }],
      ]),
    );
    const svg = drawSvg(nestedLoops, { view: runOf(nestedLoops, { list: 'completed', each: 'running', ...told }) });
    assert.equal(layoutFaults(readPicture(svg)), []);
  });

  test('these laws find a box that is in the way', () => {
    const picture = readPicture(drawSvg(nestedLoops));
    const faults = layoutFaults(withBoxAt(picture, 'report', 'fix'));
    assert.ok(faults.some((fault) => /box fix overlaps box report/.test(fault)));
    assert.ok(faults.some((fault) => /again → fix runs through box report/.test(fault)));
  });

  test('an edge starts at its step or its frame and ends at its step', () => {
    const picture = readPicture(drawSvg(nestedLoops));
    for (const { from, to, trace } of picture.edges) {
      const near = (id: string, at: { x: number; y: number } | undefined): boolean =>
        [picture.boxes.get(id), picture.frames.get(id)].some(
          (rect) =>
            rect !== undefined &&
            at !== undefined &&
            at.x > rect.x - 9 &&
            at.x < rect.x + rect.width + 9 &&
            at.y > rect.y - 9 &&
            at.y < rect.y + rect.height + 9,
        );
      assert.ok(near(from, trace[0]), `${from} → ${to} starts elsewhere`);
      assert.ok(near(to, trace.at(-1)), `${from} → ${to} ends elsewhere`);
    }
  });

  test('a label sits on the line it speaks of', () => {
    for (const sample of [diamond, nestedLoops, reviewedDraft, randomSegment(9, 40)]) {
      const { edges, labels } = readPicture(drawSvg(sample));
      for (const { title, rect } of labels) {
        const own = edges.filter(({ from, to }) => title.startsWith(`${from} → ${to}`));
        assert.ok(
          own.some(({ trace }) => passes(trace, rect)),
          title,
        );
      }
    }
  });

  test('segments that the validator rejects are drawn too', () => {
    const broken = segment({ a: 'x', b: 'x', c: 'x', m: 'map', n: 'loop', p: 'x', alone: 'x' }, [
      'a -> b',
      'b -> c',
      'c -> a',
      'b.again -> b',
      'c -> m',
      'm.body -> n',
      'n.body -> m',
      'p -> n.next',
      'a -> p',
      'm.done -> p',
      'm -> m.next',
    ]);
    const picture = readPicture(drawSvg(broken));
    assert.is(picture.boxes.size, 7);
    assert.is(picture.edges.length, 11);
  });

  test('an entrypoint inside a loop, and an edge into its body and out of it, are drawn', () => {
    const broken = segment({ b: 'x', m: 'map', c: 'x', d: 'x' }, ['m.body -> b', 'b -> c', 'c -> m.next', 'd -> c']);
    const picture = readPicture(drawSvg(broken));
    assert.is(picture.edges.length, 4);
    assert.equal([...picture.frames.keys()], ['m']);
  });

  test('a segment without steps is an empty picture', () => {
    assert.is(readPicture(drawSvg(segment({}))).boxes.size, 0);
  });
});

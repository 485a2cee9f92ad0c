import type { Segment } from '@llmteam/contracts';
import { drawSvg } from 'llmteam';
import * as assert from 'uvu/assert';
import { spec } from '../../support/spec.js';
import { contains, overlaps, type Picture, type Rect, readPicture } from './support/picture.js';
import { randomSegment } from './support/random-segment.js';
import { articleWriter, chain, diamond, nestedLoops, reviewedDraft, segment } from './support/segments.js';
import { descendants, withClass } from './support/xml-reader.js';

const samples: readonly Segment[] = [
  articleWriter,
  diamond,
  nestedLoops,
  reviewedDraft,
  chain(40),
  randomSegment(3, 60),
];

function box(picture: Picture, step: string): Rect {
  const found = picture.boxes.get(step);
  if (found === undefined) throw new Error(`no box of ${step}`);
  return found;
}

function frame(picture: Picture, loop: string): Rect {
  const found = picture.frames.get(loop);
  if (found === undefined) throw new Error(`no frame of ${loop}`);
  return found;
}

spec('graph: structure of the svg', (test) => {
  test('every step has exactly one box and every edge one line', () => {
    for (const sample of samples) {
      const picture = readPicture(drawSvg(sample));
      assert.equal([...picture.boxes.keys()].sort(), sample.steps.map(({ step_id }) => step_id).sort());
      const drawn = picture.edges.map(({ from, to }) => `${from} ${to}`).sort();
      assert.equal(drawn, (sample.edges ?? []).map(({ from, to }) => `${from} ${to}`).sort());
    }
  });

  test('the same arguments give the same bytes', () => {
    for (const sample of samples) assert.is(drawSvg(sample), drawSvg(structuredClone(sample)));
  });

  test('another segment gives another picture', () => {
    assert.is.not(drawSvg(chain(3)), drawSvg(chain(4)));
  });

  test('what is drawn is not changed', () => {
    const sample = structuredClone(nestedLoops);
    drawSvg(sample);
    assert.equal(sample, nestedLoops);
  });

  test('the document says how large it is and what it shows', () => {
    const { root } = readPicture(drawSvg(diamond, { title: 'Triage' }));
    const [width, height] = ['width', 'height'].map((key) => root.attributes.get(key));
    assert.is(root.attributes.get('viewBox'), `0 0 ${width} ${height}`);
    assert.is(root.attributes.get('role'), 'img');
    const [title, desc] = root.children;
    assert.is(title?.text, 'Triage');
    assert.match(desc?.text ?? '', /6 steps and 6 edges, starting at ask/);
    assert.is(root.attributes.get('aria-labelledby'), `${title?.attributes.get('id')} ${desc?.attributes.get('id')}`);
  });

  test('a picture brings its own background and fetches nothing', () => {
    const svg = drawSvg(nestedLoops);
    const { root } = readPicture(svg);
    const [paper] = withClass(root, 'paper');
    assert.is(paper?.attributes.get('fill'), '#ffffff');
    assert.not.match(svg.replace('http://www.w3.org/2000/svg', ''), /https?:|url\(|@import|<style|<script|href/);
  });

  test('the entrypoint is marked, and nothing else is', () => {
    const picture = readPicture(drawSvg(diamond));
    const marked = [...picture.classes].filter(([, classes]) => classes.includes('entrypoint'));
    assert.equal(
      marked.map(([id]) => id),
      ['ask'],
    );
    assert.is(withClass(picture.root, 'start').length, 1);
    const none = readPicture(drawSvg({ ...diamond, entrypoint: 'nobody' }));
    assert.is(withClass(none.root, 'start').length, 0);
  });

  test('a loop has a frame around itself and its body only', () => {
    const picture = readPicture(drawSvg(nestedLoops));
    const inside = (loop: string): string[] =>
      [...picture.boxes].filter(([, rect]) => contains(frame(picture, loop), rect)).map(([id]) => id);
    assert.equal(inside('each'), ['each', 'fetch', 'again', 'fix', 'check', 'sum_up']);
    assert.equal(inside('again'), ['again', 'fix', 'check']);
    assert.ok(contains(frame(picture, 'each'), frame(picture, 'again')));
    assert.not.ok(overlaps(frame(picture, 'each'), box(picture, 'report')));
  });

  test('a frame says whose it is', () => {
    const picture = readPicture(
      drawSvg(segment({ a: { step_id: 'a', type: 'map', name: 'Every page' }, b: 'x' }, ['a.body -> b'])),
    );
    const [loop] = withClass(picture.root, 'loop');
    const words = loop === undefined ? [] : descendants(loop).filter(({ name }) => name === 'text');
    assert.equal(
      words.map(({ text }) => text),
      ['Every page'],
    );
  });

  test('a type nobody knows is a loop if it is wired like one', () => {
    const wired = segment({ a: 'acme_batches@2', b: 'transform' }, ['a.body -> b', 'b -> a.next']);
    assert.equal([...readPicture(drawSvg(wired)).frames.keys()], ['a']);
    const plain = segment({ a: 'acme_batches@2', b: 'transform' }, ['a.body -> b']);
    assert.is(readPicture(drawSvg(plain)).frames.size, 0);
  });

  test('edges back to next and error edges are told apart from the rest', () => {
    const { edges } = readPicture(drawSvg(reviewedDraft));
    const classes = (from: string, to: string): string[] =>
      edges.filter((edge) => edge.from === from && edge.to === to).map((edge) => edge.classes.join(' '));
    assert.equal(classes('judge', 'improve').sort(), ['edge back', 'edge error back']);
    assert.equal(classes('write', 'good'), ['edge']);
  });

  test('only dashed lines are error edges or edges back', () => {
    const { root } = readPicture(drawSvg(reviewedDraft));
    for (const edge of withClass(root, 'edge')) {
      const [line] = withClass(edge, 'line');
      const isDashed = line?.attributes.has('stroke-dasharray') === true;
      assert.is(isDashed, /error|back/.test(edge.attributes.get('class') ?? ''));
    }
  });

  test('ports that are not the default ones and conditions are written on the edge', () => {
    const wired = segment({ a: 'switch', b: 'parallel_join' }, ['a -> b', 'a.left -> b.right', 'a -> b if value > 3']);
    const { labels, root } = readPicture(drawSvg(wired));
    const written = withClass(root, 'edge-label').map((label) =>
      descendants(label).flatMap(({ name, text }) => (name === 'text' ? [text] : [])),
    );
    assert.is(labels.length, 2);
    assert.equal(written, [['left → right'], ['value > 3']]);
  });

  test('a short chain runs from left to right, a long one from top to bottom', () => {
    const [short, long] = [chain(5), chain(9)].map((sample) => readPicture(drawSvg(sample)));
    assert.ok(short !== undefined && long !== undefined);
    assert.ok(box(short, 's1').x > box(short, 's0').x && box(short, 's1').y === box(short, 's0').y);
    assert.ok(box(long, 's1').y > box(long, 's0').y && box(long, 's1').x === box(long, 's0').x);
  });

  test('branches stand in the order of their edges', () => {
    const wired = segment({ a: 'switch', b: 'x', c: 'x', d: 'x' }, ['a.one -> b', 'a.two -> c', 'a.three -> d']);
    const picture = readPicture(drawSvg(wired));
    const places = ['b', 'c', 'd'].map((id) => box(picture, id).y);
    assert.equal(
      [...places].sort((a, b) => a - b),
      places,
    );
  });

  test("a step's own colour is used if it is a plain colour and left alone if it is anything else", () => {
    const coloured = (color: string): string => drawSvg(segment({ a: { step_id: 'a', type: 'x', ui: { color } } }));
    assert.match(coloured('#12ab34'), '#12ab34');
    assert.is(coloured('url(https://example.com/x)'), coloured('not a colour'));
  });
});

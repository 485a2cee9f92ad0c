import { drawSvg } from 'llmteam';
import * as assert from 'uvu/assert';
import { spec } from '../../support/spec.js';
import { readPicture, shownTexts, titleOf } from './support/picture.js';
import { runOf, segment } from './support/segments.js';
import { descendants, readXml, withClass } from './support/xml-reader.js';

const hostile = [
  '<script>alert("x")</script>',
  `"quoted" & 'single' ]]> <!-- --> &amp; &#0;`,
  'line one\nline two\r\n\ttab',
  'nul \u0000 escape \u001b[31m lone \ud800 half \udc00 none \uffff',
  '日本語のとても長い名前がここに入ります、そして続きます、まだ終わりません',
  '👩‍👩‍👧‍👦'.repeat(40),
  'e\u0301'.repeat(300),
  'مرحبا بالعالم \u202e',
  'x'.repeat(5_000),
  '',
  '   ',
];

spec('graph: text in the svg', (test) => {
  test('whatever a name holds, the picture is well-formed and holds no element of its making', () => {
    const names = new Set<string>();
    for (const text of hostile) {
      const sample = {
        ...segment({
          a: { step_id: 'a', type: 'x', name: text },
          b: 'map',
          c: { step_id: 'c', type: 'map', name: text },
        }),
        name: text,
        description: text,
        edges: [
          { from: 'a', to: 'c', from_port: text, condition: text },
          { from: 'c', from_port: 'body', to: 'b' },
        ],
      };
      const { root } = readPicture(drawSvg(sample, { title: text }));
      for (const { name } of descendants(root)) names.add(name);
    }
    assert.equal([...names].sort(), ['circle', 'desc', 'g', 'path', 'rect', 'text', 'title']);
  });

  test('so are the ids, errors and reasons of a run', () => {
    for (const text of hostile) {
      const sample = segment({ a: 'x' });
      const error = { error_type: text, error_code: text, error_message: text, recoverable: false };
      const waitingFor = { kind: 'task', task_id: text } as const;
      const view = runOf(sample, { a: { status: 'failed', error, waiting_for: waitingFor } }, { run_id: text, error });
      assert.is(readPicture(drawSvg(sample, { view })).boxes.size, 1);
    }
  });

  test('a name is shown as it is, markup and all', () => {
    const sample = segment({ a: { step_id: 'a', type: 'x', name: '<b> & "c"' } });
    const { root } = readPicture(drawSvg(sample));
    assert.ok(shownTexts(root).includes('<b> & "c"'));
  });

  test('a long name is cut with an ellipsis and is whole in the title', () => {
    const name = 'A name that is a good deal longer than any box on the page is wide';
    const { root } = readPicture(drawSvg(segment({ a: { step_id: 'a', type: 'x', name } })));
    const [step] = withClass(root, 'step');
    assert.ok(step !== undefined);
    assert.match(titleOf(step), name);
    const shown = shownTexts(step)[0] ?? '';
    assert.ok(shown.endsWith('…') && name.startsWith(shown.slice(0, -1)), shown);
  });

  test('a long condition is cut on the edge and is whole in its title', () => {
    const condition = 'size(input.items.filter(i, i.price > 100.0 && i.name.startsWith("a"))) > 3';
    const sample = { ...segment({ a: 'x', b: 'x' }), edges: [{ from: 'a', to: 'b', condition }] };
    const { root, labels } = readPicture(drawSvg(sample));
    assert.ok(labels[0]?.title.endsWith(condition));
    assert.not.ok(shownTexts(root).includes(condition));
  });

  test('a cut never splits what a reader sees as one character', () => {
    const family = '👩‍👩‍👧‍👦';
    const { root } = readPicture(drawSvg(segment({ a: { step_id: 'a', type: 'x', name: family.repeat(40) } })));
    const shown = shownTexts(withClass(root, 'step')[0] ?? root)[0] ?? '';
    assert.is(shown.replaceAll(family, ''), '…');
  });

  test('a step without a name shows its id', () => {
    const { root } = readPicture(
      drawSvg(segment({ fetch_all: 'http_action', b: { step_id: 'b', type: 'x', name: ' ' } })),
    );
    assert.ok(shownTexts(root).includes('fetch_all'));
    assert.ok(shownTexts(root).includes('b'));
  });

  test('a title stands in for the name of the segment', () => {
    const texts = shownTexts(readPicture(drawSvg(segment({ a: 'x' }), { title: 'Other' })).root);
    assert.ok(texts.includes('Other') && !texts.includes('Sample'));
  });

  test('the reader of these tests refuses what is not well-formed', () => {
    const wrong = [
      '<a>',
      '<a></b>',
      '<a b="1" b="2"/>',
      '<a>&nope;</a>',
      '<a>&</a>',
      '<a b="<"/>',
      '<a/><b/>',
      '<a>\u0001</a>',
      '<a',
      'x',
    ];
    for (const source of wrong) assert.throws(() => readXml(source), undefined, source);
    assert.is(readXml('<a b="&lt;">x&amp;y</a>').text, 'x&y');
  });
});

import fc from 'fast-check';
import { drawFrame, glyphsFor, makeColours, RunProgress, shortened, shortenedAtStart, table } from 'llmteam';
import * as assert from 'uvu/assert';
import { spec } from '../support/spec.js';
import { transform } from './support/segments.js';

/** Grapheme clusters and their width in terminal columns. */
const characters: readonly (readonly [string, number])[] = [
  ['a', 1],
  ['é', 1],
  ['e\u0301', 1],
  ['漢', 2],
  ['한', 2],
  ['ﾊ', 1],
  ['🎉', 2],
  ['👩‍👩‍👧', 2],
  ['🇩🇪', 2],
  ['⚠️', 2],
  ['n\u0323\u0307', 1],
];
const texts = fc.array(fc.constantFrom(...characters), { maxLength: 40 });
const textOf = (parts: readonly (readonly [string, number])[]): string => parts.map(([text]) => text).join('');
const widthOf = (parts: readonly (readonly [string, number])[]): number =>
  parts.reduce((sum, [, width]) => sum + width, 0);

/** The width of a text that consists of the characters above, '…' and ASCII. */
function columnsOf(text: string): number {
  let rest = text;
  let columns = 0;
  while (rest !== '') {
    const [found, width] = characters
      .filter(([character]) => rest.startsWith(character))
      .sort(([one], [other]) => other.length - one.length)[0] ?? [rest.slice(0, 1), 1];
    rest = rest.slice(found.length);
    columns += width;
  }
  return columns;
}

spec('the width of text on a terminal', (test) => {
  test('is what columns of a table are aligned by', () => {
    const rows = [
      ['漢字', 'one'],
      ['🎉 party', 'two'],
      ['cafe\u0301', 'three'],
      ['👩‍👩‍👧', 'four'],
      ['plain', 'five'],
    ];
    assert.equal(table(['NAME', 'WHAT'], rows, makeColours(false)).split('\n'), [
      'NAME      WHAT',
      '漢字      one',
      '🎉 party  two',
      'cafe\u0301      three',
      '👩‍👩‍👧        four',
      'plain     five',
      '',
    ]);
  });

  test('is never more than what a text is cut to, and no character is cut apart', () => {
    fc.assert(
      fc.property(texts, fc.nat(30), (parts, columns) => {
        const text = textOf(parts);
        const fits = widthOf(parts) <= columns;
        const cut = shortened(text, columns);
        assert.ok(columnsOf(cut) <= columns, `${cut} in ${columns}`);
        assert.is(cut === text, fits);
        const atStart = shortenedAtStart(text, columns);
        assert.ok(columnsOf(atStart) <= columns, `${atStart} in ${columns}`);
        assert.is(atStart === text, fits);
        if (fits || columns === 0) return;
        const heads = parts.map((_, length) => `${textOf(parts.slice(0, length))}…`);
        assert.ok(heads.includes(cut), cut);
        assert.ok(columnsOf(cut) >= columns - 1, `${cut} leaves room in ${columns}`);
        const tails = parts.map((_, from) => `…${textOf(parts.slice(from + 1))}`);
        assert.ok(tails.includes(atStart), atStart);
        assert.ok(columnsOf(atStart) >= columns - 1, `${atStart} leaves room in ${columns}`);
      }),
    );
  });

  test('keeps a picture of a run within the terminal', () => {
    const segment = {
      segment_id: 's',
      name: '漢字🎉'.repeat(30),
      steps: [transform('one', '1'), transform('two', '2'), transform('three', '3')],
    };
    const progress = new RunProgress({ tenant_id: 'acme', run_id: 'run_1' }, segment as never);
    const live = { run_id: 'run_1', scope: '', attempt: 1 };
    progress.note({ ...live, event_type: 'llm.token', step_id: 'one', text: '漢字を書く'.repeat(30) });
    progress.steps.get('three')?.open.add('');
    const told = { page: `${'👩‍👩‍👧漢字'.repeat(30)}\n\t\u001b[2J` };
    progress.note({ ...live, event_type: 'step.progress', step_id: 'three', progress: told });
    for (const step of progress.steps.values()) step.status = 'running';
    const two = progress.steps.get('two');
    if (two !== undefined) two.remark = '失敗した👩‍👩‍👧'.repeat(30);
    for (const columns of [60, 80, 81, 120]) {
      const screen = { columns, rows: 24, now: 0, tick: 0, colours: makeColours(false), glyphs: glyphsFor(true) };
      const lines = drawFrame(progress, { ...screen, settings: undefined as never }).split('\n');
      assert.is(lines.length, 4);
      assert.match(lines[3] ?? '', '👩‍👩‍👧漢');
      for (const line of lines) assert.ok(columnsOf(line) <= columns, `${columnsOf(line)} of ${columns}: ${line}`);
    }
  });
});

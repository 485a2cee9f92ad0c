import stringWidth from 'string-width';
import type { Colours } from './colours.js';
import { plainText } from './plain-text.js';

export interface Cell {
  readonly text: string;
  readonly colour?: (text: string) => string;
}

/** Aligns columns by their width on a terminal. The last column is not padded. */
export function table(
  head: readonly string[],
  rows: readonly (readonly (string | Cell)[])[],
  colours: Colours,
): string {
  const cells = rows.map((row) => row.map((cell) => (typeof cell === 'string' ? { text: cell } : cell)).map(flat));
  const widths = head.map((title, column) => {
    return cells.reduce((widest, row) => Math.max(widest, stringWidth(row[column]?.text ?? '')), stringWidth(title));
  });
  const line = (row: readonly Cell[]): string => {
    const padded = row.map(({ text, colour }, column) => {
      const gap = column === row.length - 1 ? '' : ' '.repeat((widths[column] ?? 0) - stringWidth(text));
      return `${colour?.(text) ?? text}${gap}`;
    });
    return padded.join('  ').trimEnd();
  };
  const titles = head.map((text) => ({ text, colour: colours.dim }));
  return `${[line(titles), ...cells.map(line)].join('\n')}\n`;
}

function flat(cell: Cell): Cell {
  return { ...cell, text: plainText(cell.text) };
}

import stringWidth from 'string-width';
import type { Colours } from './colours.js';
import { plainText } from './plain-text.js';
import { shortened } from './text-width.js';

export interface Cell {
  readonly text: string;
  readonly colour?: (text: string) => string;
}

export interface TableFit {
  /** Columns of the terminal; null does not limit the table, so that scripts read whole values. */
  readonly width: number | null;
  /** Indexes of the columns that are never cut. */
  readonly whole?: readonly number[];
}

const gap = '  ';
/** No column is cut below this. */
const minColumn = 6;

/** Aligns columns by their width on a terminal, and cuts the widest ones to fit. The last column is not padded. */
export function table(
  head: readonly string[],
  rows: readonly (readonly (string | Cell)[])[],
  colours: Colours,
  fit: TableFit = { width: null },
): string {
  const cells = rows.map((row) => row.map((cell) => (typeof cell === 'string' ? { text: cell } : cell)).map(flat));
  const natural = head.map((title, column) => {
    return cells.reduce((widest, row) => Math.max(widest, stringWidth(row[column]?.text ?? '')), stringWidth(title));
  });
  const isUsed = (column: number): boolean => cells.some((row) => row[column]?.text !== '');
  const widths = fittingWidths(natural, isUsed, fit);
  const line = (row: readonly Cell[]): string => {
    const padded = row.flatMap(({ text, colour }, column) => {
      if (widths[column] === 0) return [];
      const shown = shortened(text, widths[column] ?? 0);
      const rest = column === row.length - 1 ? '' : ' '.repeat((widths[column] ?? 0) - stringWidth(shown));
      return `${colour?.(shown) ?? shown}${rest}`;
    });
    return padded.join(gap).trimEnd();
  };
  const titles = head.map((text) => ({ text, colour: colours.dim }));
  return `${[line(titles), ...cells.map(line)].join('\n')}\n`;
}

/** A column without content gives way first; its width is 0 then. */
function fittingWidths(
  natural: readonly number[],
  isUsed: (column: number) => boolean,
  { width, whole = [] }: TableFit,
): number[] {
  if (width === null || lineWidth(natural) <= width) return [...natural];
  const widths = natural.map((one, column) => (isUsed(column) ? one : 0));
  const cuttable = widths.map((_, column) => column).filter((column) => !whole.includes(column));
  for (let excess = lineWidth(widths) - width; excess > 0; excess--) {
    const widest = cuttable.reduce<number | null>((best, column) => {
      return best === null || (widths[column] ?? 0) > (widths[best] ?? 0) ? column : best;
    }, null);
    if (widest === null || (widths[widest] ?? 0) <= minColumn) break;
    widths[widest] = (widths[widest] ?? 0) - 1;
  }
  return widths;
}

function lineWidth(widths: readonly number[]): number {
  const shown = widths.filter((one) => one > 0);
  return shown.reduce((sum, one) => sum + one, gap.length * (shown.length - 1));
}

function flat(cell: Cell): Cell {
  return { ...cell, text: plainText(cell.text) };
}

/** Text measured in terminal columns: wide characters and emoji take two, combining marks take none. */
import stringWidth from 'string-width';

const graphemes = new Intl.Segmenter();

/** Pads the text at the end to the given number of columns. */
export function padded(text: string, columns: number): string {
  return text + ' '.repeat(Math.max(0, columns - stringWidth(text)));
}

/** At most `columns` wide, cut at the end. */
export function shortened(text: string, columns: number): string {
  if (stringWidth(text) <= columns) return text;
  return columns < 1 ? '' : `${fitting(split(text), columns - 1).join('')}…`;
}

/** At most `columns` wide, cut at the start. */
export function shortenedAtStart(text: string, columns: number): string {
  if (stringWidth(text) <= columns) return text;
  return columns < 1
    ? ''
    : `…${fitting(split(text).reverse(), columns - 1)
        .reverse()
        .join('')}`;
}

/** Splits into grapheme clusters, so that cutting never separates an accent or breaks an emoji. */
function split(text: string): string[] {
  return Array.from(graphemes.segment(text), ({ segment }) => segment);
}

/** The longest prefix that is at most `columns` wide. */
function fitting(characters: readonly string[], columns: number): string[] {
  let left = columns;
  const end = characters.findIndex((character) => {
    left -= stringWidth(character);
    return left < 0;
  });
  return characters.slice(0, end === -1 ? undefined : end);
}

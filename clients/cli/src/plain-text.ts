import { stripVTControlCharacters } from 'node:util';

/** Text from models, files and plugins for a terminal: on one line, and unable to move the cursor or change colours. */
export function plainText(text: string): string {
  return stripVTControlCharacters(text).replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ');
}

/** At most so many characters, cut at the end. */
export function shortened(text: string, length: number): string {
  const characters = [...text];
  return characters.length <= length ? text : `${characters.slice(0, Math.max(0, length - 1)).join('')}…`;
}

import { stripVTControlCharacters } from 'node:util';

/** Text from models, files and plugins for a terminal: on one line, and unable to move the cursor or change colours. */
export function plainText(text: string): string {
  return stripVTControlCharacters(text).replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ');
}

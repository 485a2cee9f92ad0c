import { stripVTControlCharacters } from 'node:util';

/** Makes untrusted text safe for a terminal: a single line without escape sequences and control characters. */
export function plainText(text: string): string {
  return stripVTControlCharacters(text).replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ');
}

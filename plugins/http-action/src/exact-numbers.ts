/**
 * Purpose: numbers beyond 2^53 whose digits a double cannot hold, such as 9007199254740993, which `JSON.parse` would round.
 * Fractions below that are the doubles nearest to them, as in every JSON parser.
 */
import type { Json } from '@llmteam/contracts';

const quote = '"';
/** Only a number with more significant digits than a double always keeps can be inexact. */
const manyDigits = /(?:\d\.?){16}/;
const numberToken = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;

/** A valid JSON text, with every such number as a string. */
export function quoteInexactNumbers(text: string): string {
  if (!manyDigits.test(text)) return text;
  const pieces: string[] = [];
  let copied = 0;
  for (let at = 0; at < text.length; at += 1) {
    const char = text[at] as string;
    if (char === quote) {
      at = endOfString(text, at);
    } else if (char === '-' || (char >= '0' && char <= '9')) {
      numberToken.lastIndex = at;
      const token = numberToken.exec(text)?.[0] ?? char;
      if (!isExact(token)) {
        pieces.push(text.slice(copied, at), quote, token, quote);
        copied = at + token.length;
      }
      at += token.length - 1;
    }
  }
  return pieces.join('') + text.slice(copied);
}

/** Index of the closing quote; at least the text's length if there is none. */
function endOfString(text: string, opening: number): number {
  let index = opening + 1;
  while (index < text.length && text[index] !== quote) index += text[index] === '\\' ? 2 : 1;
  return index;
}

/** Whether the digits survive. A number too large for any double is left to the parser, which refuses it. */
function isExact(token: string): boolean {
  const value = Number(token);
  if (Math.abs(value) < 2 ** 53 || !Number.isFinite(value)) return true;
  return significantDigits(token) === significantDigits(String(value));
}

function significantDigits(token: string): string {
  const [mantissa = ''] = token.toLowerCase().split('e');
  return mantissa.replace(/[-.]/g, '').replace(/^0+/, '').replace(/0+$/, '');
}

/** A JSON Pointer to the first place where `exact` has a string and `rounded` a number, and that string. */
export function firstRounded(rounded: Json, exact: Json, pointer = ''): { pointer: string; digits: string } | null {
  if (typeof rounded === 'number') return typeof exact === 'string' ? { pointer, digits: exact } : null;
  if (typeof rounded !== 'object' || rounded === null) return null;
  for (const [key, part] of Object.entries(rounded)) {
    const other = (exact as Readonly<Record<string, Json>>)[key] as Json;
    const found = firstRounded(part, other, `${pointer}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`);
    if (found !== null) return found;
  }
  return null;
}

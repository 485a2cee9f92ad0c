/**
 * Purpose: numbers beyond 2^53 whose digits a double cannot hold, such as 9007199254740993, which `JSON.parse` would round.
 * Fractions below that are the doubles nearest to them, as in every JSON parser.
 */
import type { Json } from '@llmteam/contracts';
import { parse } from 'lossless-json';

/** Only a number with more significant digits than a double always keeps can be inexact. */
const manyDigits = /(?:\d\.?){16}/;

/**
 * Parses again, with every such number as a string; returns `value`, the text as parsed by `JSON.parse`, if there is none.
 * The text must be within the bounds of `parseBoundedJson`.
 */
export function withExactNumbers(text: string, value: Json): Json {
  if (!manyDigits.test(text)) return value;
  // As `JSON.parse` does it, the last of several equal keys counts.
  return parse(text, null, {
    parseNumber: (token) => (isExact(token) ? Number(token) : token),
    onDuplicateKey: ({ newValue }) => newValue,
  }) as Json;
}

/** Whether the digits survive. A number too large for any double is refused by the bounds. */
function isExact(token: string): boolean {
  const value = Number(token);
  return Math.abs(value) < 2 ** 53 || significantDigits(token) === significantDigits(String(value));
}

function significantDigits(token: string): string {
  const [mantissa = ''] = token.toLowerCase().split('e');
  return mantissa.replace(/[-.]/g, '').replace(/^0+/, '').replace(/0+$/, '');
}

/** A JSON Pointer to the first place where `exact` has a string and `rounded` a number, and that string. */
export function firstRounded(rounded: Json, exact: Json, pointer = ''): { pointer: string; digits: string } | null {
  if (typeof rounded === 'number') return typeof exact === 'string' ? { pointer, digits: exact } : null;
  if (typeof rounded !== 'object' || rounded === null || rounded === exact) return null;
  for (const [key, part] of Object.entries(rounded)) {
    const other = (exact as Readonly<Record<string, Json>>)[key] as Json;
    const found = firstRounded(part, other, `${pointer}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`);
    if (found !== null) return found;
  }
  return null;
}

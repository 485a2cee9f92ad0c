import { caps } from './caps.js';
import { forbiddenKeys, type Json } from './json.js';
import { jsonNumberFault } from './json-number.js';

/**
 * Parses untrusted JSON read by a plugin: a service's response, a model's answer. The caps are checked on the text before
 * parsing, since `JSON.parse` accepts nesting deep enough to overflow the stack of any code that walks the value.
 * @param options.integers `round` is for callers that look at the digits of large integers themselves
 * @throws Error if a cap is exceeded, a key forbidden, or a number not exact; SyntaxError if the text is not JSON.
 */
export function parseBoundedJson(text: string, options: { readonly integers?: 'refuse' | 'round' } = {}): Json {
  const { depth, values } = extentOf(text, options.integers === 'round');
  if (depth > caps.json_depth) throw new Error(`it is nested deeper than ${caps.json_depth} levels`);
  if (values > caps.json_nodes) throw new Error(`it holds more than ${caps.json_nodes} values`);
  const value: Json = JSON.parse(text);
  rejectUnsafe(value);
  return value;
}

/** Measures the nesting depth and an upper bound of the number of values in one pass, which also checks strings and numbers. */
function extentOf(text: string, mayRound: boolean): { depth: number; values: number } {
  let level = 0;
  let depth = 0;
  let values = 1;
  for (let index = 0; index < text.length; index += 1) {
    const char = text[index] as string;
    if (char === '"') index = endOfString(text, index);
    else if (char === ',') values += 1;
    else if (char === '}' || char === ']') level -= 1;
    else if (char === '{' || char === '[') {
      level += 1;
      values += 1;
      depth = Math.max(depth, level);
    } else if (char >= '0' && char <= '9') index = endOfNumber(text, index, mayRound);
  }
  return { depth, values };
}

/** Index of the closing quote; at least the text's length if there is none. */
function endOfString(text: string, opening: number): number {
  let index = opening + 1;
  while (index < text.length && text[index] !== '"') index += text[index] === '\\' ? 2 : 1;
  if ((index - opening) * 3 > caps.json_string_bytes) checkLength(text.slice(opening + 1, index), opening);
  return index;
}

function checkLength(content: string, opening: number): void {
  const bytes = new TextEncoder().encode(content).length;
  if (bytes <= caps.json_string_bytes) return;
  throw new Error(`it holds a string of ${bytes} bytes at ${opening}; at most ${caps.json_string_bytes} are allowed`);
}

/** Index of the last character of the number; a sign before it does not matter. */
function endOfNumber(text: string, start: number, mayRound: boolean): number {
  let end = start + 1;
  while (end < text.length && /[0-9.eE+-]/.test(text[end] as string)) end += 1;
  // Shorter numbers are exact unless they have an exponent, and then too large only from 1e309 on.
  if (end - start < 5) return end - 1;
  const literal = text.slice(start, end);
  const fault = jsonNumberFault(literal);
  if (fault === null || (mayRound && Number.isFinite(Number(literal)))) return end - 1;
  const before = text.slice(0, start).split('\n');
  throw new Error(`${fault} at line ${before.length}, column ${(before.at(-1) ?? '').length + 1}`);
}

/** Rejects keys that replace the prototype of a copy. */
function rejectUnsafe(value: Json): void {
  if (typeof value !== 'object' || value === null) return;
  if (!Array.isArray(value)) {
    const forbidden = [...forbiddenKeys].find((key) => Object.hasOwn(value, key));
    if (forbidden !== undefined) throw new Error(`it holds the key '${forbidden}'`);
  }
  for (const item of Object.values(value)) rejectUnsafe(item);
}

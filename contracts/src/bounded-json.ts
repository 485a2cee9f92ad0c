import { caps } from './caps.js';
import { forbiddenKeys, type Json } from './json.js';

/**
 * Parses untrusted JSON read by a plugin: a service's response, a model's answer. The caps are checked on the text before
 * parsing, since `JSON.parse` accepts nesting deep enough to overflow the stack of any code that walks the value.
 * @throws Error if a cap is exceeded or a key forbidden; SyntaxError if the text is not JSON.
 */
export function parseBoundedJson(text: string): Json {
  const { depth, values } = extentOf(text);
  if (depth > caps.json_depth) throw new Error(`it is nested deeper than ${caps.json_depth} levels`);
  if (values > caps.json_nodes) throw new Error(`it holds more than ${caps.json_nodes} values`);
  const value: Json = JSON.parse(text);
  rejectUnsafe(value);
  return value;
}

/** Measures the nesting depth and an upper bound of the number of values in one pass. */
function extentOf(text: string): { depth: number; values: number } {
  let level = 0;
  let depth = 0;
  let values = 1;
  for (let index = 0; index < text.length; index += 1) {
    const char = text[index];
    if (char === '"') index = endOfString(text, index);
    else if (char === ',') values += 1;
    else if (char === '}' || char === ']') level -= 1;
    else if (char === '{' || char === '[') {
      level += 1;
      values += 1;
      depth = Math.max(depth, level);
    }
  }
  return { depth, values };
}

/** Index of the closing quote; at least the text's length if there is none. */
function endOfString(text: string, opening: number): number {
  let index = opening + 1;
  while (index < text.length && text[index] !== '"') index += text[index] === '\\' ? 2 : 1;
  return index;
}

/** Rejects keys that allow prototype pollution, and numbers that parse to Infinity (1e999). */
function rejectUnsafe(value: Json): void {
  if (typeof value === 'number' && !Number.isFinite(value)) throw new Error('it holds a number that is too large');
  if (typeof value !== 'object' || value === null) return;
  if (!Array.isArray(value)) {
    const forbidden = [...forbiddenKeys].find((key) => Object.hasOwn(value, key));
    if (forbidden !== undefined) throw new Error(`it holds the key '${forbidden}'`);
  }
  for (const item of Object.values(value)) rejectUnsafe(item);
}

import { caps } from './caps.js';
import { forbiddenKeys, type Json } from './json.js';

/**
 * Parses JSON from outside that a plugin reads: a service's response, a model's answer. The caps are checked on the text, since
 * `JSON.parse` would build a million levels that overflow the stack of whatever walks them.
 * @throws Error that says what is wrong; SyntaxError if the text is not JSON.
 */
export function parseBoundedJson(text: string): Json {
  const { depth, values } = extentOf(text);
  if (depth > caps.json_depth) throw new Error(`it is nested deeper than ${caps.json_depth} levels`);
  if (values > caps.json_nodes) throw new Error(`it holds more than ${caps.json_nodes} values`);
  const value: Json = JSON.parse(text);
  refuseTraps(value);
  return value;
}

/** In one pass, strings skipped: the deepest level, and at least the number of values. */
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

/** Place of the closing quote; the end of the text if there is none. */
function endOfString(text: string, opening: number): number {
  let index = opening + 1;
  while (index < text.length && text[index] !== '"') index += text[index] === '\\' ? 2 : 1;
  return index;
}

/** Keys that reach a prototype in careless code, and numbers that are no JSON once they are parsed (1e999). */
function refuseTraps(value: Json): void {
  if (typeof value === 'number' && !Number.isFinite(value)) throw new Error('it holds a number that is too large');
  if (typeof value !== 'object' || value === null) return;
  if (!Array.isArray(value)) {
    const trap = [...forbiddenKeys].find((key) => Object.hasOwn(value, key));
    if (trap !== undefined) throw new Error(`it holds the key '${trap}'`);
  }
  for (const item of Object.values(value)) refuseTraps(item);
}

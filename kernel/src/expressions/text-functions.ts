/** String methods. As in CEL, positions and lengths count code points, not UTF-16 units. */

import { caps } from '@llmteam/contracts';
import { cost, perCharacter } from './cost.js';
import { type Evaluation, Failure } from './evaluation.js';
import { type Overload, overload } from './overloads.js';
import { matches, patternOf } from './patterns.js';
import { finder, indexOf, lastIndexOf } from './text-search.js';
import { type CelInt, type CelValue, described } from './values.js';

const surrogate = /[\uD800-\uDFFF]/;

/** Length in code points. */
export function textSize(run: Evaluation, offset: number, text: string): number {
  if (!hasSurrogates(run, offset, text)) return text.length;
  run.charge(text.length * perCharacter.visited, offset);
  let size = 0;
  for (const _ of text) size += 1;
  return size;
}

function hasSurrogates(run: Evaluation, offset: number, text: string): boolean {
  run.charge(text.length * perCharacter.copied, offset);
  return surrogate.test(text);
}

/** Converts a code point index to a UTF-16 index; fails unless `0 <= point <= size`. */
function unitIndex(run: Evaluation, offset: number, text: string, point: CelInt): number {
  if (!hasSurrogates(run, offset, text)) {
    if (point >= 0 && point <= text.length) return point;
  } else if (point >= 0) {
    run.charge(Math.min(text.length, 2 * point) * perCharacter.visited, offset);
    let index = 0;
    let passed = 0;
    for (; passed < point && index < text.length; passed += 1) index += (text.codePointAt(index) ?? 0) > 0xffff ? 2 : 1;
    if (passed === point) return index;
  }
  const size = textSize(run, offset, text);
  throw new Failure(`index ${point} is out of range: the string has ${size} characters`, offset);
}

/** Converts a UTF-16 index, or -1, to a code point index. */
function pointIndex(run: Evaluation, offset: number, text: string, index: number): number {
  return index < 0 ? -1 : textSize(run, offset, text.slice(0, index));
}

/** Splits into at most `limit` pieces, the last of which holds the rest; a negative `limit` is unlimited. */
function split(run: Evaluation, offset: number, text: string, separator: string, limit: number): string[] {
  if (limit === 0) return [];
  const maxPieces = limit < 0 ? Number.POSITIVE_INFINITY : limit;
  const pieces: string[] = [];
  let from = 0;
  const next = separator === '' ? () => endOfPoint(text, from) : finder(run, offset, text, separator);
  for (let end = next(from); end >= 0 && pieces.length + 1 < maxPieces; end = next(from)) {
    pieces.push(text.slice(from, end));
    from = end + separator.length;
    run.charge(cost.piece, offset);
    // One piece too many is enough for chargeList() to fail below.
    if (pieces.length > caps.json_nodes) break;
  }
  pieces.push(text.slice(from));
  run.chargeList(pieces.length, offset);
  return pieces;
}

/** The end of the code point at `from`; -1 if it is the last. */
function endOfPoint(text: string, from: number): number {
  const end = from + ((text.codePointAt(from) ?? 0) > 0xffff ? 2 : 1);
  return end >= text.length ? -1 : end;
}

function join(run: Evaluation, offset: number, items: readonly CelValue[], separator: string): string {
  run.charge(items.length * cost.piece, offset);
  let length = Math.max(0, items.length - 1) * separator.length;
  for (const item of items) {
    if (typeof item !== 'string')
      throw new Failure(`join() takes a list of strings; it has ${described(item)}`, offset);
    length += item.length;
  }
  run.chargeText(length, offset);
  return items.join(separator);
}

function replace(run: Evaluation, offset: number, text: string, old: string, by: string): string {
  if (old === '') throw new Failure('replace() needs something to look for', offset);
  return join(run, offset, split(run, offset, text, old, -1), by);
}

/** Both change ASCII letters only; natively if there is nothing else, since the native methods change all letters. */
function mapAscii(
  run: Evaluation,
  offset: number,
  text: string,
  letters: RegExp,
  map: (part: string) => string,
): string {
  run.charge(text.length * perCharacter.encoded, offset);
  if (/^[\0-\x7f]*$/.test(text)) return map(text);
  run.charge(text.length * perCharacter.escaped, offset);
  return text.replace(letters, map);
}

export const findPattern = overload(['string', 'string'], 'bool', (run, offset, text, pattern) =>
  matches(run, offset, text, patternOf(run, offset, pattern)),
);

export const textMethods: Readonly<Record<string, readonly Overload[]>> = {
  startsWith: [
    overload(['string', 'string'], 'bool', (run, offset, text, part) => {
      run.charge(part.length * perCharacter.copied, offset);
      // Compared as a whole, which is many times faster than startsWith().
      return text.slice(0, part.length) === part;
    }),
  ],
  endsWith: [
    overload(['string', 'string'], 'bool', (run, offset, text, part) => {
      run.charge(part.length * perCharacter.copied, offset);
      return part.length <= text.length && text.slice(text.length - part.length) === part;
    }),
  ],
  contains: [
    overload(['string', 'string'], 'bool', (run, offset, text, part) => indexOf(run, offset, text, part) >= 0),
  ],
  indexOf: [
    overload(['string', 'string'], 'int', (run, offset, text, part) =>
      pointIndex(run, offset, text, indexOf(run, offset, text, part)),
    ),
    overload(['string', 'string', 'int'], 'int', (run, offset, text, part, from) =>
      pointIndex(run, offset, text, indexOf(run, offset, text, part, unitIndex(run, offset, text, from))),
    ),
  ],
  lastIndexOf: [
    overload(['string', 'string'], 'int', (run, offset, text, part) =>
      pointIndex(run, offset, text, lastIndexOf(run, offset, text, part)),
    ),
    overload(['string', 'string', 'int'], 'int', (run, offset, text, part, from) =>
      pointIndex(run, offset, text, lastIndexOf(run, offset, text, part, unitIndex(run, offset, text, from))),
    ),
  ],
  substring: [
    overload(['string', 'int'], 'string', (run, offset, text, from) => text.slice(unitIndex(run, offset, text, from))),
    overload(['string', 'int', 'int'], 'string', (run, offset, text, from, to) => {
      if (to < from) throw new Failure(`substring() ends at ${to}, before it starts at ${from}`, offset);
      return text.slice(unitIndex(run, offset, text, from), unitIndex(run, offset, text, to));
    }),
  ],
  lowerAscii: [
    overload(['string'], 'string', (run, offset, text) =>
      mapAscii(run, offset, text, /[A-Z]+/g, (part) => part.toLowerCase()),
    ),
  ],
  upperAscii: [
    overload(['string'], 'string', (run, offset, text) =>
      mapAscii(run, offset, text, /[a-z]+/g, (part) => part.toUpperCase()),
    ),
  ],
  trim: [
    overload(['string'], 'string', (run, offset, text) => {
      run.charge(text.length * perCharacter.encoded, offset);
      return text.trim();
    }),
  ],
  split: [
    overload(['string', 'string'], 'list', (run, offset, text, separator) => split(run, offset, text, separator, -1)),
    overload(['string', 'string', 'int'], 'list', (run, offset, text, separator, limit) =>
      split(run, offset, text, separator, limit),
    ),
  ],
  join: [
    overload(['list'], 'string', (run, offset, items) => join(run, offset, items, '')),
    overload(['list', 'string'], 'string', join),
  ],
  replace: [overload(['string', 'string', 'string'], 'string', replace)],
};

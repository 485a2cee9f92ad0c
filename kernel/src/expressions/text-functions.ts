/** String methods. As in CEL, positions and lengths count code points, not UTF-16 units. */

import { caps } from '@llmteam/contracts';
import { cost, type Evaluation, Failure } from './evaluation.js';
import { type Overload, overload } from './overloads.js';
import { matches, patternOf } from './patterns.js';
import { type CelInt, type CelValue, described } from './values.js';

const surrogate = /[\uD800-\uDFFF]/;

/** Length in code points. */
export function textSize(text: string): number {
  if (!surrogate.test(text)) return text.length;
  let size = 0;
  for (const _ of text) size += 1;
  return size;
}

/** Converts a code point index to a UTF-16 index; fails unless `0 <= point <= size`. */
function unitIndex(text: string, point: CelInt, offset: number): number {
  const target = Number(point);
  if (!surrogate.test(text)) {
    if (target >= 0 && target <= text.length) return target;
  } else if (target >= 0) {
    let index = 0;
    let passed = 0;
    for (; passed < target && index < text.length; passed += 1)
      index += (text.codePointAt(index) ?? 0) > 0xffff ? 2 : 1;
    if (passed === target) return index;
  }
  throw new Failure(`index ${point} is out of range: the string has ${textSize(text)} characters`, offset);
}

/** Converts a UTF-16 index, or -1, to a code point index. */
function pointIndex(text: string, index: number): number {
  return index < 0 ? -1 : textSize(text.slice(0, index));
}

/** Splits into at most `limit` pieces, the last of which holds the rest; a negative `limit` is unlimited. */
function split(run: Evaluation, offset: number, text: string, separator: string, limit: number): string[] {
  run.chargeSearch(text, separator, offset);
  if (limit === 0) return [];
  const maxPieces = limit < 0 ? Number.POSITIVE_INFINITY : limit;
  const pieces: string[] = [];
  let from = 0;
  const next = () =>
    separator === '' ? from + ((text.codePointAt(from) ?? 0) > 0xffff ? 2 : 1) : text.indexOf(separator, from);
  for (let end = next(); end >= 0 && pieces.length + 1 < maxPieces; end = next()) {
    if (separator === '' && end >= text.length) break;
    // One piece too many is enough for chargeList() to fail below.
    if (pieces.length > caps.json_nodes) break;
    pieces.push(text.slice(from, end));
    from = end + separator.length;
  }
  pieces.push(text.slice(from));
  run.chargeList(pieces.length, offset);
  return pieces;
}

function join(run: Evaluation, offset: number, items: readonly CelValue[], separator: string): string {
  let length = Math.max(0, items.length - 1) * separator.length;
  const texts = items.map((item) => {
    if (typeof item !== 'string')
      throw new Failure(`join() takes a list of strings; it has ${described(item)}`, offset);
    length += item.length;
    return item;
  });
  run.charge(items.length * cost.listElement, offset);
  run.chargeText(length, offset);
  return texts.join(separator);
}

function replace(run: Evaluation, offset: number, text: string, old: string, by: string): string {
  if (old === '') throw new Failure('replace() needs something to look for', offset);
  return join(run, offset, split(run, offset, text, old, -1), by);
}

function scanning<T extends CelValue>(work: (text: string) => T): (run: Evaluation, offset: number, text: string) => T {
  return (run, offset, text) => {
    run.charge(text.length, offset);
    return work(text);
  };
}

function searching<T extends CelValue>(
  work: (text: string, part: string) => T,
): (run: Evaluation, offset: number, text: string, part: string) => T {
  return (run, offset, text, part) => {
    run.chargeSearch(text, part, offset);
    return work(text, part);
  };
}

export const findPattern = overload(['string', 'string'], 'bool', (run, offset, text, pattern) =>
  matches(run, offset, text, patternOf(run, offset, pattern)),
);

export const textMethods: Readonly<Record<string, readonly Overload[]>> = {
  startsWith: [
    overload(['string', 'string'], 'bool', (run, offset, text, part) => {
      run.charge(part.length, offset);
      return text.startsWith(part);
    }),
  ],
  endsWith: [
    overload(['string', 'string'], 'bool', (run, offset, text, part) => {
      run.charge(part.length, offset);
      return text.endsWith(part);
    }),
  ],
  contains: [
    overload(
      ['string', 'string'],
      'bool',
      searching((text, part) => text.includes(part)),
    ),
  ],
  indexOf: [
    overload(
      ['string', 'string'],
      'int',
      searching((text, part) => pointIndex(text, text.indexOf(part))),
    ),
    overload(['string', 'string', 'int'], 'int', (run, offset, text, part, from) => {
      run.chargeSearch(text, part, offset);
      return pointIndex(text, text.indexOf(part, unitIndex(text, from, offset)));
    }),
  ],
  lastIndexOf: [
    overload(
      ['string', 'string'],
      'int',
      searching((text, part) => pointIndex(text, text.lastIndexOf(part))),
    ),
    overload(['string', 'string', 'int'], 'int', (run, offset, text, part, from) => {
      run.chargeSearch(text, part, offset);
      return pointIndex(text, text.lastIndexOf(part, unitIndex(text, from, offset)));
    }),
  ],
  substring: [
    overload(['string', 'int'], 'string', (run, offset, text, from) => {
      run.charge(text.length, offset);
      return text.slice(unitIndex(text, from, offset));
    }),
    overload(['string', 'int', 'int'], 'string', (run, offset, text, from, to) => {
      run.charge(text.length, offset);
      if (to < from) throw new Failure(`substring() ends at ${to}, before it starts at ${from}`, offset);
      return text.slice(unitIndex(text, from, offset), unitIndex(text, to, offset));
    }),
  ],
  lowerAscii: [
    overload(
      ['string'],
      'string',
      scanning((text) => text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase())),
    ),
  ],
  upperAscii: [
    overload(
      ['string'],
      'string',
      scanning((text) => text.replace(/[a-z]+/g, (letters) => letters.toUpperCase())),
    ),
  ],
  trim: [
    overload(
      ['string'],
      'string',
      scanning((text) => text.trim()),
    ),
  ],
  split: [
    overload(['string', 'string'], 'list', (run, offset, text, separator) => split(run, offset, text, separator, -1)),
    overload(['string', 'string', 'int'], 'list', (run, offset, text, separator, limit) =>
      split(run, offset, text, separator, Number(limit)),
    ),
  ],
  join: [
    overload(['list'], 'string', (run, offset, items) => join(run, offset, items, '')),
    overload(['list', 'string'], 'string', join),
  ],
  replace: [overload(['string', 'string', 'string'], 'string', replace)],
};

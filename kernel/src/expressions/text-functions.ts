/** Methods of strings. Positions and lengths count code points, as CEL has them, not UTF-16 units. */

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

/** The UTF-16 index of a code point; fails unless `0 <= point <= size`. */
function unitIndex(text: string, point: CelInt, at: number): number {
  const wanted = Number(point);
  if (!surrogate.test(text)) {
    if (wanted >= 0 && wanted <= text.length) return wanted;
  } else if (wanted >= 0) {
    let index = 0;
    let passed = 0;
    for (; passed < wanted && index < text.length; passed += 1)
      index += (text.codePointAt(index) ?? 0) > 0xffff ? 2 : 1;
    if (passed === wanted) return index;
  }
  throw new Failure(`index ${point} is out of range: the string has ${textSize(text)} characters`, at);
}

function foundAt(text: string, index: number): number {
  return index < 0 ? -1 : textSize(text.slice(0, index));
}

/** Pieces between separators, at most `limit` of them: the last holds the rest. */
function split(run: Evaluation, at: number, text: string, separator: string, limit: number): string[] {
  run.chargeSearch(text, separator, at);
  if (limit === 0) return [];
  const most = limit < 0 ? Number.POSITIVE_INFINITY : limit;
  const pieces: string[] = [];
  let from = 0;
  const next = () =>
    separator === '' ? from + ((text.codePointAt(from) ?? 0) > 0xffff ? 2 : 1) : text.indexOf(separator, from);
  for (let end = next(); end >= 0 && pieces.length + 1 < most; end = next()) {
    if (separator === '' && end >= text.length) break;
    // One too many is enough for chargeList() below to refuse.
    if (pieces.length > caps.json_nodes) break;
    pieces.push(text.slice(from, end));
    from = end + separator.length;
  }
  pieces.push(text.slice(from));
  run.chargeList(pieces.length, at);
  return pieces;
}

function join(run: Evaluation, at: number, items: readonly CelValue[], separator: string): string {
  let length = Math.max(0, items.length - 1) * separator.length;
  const texts = items.map((item) => {
    if (typeof item !== 'string') throw new Failure(`join() takes a list of strings; it has ${described(item)}`, at);
    length += item.length;
    return item;
  });
  run.charge(items.length * cost.listElement, at);
  run.chargeText(length, at);
  return texts.join(separator);
}

function replace(run: Evaluation, at: number, text: string, old: string, by: string): string {
  if (old === '') throw new Failure('replace() needs something to look for', at);
  return join(run, at, split(run, at, text, old, -1), by);
}

function scanning<T extends CelValue>(work: (text: string) => T): (run: Evaluation, at: number, text: string) => T {
  return (run, at, text) => {
    run.charge(text.length, at);
    return work(text);
  };
}

function searching<T extends CelValue>(
  work: (text: string, part: string) => T,
): (run: Evaluation, at: number, text: string, part: string) => T {
  return (run, at, text, part) => {
    run.chargeSearch(text, part, at);
    return work(text, part);
  };
}

export const findPattern = overload(['string', 'string'], 'bool', (run, at, text, pattern) =>
  matches(run, at, text, patternOf(run, at, pattern)),
);

export const textMethods: Readonly<Record<string, readonly Overload[]>> = {
  startsWith: [
    overload(['string', 'string'], 'bool', (run, at, text, part) => {
      run.charge(part.length, at);
      return text.startsWith(part);
    }),
  ],
  endsWith: [
    overload(['string', 'string'], 'bool', (run, at, text, part) => {
      run.charge(part.length, at);
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
      searching((text, part) => foundAt(text, text.indexOf(part))),
    ),
    overload(['string', 'string', 'int'], 'int', (run, at, text, part, from) => {
      run.chargeSearch(text, part, at);
      return foundAt(text, text.indexOf(part, unitIndex(text, from, at)));
    }),
  ],
  lastIndexOf: [
    overload(
      ['string', 'string'],
      'int',
      searching((text, part) => foundAt(text, text.lastIndexOf(part))),
    ),
    overload(['string', 'string', 'int'], 'int', (run, at, text, part, from) => {
      run.chargeSearch(text, part, at);
      return foundAt(text, text.lastIndexOf(part, unitIndex(text, from, at)));
    }),
  ],
  substring: [
    overload(['string', 'int'], 'string', (run, at, text, from) => {
      run.charge(text.length, at);
      return text.slice(unitIndex(text, from, at));
    }),
    overload(['string', 'int', 'int'], 'string', (run, at, text, from, to) => {
      run.charge(text.length, at);
      if (to < from) throw new Failure(`substring() ends at ${to}, before it starts at ${from}`, at);
      return text.slice(unitIndex(text, from, at), unitIndex(text, to, at));
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
    overload(['string', 'string'], 'list', (run, at, text, separator) => split(run, at, text, separator, -1)),
    overload(['string', 'string', 'int'], 'list', (run, at, text, separator, limit) =>
      split(run, at, text, separator, Number(limit)),
    ),
  ],
  join: [
    overload(['list'], 'string', (run, at, items) => join(run, at, items, '')),
    overload(['list', 'string'], 'string', join),
  ],
  replace: [overload(['string', 'string', 'string'], 'string', replace)],
};

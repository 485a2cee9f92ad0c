/** What to write instead of what other languages write: JavaScript, Python, templates, or plain text. */

import { endOfSkipped } from './scan.js';

interface Mistake {
  readonly reason: string;
  readonly position: number;
}

/** Tokens that no valid expression has outside of strings. The first one that matches at a position counts. */
const tokens: readonly (readonly [RegExp, string])[] = [
  [/===/y, 'write == instead of ==='],
  [/!==/y, 'write != instead of !=='],
  [/=>/y, 'there are no arrow functions: write items.map(x, x.name) instead of items.map(x => x.name)'],
  [/[<>!=]=/y, ''],
  [/=/y, 'write == to compare; an expression assigns nothing'],
  [/&&|\|\|/y, ''],
  [/&/y, 'write && instead of &'],
  [/\|/y, 'write || instead of |; there are no filters: write f(x) instead of x | f'],
  [/`/y, 'there are no template literals: write "text " + string(x)'],
  [/\$\{/y, 'write the expression without ${…}, and join text with +: "Dear " + input.name'],
  [/\$/y, 'names have no $: write input.name'],
  [/\{\{|\{%/y, 'write the expression without braces: input.name'],
  [/\?\?/y, 'there is no ??: write has(x.name) ? x.name : "default"'],
  [/\?\./y, 'there is no ?.: write has(x.name) ? x.name : "default"'],
  [/\*\*/y, 'there is no power operator'],
  [/\+\+|--(?=\s*$)/y, 'write x + 1; an expression assigns nothing'],
  [/;/y, 'write one expression, without ;'],
];

/** Words of other languages; a key may have any name, so those after a dot do not count. */
const words: Readonly<Record<string, string>> = {
  and: 'write && instead of and',
  AND: 'write && instead of AND',
  or: 'write || instead of or',
  OR: 'write || instead of OR',
  not: 'write !x instead of not x, and !(x in list) instead of x not in list',
  NOT: 'write !x instead of NOT x',
  is: 'write == instead of is',
  if: 'write condition ? x : y',
  else: 'write condition ? x : y',
  lambda: 'there are no functions: write items.map(x, x.name)',
  function: 'there are no functions: write items.map(x, x.name)',
  return: 'write the expression without return',
  let: 'an expression declares no variables',
  const: 'an expression declares no variables',
  var: 'an expression declares no variables',
  new: 'there are no objects to make: write {"name": value}',
  typeof: 'write type(x) instead of typeof x',
  for: 'write items.map(x, x.name) or items.filter(x, x.on) instead of a loop',
};

/** Finds a token or word of another language in text that is not CEL. */
export function mistakeIn(source: string): Mistake | undefined {
  let previous = '';
  for (let index = 0; index < source.length; ) {
    const skipped = endOfSkipped(source, index);
    if (skipped > index) {
      index = skipped;
      continue;
    }
    const word = matchAt(/[A-Za-z_]\w*/y, source, index);
    const [length, reason] = word === '' ? tokenAt(source, index) : [word.length, wordReason(word, previous)];
    if (reason !== '') return { reason, position: index };
    if (!/\s/.test(source.charAt(index))) previous = source.charAt(index + length - 1);
    index += length;
  }
  return undefined;
}

function wordReason(word: string, previous: string): string {
  return previous !== '.' && Object.hasOwn(words, word) ? (words[word] ?? '') : '';
}

function tokenAt(source: string, index: number): [length: number, reason: string] {
  for (const [pattern, reason] of tokens) {
    const { length } = matchAt(pattern, source, index);
    if (length > 0) return [length, reason];
  }
  return [1, ''];
}

function matchAt(pattern: RegExp, source: string, index: number): string {
  pattern.lastIndex = index;
  return pattern.exec(source)?.[0] ?? '';
}

/** A hint for text that seems to be prose: two words with nothing between them. */
export function proseHint(source: string): string {
  return /^[^"'()[\]{}]*[A-Za-z]{2,}[,.!?]?\s+[A-Za-z]{2,}/.test(source) ? '; if it is text, put it in quotes' : '';
}

const functionsInstead: Readonly<Record<string, string>> = {
  len: 'size(x)',
  length: 'size(x)',
  count: 'size(x)',
  str: 'string(x)',
  String: 'string(x)',
  toString: 'string(x)',
  float: 'double(x)',
  Number: 'double(x)',
  parseFloat: 'double(x)',
  parseInt: 'int(x)',
  Boolean: 'bool(x)',
  exists: 'has(x.name)',
  defined: 'has(x.name)',
  upper: 'x.upperAscii()',
  lower: 'x.lowerAscii()',
  Date: 'timestamp("2026-01-31T09:30:00Z")',
  encodeURIComponent: 'url.encode(x)',
  urlencode: 'url.encode(x)',
  btoa: 'base64.encode(bytes(x))',
  atob: 'string(base64.decode(x))',
  range: 'a loop step of the kind range',
};

const methodsInstead: Readonly<Record<string, string>> = {
  toUpperCase: 'x.upperAscii()',
  upper: 'x.upperAscii()',
  toLowerCase: 'x.lowerAscii()',
  lower: 'x.lowerAscii()',
  includes: 'x.contains(y) for text, y in x for a list',
  length: 'size(x)',
  len: 'size(x)',
  count: 'size(x)',
  isEmpty: 'size(x) == 0',
  slice: 'x.substring(from, to)',
  substr: 'x.substring(from, to)',
  replaceAll: 'x.replace(old, new)',
  strip: 'x.trim()',
  test: 'text.matches(pattern)',
  match: 'text.matches(pattern)',
  some: 'x.exists(item, condition)',
  any: 'x.exists(item, condition)',
  every: 'x.all(item, condition)',
  find: 'x.filter(item, condition)[0]',
  concat: 'x + y',
  push: 'x + [item]',
  append: 'x + [item]',
  keys: 'x.map(key, key)',
  values: 'x.map(key, x[key])',
  items: 'x.map(key, x[key])',
  get: 'has(x.name) ? x.name : "default"',
  hasOwnProperty: 'has(x.name) or "name" in x',
  toFixed: 'string(x)',
  stringify: '${x} in a config string, where a value becomes JSON text',
  encodeURIComponent: 'url.encode(x)',
};

const namesInstead: Readonly<Record<string, string>> = {
  True: 'true',
  TRUE: 'true',
  False: 'false',
  FALSE: 'false',
  None: 'null',
  NULL: 'null',
  nil: 'null',
  undefined: 'null, or has(x.name) to ask for a key',
  item: 'loop.item',
  index: 'loop.index',
  output: 'steps.<step id>.output',
};

/** What to write instead of an unknown function, method or name; undefined if it is no typical mistake. */
export const instead = {
  function: (name: string) => own(functionsInstead, name),
  method: (name: string) => own(methodsInstead, name),
  name: (name: string) => own(namesInstead, name),
};

function own(table: Readonly<Record<string, string>>, name: string): string | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined;
}

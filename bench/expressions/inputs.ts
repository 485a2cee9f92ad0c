import { caps, type Json } from '@llmteam/contracts';

/** The largest string an input may hold, made of characters of the given kind. */
const characters = {
  ascii: 'abcdefghijklmnop',
  same: 'a',
  wide: 'é中',
  astral: '😀',
  lone: '\ud800',
  quotes: '"\\',
  control: '\u0001',
  mixed: 'aA',
  spaces: ' ',
  commas: ',',
} as const;
export type Kind = keyof typeof characters;
export const kinds = Object.keys(characters) as Kind[];

function textOf(kind: Kind, bytes: number): string {
  const unit = characters[kind];
  return unit.repeat(Math.floor(bytes / Buffer.byteLength(unit)));
}

const numbers = Array.from({ length: 190_000 }, (_, index) => index);
const small = (kind: Kind): string[] =>
  Array.from({ length: 20_000 }, (_, index) => textOf(kind, 60) + String.fromCharCode(97 + (index % 26)));
const random = Array.from({ length: 4_000 }, (_, index) => 'ab'.charAt((Math.imul(index, 2_654_435_761) >>> 13) & 1));

/** Values at the caps, by the name an expression reads them by. */
export const input: Record<string, Json> = {
  one: 1,
  half: 0.123456789,
  few: numbers.slice(0, 40),
  some: numbers.slice(0, 2_000),
  many: numbers.slice(0, 99_000),
  all: numbers,
  copy: [...numbers],
  halves: numbers.map((index) => index + 0.123),
  keys: Object.fromEntries(numbers.slice(0, 10_000).map((index) => [`key-${index}`, index])),
  sameKeys: Object.fromEntries(numbers.slice(0, 10_000).map((index) => [`key-${index}`, index])),
  rows: numbers.slice(0, 30_000).map((index) => ({ id: `id-${index}`, on: index % 2 === 0 })),
  flags: numbers.slice(0, 99_000).map((index) => index % 2 === 0),
  nested: numbers.slice(0, 3_000).reduce<Json>((inner, index) => (index % 60 === 0 ? [index] : [inner, index]), 0),
  random: random.join(''),
  moments: numbers.slice(0, 20_000).map((index) => new Date(index * 1e9).toISOString()),
  spans: numbers.slice(0, 20_000).map((index) => `${index}h${index}m${index}.123s`),
  decimals: numbers.slice(0, 20_000).map((index) => `-${index}.123456789012345e-200`),
  part: `${'a'.repeat(300)}b${'a'.repeat(300)}`,
  needle: `${'a'.repeat(100)}b${'a'.repeat(100)}`,
  ...Object.fromEntries(kinds.map((kind) => [kind, textOf(kind, caps.json_string_bytes)])),
  ...Object.fromEntries(kinds.map((kind) => [`${kind}Few`, small(kind)])),
};

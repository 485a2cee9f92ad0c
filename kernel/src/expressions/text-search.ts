/**
 * Purpose: finds a string in another at a cost that is known.
 * The engine of JavaScript searches for at most {@link nativeLength} characters in linear time; beyond, and backwards, it may compare every
 * character with every other.
 */

import { cost, perCharacter } from './cost.js';
import type { Evaluation } from './evaluation.js';

const nativeLength = 250;
/** Resuming a search after a candidate. */
const candidate = 2_000;

/** The first index of `part` at or after `from`, or -1. */
export function indexOf(run: Evaluation, offset: number, text: string, part: string, from = 0): number {
  return finder(run, offset, text, part)(from);
}

/** Searches repeatedly, from increasing indexes; going through the text once is paid for here. */
export function finder(run: Evaluation, offset: number, text: string, part: string): (from: number) => number {
  const head = part.slice(0, nativeLength);
  const price = head.length < 2 ? perCharacter.copied : perCharacter.searched;
  run.charge(cost.search + (text.length + head.length) * price, offset);
  if (head === part) return (from) => text.indexOf(part, from);
  return (from) => {
    for (let at = text.indexOf(head, from); at >= 0; at = text.indexOf(head, at + 1)) {
      run.charge(candidate + part.length * perCharacter.compared, offset);
      if (text.slice(at, at + part.length) === part) return at;
    }
    return -1;
  };
}

/** The last index of `part`, at or before `from`, or -1. */
export function lastIndexOf(run: Evaluation, offset: number, text: string, part: string, from = text.length): number {
  run.charge(text.length * (1 + part.length * perCharacter.copied), offset);
  return text.lastIndexOf(part, from);
}

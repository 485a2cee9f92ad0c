import type { Problem } from '@llmteam/contracts';
import { splitPointer } from '../json/json-pointer.js';

/** Sorts problems by the position of their paths in the document, parents before children. The sort is stable. */
export function inDocumentOrder(problems: readonly Problem[], document: unknown): Problem[] {
  const ranks = new WeakMap<object, ReadonlyMap<string, number>>();
  const placed = problems.map((problem) => ({ problem, place: placeOf(problem.path, document, ranks) }));
  placed.sort((one, other) => compare(one.place, other.place));
  return placed.map(({ problem }) => problem);
}

/** For each token of the pointer, the number of members before it. */
function placeOf(pointer: string, document: unknown, ranks: WeakMap<object, ReadonlyMap<string, number>>): number[] {
  let value = document;
  return splitPointer(pointer).map((token) => {
    if (Array.isArray(value)) {
      value = value[Number(token)];
      return Number(token);
    }
    if (typeof value !== 'object' || value === null) return 0;
    const rank = ranks.get(value) ?? new Map(Object.keys(value).map((key, offset) => [key, offset]));
    ranks.set(value, rank);
    // A missing member sorts before existing ones.
    const offset = rank.get(token) ?? -1;
    value = offset < 0 ? undefined : Reflect.get(value, token);
    return offset;
  });
}

function compare(one: readonly number[], other: readonly number[]): number {
  const shared = Math.min(one.length, other.length);
  for (let offset = 0; offset < shared; offset++) {
    const difference = (one[offset] ?? 0) - (other[offset] ?? 0);
    if (difference !== 0) return difference;
  }
  return one.length - other.length;
}

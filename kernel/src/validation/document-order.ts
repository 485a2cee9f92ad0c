import type { Problem } from '@llmteam/contracts';
import { splitPointer } from '../json/json-pointer.js';

/** Sorts problems by the position of their paths in the document, parents before children. The sort is stable. */
export function inDocumentOrder(problems: readonly Problem[], document: unknown): Problem[] {
  const ranks = new WeakMap<object, ReadonlyMap<string, number>>();
  const keyed = problems.map((problem) => ({ problem, key: sortKey(problem.path, document, ranks) }));
  keyed.sort((one, other) => compare(one.key, other.key));
  return keyed.map(({ problem }) => problem);
}

/** For each token of the pointer, the number of members before it. */
function sortKey(pointer: string, document: unknown, ranks: WeakMap<object, ReadonlyMap<string, number>>): number[] {
  let value = document;
  return splitPointer(pointer).map((token) => {
    if (Array.isArray(value)) {
      value = value[Number(token)];
      return Number(token);
    }
    if (typeof value !== 'object' || value === null) return 0;
    const rank = ranks.get(value) ?? new Map(Object.keys(value).map((key, index) => [key, index]));
    ranks.set(value, rank);
    // A missing member sorts before existing ones.
    const index = rank.get(token) ?? -1;
    value = index < 0 ? undefined : Reflect.get(value, token);
    return index;
  });
}

function compare(one: readonly number[], other: readonly number[]): number {
  const shared = Math.min(one.length, other.length);
  for (let index = 0; index < shared; index++) {
    const difference = (one[index] ?? 0) - (other[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return one.length - other.length;
}

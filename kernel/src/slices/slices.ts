import { spareSlices } from './spare-turns.js';

/** Long synchronous work as a generator: each `yield` is a point where it may pause. */
export type Work<T> = Generator<void, T, void>;

/** Does the work at once. */
export function finish<T>(work: Work<T>): T {
  for (;;) {
    const { done, value } = work.next();
    if (done === true) return value;
  }
}

/** Does the work in slices, in spare turns of the event loop. */
export async function finishInSlices<T>(work: Work<T>): Promise<T> {
  const slices = spareSlices();
  for (;;) {
    const { done, value } = work.next();
    if (done === true) return value;
    if (slices.isUsedUp) await slices.pause();
  }
}

/** `list.map(transform)`, with pauses. */
export function* mapped<T, R>(list: readonly T[], transform: (item: T, index: number) => R): Work<R[]> {
  const results: R[] = [];
  for (const [index, item] of list.entries()) {
    results.push(transform(item, index));
    yield;
  }
  return results;
}

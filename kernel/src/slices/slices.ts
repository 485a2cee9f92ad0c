/** Long synchronous work as a generator: each `yield` is a point where it may pause. */
export type Work<T> = Generator<void, T, void>;

/** How long work may hold the event loop before it pauses. */
const sliceMs = 10;

/** Does the work at once. */
export function finish<T>(work: Work<T>): T {
  for (;;) {
    const { done, value } = work.next();
    if (done === true) return value;
  }
}

/** Does the work in slices, between which other callbacks run. */
export async function finishInSlices<T>(work: Work<T>): Promise<T> {
  for (let end = performance.now() + sliceMs; ; ) {
    const { done, value } = work.next();
    if (done === true) return value;
    if (performance.now() < end) continue;
    await new Promise((resolve) => setImmediate(resolve));
    end = performance.now() + sliceMs;
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

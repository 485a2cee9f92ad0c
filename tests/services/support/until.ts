import { setTimeout as sleep } from 'node:timers/promises';

/** Resolves with the first result of `look`; on timeout reports what it threw last. */
export async function until<T>(
  what: string,
  look: () => T | null | undefined | Promise<T | null | undefined>,
  patienceMs = 20_000,
): Promise<T> {
  const deadline = performance.now() + patienceMs;
  let last: unknown = 'nothing';
  for (;;) {
    try {
      const found = await look();
      if (found !== null && found !== undefined && found !== false) return found;
      last = found;
    } catch (error) {
      last = error;
    }
    if (performance.now() > deadline) throw new Error(`no ${what} within ${patienceMs} ms`, { cause: last });
    await sleep(20);
  }
}

import { setTimeout as sleep } from 'node:timers/promises';

/** Resolves once it holds; the deadline of the test ends it otherwise. */
export async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await sleep(5);
}

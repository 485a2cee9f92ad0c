import { setTimeout as sleep } from 'node:timers/promises';

/** Resolves once the condition holds; the timeout of the test is the limit. */
export async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await sleep(5);
}

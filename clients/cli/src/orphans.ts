/** Unfinished runs that no process works on: what happens to them is recorded, and takes effect once they are resumed. */
import type { RunView } from '@llmteam/contracts';
import { isDriven } from '@llmteam/embedded';
import type { RunStore } from './run-stores.js';

export async function isOrphan(
  store: RunStore,
  { run_id, started_at, completed_at }: Pick<RunView, 'run_id' | 'started_at' | 'completed_at'>,
): Promise<boolean> {
  if (store.kind === 'gateway' || completed_at !== null) return false;
  const { driving } = await store.owner.describe();
  return !isDriven(driving, { run_id, started_at: Date.parse(started_at) });
}

/** Unfinished runs that no process works on: what happens to them is recorded, and takes effect once they are resumed. */
import type { RunKey, RunView } from '@llmteam/contracts';
import { isDriven } from '@llmteam/embedded';
import type { RunStore } from './run-stores.js';

/** Ask before something is recorded: afterwards the run and its process may be gone. */
export async function isOrphan(store: RunStore, run: RunKey): Promise<boolean> {
  if (store.kind === 'gateway') return false;
  return isViewOrphaned(store, await store.runs.show(run));
}

export async function isViewOrphaned(
  store: RunStore,
  { run_id, started_at, completed_at }: Pick<RunView, 'run_id' | 'started_at' | 'completed_at'>,
): Promise<boolean> {
  if (store.kind === 'gateway' || completed_at !== null) return false;
  const { driving } = await store.owner.describe();
  return !isDriven(driving, { run_id, started_at: Date.parse(started_at) });
}

/**
 * Runs whose histories retention deletes are announced in the key-value store, so that every process with a run index drops them.
 * Keys are `removed/<partition>/<id>`, each with a batch of runs. They expire after a week; an index that was offline for longer has
 * to be rebuilt.
 */
import type { KvEntry, KvStore, RunIndex, RunKey } from '@llmteam/contracts';

const removedPrefix = 'removed/';

const keptMs = 7 * 24 * 3_600_000;

/** Called before the histories are deleted: a crash in between leaves unlisted runs, never rows without a history. */
export async function announceRemoval(
  kv: KvStore,
  partition: number,
  id: string,
  runs: readonly RunKey[],
): Promise<void> {
  const keys = runs.map(({ tenant_id, run_id }) => ({ tenant_id, run_id }));
  await kv.put(`${removedPrefix}${partition}/${id}`, keys, { ttlMs: keptMs });
}

function removedRuns({ value }: KvEntry): readonly RunKey[] {
  return value as unknown as readonly RunKey[];
}

/** Removes announced runs from the index until the signal aborts. @throws LlmteamError of the key-value store or the index */
export async function followRemovedRuns(
  { kv, index }: { readonly kv: Pick<KvStore, 'watch'>; readonly index: Pick<RunIndex, 'remove'> },
  signal: AbortSignal,
): Promise<void> {
  for await (const { value } of kv.watch(removedPrefix, signal)) {
    if (value !== null) await index.remove(removedRuns(value));
  }
}

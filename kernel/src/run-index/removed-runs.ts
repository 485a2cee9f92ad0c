/**
 * Runs whose histories retention takes away, announced in the registry so that whoever lists runs forgets them: keys
 * `removed/<partition>/<id>`, each with some runs. Kept for a week; whoever was away for longer makes its lists anew.
 */
import type { KvEntry, KvStore, RunIndex, RunKey } from '@llmteam/contracts';

const removedPrefix = 'removed/';

const keptMs = 7 * 24 * 3_600_000;

/** Announced before the histories go: a process that dies in between leaves runs that are not listed, never rows without a history. */
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

/** Takes announced runs out of the lists until the signal aborts. @throws LlmteamError of the registry or the index */
export async function followRemovedRuns(
  { kv: registry, index }: { readonly kv: Pick<KvStore, 'watch'>; readonly index: Pick<RunIndex, 'remove'> },
  signal: AbortSignal,
): Promise<void> {
  for await (const { value } of registry.watch(removedPrefix, signal)) {
    if (value !== null) await index.remove(removedRuns(value));
  }
}

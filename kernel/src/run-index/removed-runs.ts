/**
 * Runs whose histories retention takes away, announced in the registry so that whoever lists runs forgets them: keys
 * `removed/<partition>/<id>`, each with some runs. Kept for a week; whoever was away for longer makes its lists anew.
 */
import type { Registry, RegistryValue, RunIndex, RunKey } from '@llmteam/contracts';

const removed_prefix = 'removed/';

const kept_ms = 7 * 24 * 3_600_000;

/** Announced before the histories go: a process that dies in between leaves runs that are not listed, never rows without a history. */
export async function announce_removal(
  registry: Registry,
  partition: number,
  id: string,
  runs: readonly RunKey[],
): Promise<void> {
  const keys = runs.map(({ tenant_id, run_id }) => ({ tenant_id, run_id }));
  await registry.put(`${removed_prefix}${partition}/${id}`, keys, { ttl_ms: kept_ms });
}

function removed_runs({ value }: RegistryValue): readonly RunKey[] {
  return value as unknown as readonly RunKey[];
}

/** Takes announced runs out of the lists until the signal aborts. @throws LlmteamError of the registry or the index */
export async function follow_removed_runs(
  { registry, index }: { readonly registry: Pick<Registry, 'watch'>; readonly index: Pick<RunIndex, 'remove'> },
  signal: AbortSignal,
): Promise<void> {
  for await (const { value } of registry.watch(removed_prefix, signal)) {
    if (value !== null) await index.remove(removed_runs(value));
  }
}

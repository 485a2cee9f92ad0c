/**
 * Runs whose histories are removed, by retention or by request, are announced in the key-value store, so that every process with a run
 * index drops them. Keys are `removed/<partition>/<id>`, each with a batch of runs. They expire after a week; an index that was offline
 * for longer has to be rebuilt.
 */
import type { KvEntry, KvStore, RunIndex, RunKey } from '@llmteam/contracts';
import { LRUCache } from 'lru-cache';
import { boundedKey } from '../kv/bounded-key.js';

export const removedPrefix = 'removed/';
export const redactedPrefix = 'redacted/';
/** More than are removed while another source that feeds an index is behind. */
const remembered = 10_000;

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

/** Announces one run that somebody removes by its id. */
export async function announceRunRemoval(kv: KvStore, partition: number, run: RunKey): Promise<void> {
  await announceRemoval(kv, partition, idOf(run), [run]);
}

/** Announces, once it has happened, that the data of a run was removed. */
export async function announceRedaction(kv: KvStore, partition: number, run: RunKey): Promise<void> {
  const { tenant_id, run_id } = run;
  await kv.put(`${redactedPrefix}${partition}/${idOf(run)}`, [{ tenant_id, run_id }], { ttlMs: keptMs });
}

/** Whether a run was removed by its id within the last week. */
export async function isRunRemoved(kv: Pick<KvStore, 'get'>, partition: number, run: RunKey): Promise<boolean> {
  return (await kv.get(`${removedPrefix}${partition}/${idOf(run)}`)) !== null;
}

function idOf({ tenant_id, run_id }: RunKey): string {
  return boundedKey('run/', `${tenant_id}/${run_id}`);
}

/** The runs removed most recently: what another source still says of them does not count. */
export class GoneRuns {
  private readonly gone = new LRUCache<string, true>({ max: remembered });

  add(runs: readonly RunKey[]): void {
    for (const run of runs) this.gone.set(idOf(run), true);
  }

  has(run: RunKey): boolean {
    return this.gone.has(idOf(run));
  }
}

export function removedRuns({ value }: KvEntry): readonly RunKey[] {
  return value as unknown as readonly RunKey[];
}

/** Removes announced runs from the index until the signal aborts. @throws LlmteamError of the key-value store or the index */
export async function followRemovedRuns(
  { kv, index }: { readonly kv: Pick<KvStore, 'watch'>; readonly index: Pick<RunIndex, 'remove'> },
  gone: GoneRuns,
  signal: AbortSignal,
): Promise<void> {
  for await (const { value } of kv.watch(removedPrefix, signal)) {
    if (value === null) continue;
    gone.add(removedRuns(value));
    await index.remove(removedRuns(value));
  }
}

/**
 * Purpose: copies what coordinators note of waiting runs (`run-loop/wait-feed.ts`) into the run index.
 * Owns: that a note which went while nobody followed is removed. (One that goes between the listing and the watch stays until the run is
 * noted again, or ends.)
 */
import type { KvStore, RunIndex, RunKey, RunWaits } from '@llmteam/contracts';
import { noWaits, waitsOfFeed, waitsPrefix } from '../run-loop/wait-feed.js';
import { BatchedChanges } from './batched-changes.js';

export interface WaitRowsDeps {
  readonly kv: Pick<KvStore, 'list' | 'watch'>;
  readonly index: Pick<RunIndex, 'noteWaits' | 'live'>;
}

const pageSize = 1_000;

/**
 * Follows notes until the signal aborts; calls `caughtUp` once every note that existed at the start is in the index, and no other.
 * @throws LlmteamError of the key-value store or the index
 */
export async function followWaitRows(deps: WaitRowsDeps, signal: AbortSignal, caughtUp: () => void): Promise<void> {
  const { kv, index } = deps;
  await forgetOthers(index, await copyPresent(deps, signal), signal);
  caughtUp();
  // If the index refuses a note, following ends with the error, and the retry lists everything again.
  const refused = new AbortController();
  const rows = new BatchedChanges<RunWaits>(
    (notes) => index.noteWaits(notes),
    () => refused.abort(),
  );
  // The watch first repeats the existing entries, including those that changed during the listing.
  for await (const { key, value } of kv.watch(waitsPrefix, AbortSignal.any([signal, refused.signal]))) {
    rows.note(key, value === null ? noWaits(key) : waitsOfFeed(value));
    if (rows.pending >= pageSize) await rows.applied();
  }
  await rows.applied();
}

/** Returns the runs that have a note. */
async function copyPresent({ kv, index }: WaitRowsDeps, signal: AbortSignal): Promise<ReadonlySet<string>> {
  const present = new Set<string>();
  for (let after: string | undefined; ; ) {
    const found = await kv.list(waitsPrefix, { limit: pageSize, ...(after !== undefined && { after }) });
    const notes = found.map(waitsOfFeed);
    for (const note of notes) present.add(idOf(note));
    await index.noteWaits(notes);
    after = found.at(-1)?.key;
    if (found.length < pageSize || signal.aborted) return present;
  }
}

async function forgetOthers(
  index: WaitRowsDeps['index'],
  present: ReadonlySet<string>,
  signal: AbortSignal,
): Promise<void> {
  for (let after: RunKey | null = null; !signal.aborted; ) {
    const rows = await index.live(after, pageSize);
    const gone = rows.filter((row) => row.waits !== undefined && !present.has(idOf(row)));
    await index.noteWaits(gone.map((run) => ({ ...run, waits: [] })));
    after = rows.at(-1) ?? null;
    if (rows.length < pageSize) return;
  }
}

function idOf({ tenant_id, run_id }: RunKey): string {
  return `${tenant_id}/${run_id}`;
}

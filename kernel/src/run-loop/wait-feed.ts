/**
 * Purpose: what runs wait for, for processes with a run index that drive no runs: `waits/<partition>/<tenant_id>/<run_id>`.
 * Owns: which of two notes is the later one, as `TaskFeed` does for tasks (F1): a coordinator that lost its partition without noticing
 * replaces or removes nothing of a later position.
 * A key has no time to live: a run may wait for a year. What a coordinator could not remove any more, the next one does (`all`).
 */
import {
  isLlmteamError,
  type Json,
  type JsonObject,
  type KvEntry,
  type KvStore,
  type RunKey,
  type RunWaits,
} from '@llmteam/contracts';
import { forEachConcurrently } from './for-each-concurrently.js';
import type { WaitNote, WaitNotes } from './wait-notes.js';

export const waitsPrefix = 'waits/';

const concurrentWrites = 64;
const keysPerPage = 1_000;

export class WaitFeed implements WaitNotes {
  readonly outliveLoop = false;

  constructor(
    private readonly kv: KvStore,
    private readonly partition: number,
  ) {}

  /** @throws the first error of the store, after all notes were tried */
  async put(notes: readonly WaitNote[]): Promise<void> {
    const errors: unknown[] = [];
    await forEachConcurrently(concurrentWrites, notes, async (note) => {
      await this.write(this.keyOf(note), note).catch((error: unknown) => errors.push(error));
    });
    if (errors.length > 0) throw errors[0];
  }

  async *all(): AsyncIterable<RunWaits> {
    const prefix = `${waitsPrefix}${this.partition}/`;
    for (let after: string | undefined; ; ) {
      const page = await this.kv.list(prefix, { ...(after !== undefined && { after }), limit: keysPerPage });
      for (const entry of page) yield waitsOfFeed(entry);
      after = page.at(-1)?.key;
      if (after === undefined || page.length < keysPerPage) return;
    }
  }

  /** Each time another writer is faster, the stored position has grown. */
  private async write(key: string, { started_at, waits, position }: WaitNote): Promise<void> {
    for (;;) {
      const found = await this.kv.get(key);
      const known = found === null ? null : (found.value as unknown as StoredWaits);
      const isLater = known !== null && known.position > position;
      if (isLater || isSame(known, waits)) return;
      const ifRevision = found?.revision ?? 0;
      try {
        if (waits.length === 0) await this.kv.delete(key, { ifRevision });
        else await this.kv.put(key, { started_at, waits, position } as unknown as JsonObject, { ifRevision });
        return;
      } catch (error) {
        if (!isLlmteamError(error) || error.code !== 'REVISION_CONFLICT') throw error;
      }
    }
  }

  private keyOf({ tenant_id, run_id }: RunKey): string {
    return `${waitsPrefix}${this.partition}/${tenant_id}/${run_id}`;
  }
}

/** The value of a key. */
interface StoredWaits extends Pick<RunWaits, 'started_at' | 'waits'> {
  readonly position: number;
}

/** What a key of the feed says. */
export function waitsOfFeed({ key, value }: Pick<KvEntry, 'key'> & { readonly value: Json }): RunWaits {
  const { started_at, waits } = value as unknown as StoredWaits;
  return { ...runOfKey(key), started_at, waits };
}

/** The same of a key that was deleted. */
export function noWaits(key: string): RunWaits {
  return { ...runOfKey(key), started_at: 0, waits: [] };
}

function runOfKey(key: string): RunKey {
  const [tenantId = '', runId = ''] = key.split('/').slice(2);
  return { tenant_id: tenantId, run_id: runId };
}

function isSame(known: StoredWaits | null, waits: readonly string[]): boolean {
  const before = known?.waits ?? [];
  return before.length === waits.length && before.every((key, place) => key === waits[place]);
}

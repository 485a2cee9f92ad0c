import type { Json } from '../json.js';

export interface KvEntry {
  readonly key: string;
  readonly value: Json;
  /** Changes with every write of the key. */
  readonly revision: number;
}

export interface KvChange {
  readonly key: string;
  /** Null if deleted or expired. */
  readonly value: KvEntry | null;
}

/**
 * Small values with revisions: segments, checkpoints, leases, announced step types. Keys are `/`-separated. Laws:
 *
 * - G1 `put` without `ifRevision` always writes; with it, only if it equals the key's revision (0 if the key is absent),
 *   and rejects with `REVISION_CONFLICT` otherwise. Of N concurrent writers with the same `ifRevision` exactly one wins.
 * - G2 A value with `ttlMs` expires after that time unless written again.
 * - G3 `list` returns the entries with the prefix, in key order, at most `limit` after `after`.
 * - G4 `watch` first yields the current entries, then changes, until `signal` aborts. A slow watcher may miss
 *   intermediate changes of a key, but never the last.
 * - G5 Values read are copies.
 * - G6 After `close` every method rejects with `CLOSED`; `close` is idempotent.
 */
export interface KvStore {
  readonly supports: { readonly durable: boolean };
  get(key: string): Promise<KvEntry | null>;
  put(key: string, value: Json, options?: { ifRevision?: number; ttlMs?: number }): Promise<number>;
  delete(key: string, options?: { ifRevision?: number }): Promise<void>;
  list(prefix: string, options?: { after?: string; limit?: number }): Promise<readonly KvEntry[]>;
  watch(prefix: string, signal: AbortSignal): AsyncIterable<KvChange>;
  close(): Promise<void>;
}

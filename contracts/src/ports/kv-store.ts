import type { Json } from '../json.js';

export interface KvEntry {
  readonly key: string;
  readonly value: Json;
  /** Changes with every write of the key. */
  readonly revision: number;
}

export interface KvChange {
  readonly key: string;
  /** null: deleted or expired. */
  readonly value: KvEntry | null;
}

/**
 * Small values with revisions: segments, checkpoints, leases, announced step types. Keys are `/`-separated. Laws:
 *
 * - G1 `put` without `ifRevision` always writes; with it only if the key's revision is that (0: the key is absent), else
 *   rejects with `REVISION_CONFLICT`. Of N racing writers with the same `ifRevision` exactly one wins.
 * - G2 A value with `ttlMs` is gone after that time, unless written again.
 * - G3 `list` gives the keys with the prefix, in key order, at most `limit` after `after`.
 * - G4 `watch` first gives what is there, then the changes, until `signal` aborts: of a key that changes faster than its watcher looks,
 *   at least the last.
 * - G5 What is read are copies.
 * - G6 After `close` every method rejects with `CLOSED`; `close` may be called again.
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

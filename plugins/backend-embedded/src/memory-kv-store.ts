import {
  type Clock,
  closedError,
  type Json,
  type KvChange,
  type KvEntry,
  type KvStore,
  type Timer,
} from '@llmteam/contracts';
import { KvStoreWatchers, type StoredValue } from './kv-store-watchers.js';
import { checkKey, revisionConflict, valueText } from './kv-value.js';

interface Kept extends StoredValue {
  /** Fires when the value expires. */
  readonly expiry: Timer | null;
}

/** The reference key-value store. Revisions count writes to the whole store, so a key never has the same revision twice. */
export class MemoryKvStore implements KvStore {
  readonly supports = { durable: false };
  readonly #clock: Clock;
  readonly #values = new Map<string, Kept>();
  readonly #watchers = new KvStoreWatchers();
  #writes = 0;
  #closed = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  async get(key: string): Promise<KvEntry | null> {
    this.#checkOpen();
    const kept = this.#values.get(key);
    return kept === undefined ? null : copyOf(key, kept);
  }

  async put(key: string, value: Json, options: { ifRevision?: number; ttlMs?: number } = {}): Promise<number> {
    this.#checkOpen();
    checkKey(key);
    const text = valueText(key, value);
    this.#checkRevision(key, options.ifRevision);
    this.#values.get(key)?.expiry?.cancel();
    this.#writes += 1;
    const expiry = options.ttlMs === undefined ? null : this.#clock.after(options.ttlMs, () => this.#remove(key));
    const kept = { text, revision: this.#writes, expiry };
    this.#values.set(key, kept);
    this.#watchers.notify({ key, stored: kept });
    return kept.revision;
  }

  async delete(key: string, options: { ifRevision?: number } = {}): Promise<void> {
    this.#checkOpen();
    this.#checkRevision(key, options.ifRevision);
    this.#remove(key);
  }

  async list(prefix: string, options: { after?: string; limit?: number } = {}): Promise<readonly KvEntry[]> {
    this.#checkOpen();
    const after = options.after;
    return this.#keys(prefix)
      .filter((key) => after === undefined || byCodePoint(key, after) > 0)
      .slice(0, options.limit ?? Number.POSITIVE_INFINITY)
      .flatMap((key) => {
        const kept = this.#values.get(key);
        return kept === undefined ? [] : [copyOf(key, kept)];
      });
  }

  watch(prefix: string, signal: AbortSignal): AsyncIterable<KvChange> {
    return this.#watchers.watch(prefix, signal, () =>
      this.#keys(prefix).map((key) => ({ key, stored: this.#values.get(key) ?? null })),
    );
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const { expiry } of this.#values.values()) expiry?.cancel();
    this.#watchers.close();
  }

  #keys(prefix: string): string[] {
    return [...this.#values.keys()].filter((key) => key.startsWith(prefix)).sort(byCodePoint);
  }

  #remove(key: string): void {
    const kept = this.#values.get(key);
    if (kept === undefined) return;
    kept.expiry?.cancel();
    this.#values.delete(key);
    this.#watchers.notify({ key, stored: null });
  }

  #checkRevision(key: string, expected: number | undefined): void {
    const revision = this.#values.get(key)?.revision ?? 0;
    if (expected !== undefined && expected !== revision) throw revisionConflict(key, revision, expected);
  }

  #checkOpen(): void {
    if (this.#closed) throw closedError('key-value store');
  }
}

function copyOf(key: string, { text, revision }: StoredValue): KvEntry {
  return { key, value: JSON.parse(text), revision };
}

/** UTF-8 byte order, which is how SQLite sorts text. */
function byCodePoint(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

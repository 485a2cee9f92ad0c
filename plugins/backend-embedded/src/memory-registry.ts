import type { Clock, Json, Registry, RegistryChange, RegistryValue, Timer } from '@llmteam/contracts';
import { closed_error } from './closed.js';
import { check_key, revision_conflict, value_text } from './registry-value.js';
import { RegistryWatchers, type StoredValue } from './registry-watchers.js';

interface Kept extends StoredValue {
  /** Fires when the value expires. */
  readonly expiry: Timer | null;
}

/** The reference registry. Revisions are numbers of writes to the whole registry, so a key never has the same one twice. */
export class MemoryRegistry implements Registry {
  readonly supports = { durable: false };
  readonly #clock: Clock;
  readonly #values = new Map<string, Kept>();
  readonly #watchers = new RegistryWatchers();
  #writes = 0;
  #closed = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  async get(key: string): Promise<RegistryValue | null> {
    this.#check_open();
    const kept = this.#values.get(key);
    return kept === undefined ? null : copy_of(key, kept);
  }

  async put(key: string, value: Json, options: { if_revision?: number; ttl_ms?: number } = {}): Promise<number> {
    this.#check_open();
    check_key(key);
    const text = value_text(key, value);
    this.#check_revision(key, options.if_revision);
    this.#values.get(key)?.expiry?.cancel();
    this.#writes += 1;
    const expiry = options.ttl_ms === undefined ? null : this.#clock.after(options.ttl_ms, () => this.#remove(key));
    const kept = { text, revision: this.#writes, expiry };
    this.#values.set(key, kept);
    this.#watchers.tell({ key, stored: kept });
    return kept.revision;
  }

  async delete(key: string, options: { if_revision?: number } = {}): Promise<void> {
    this.#check_open();
    this.#check_revision(key, options.if_revision);
    this.#remove(key);
  }

  async list(prefix: string, options: { after?: string; limit?: number } = {}): Promise<readonly RegistryValue[]> {
    this.#check_open();
    const after = options.after;
    return this.#keys(prefix)
      .filter((key) => after === undefined || by_code_point(key, after) > 0)
      .slice(0, options.limit ?? Number.POSITIVE_INFINITY)
      .flatMap((key) => {
        const kept = this.#values.get(key);
        return kept === undefined ? [] : [copy_of(key, kept)];
      });
  }

  watch(prefix: string, signal: AbortSignal): AsyncIterable<RegistryChange> {
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
    return [...this.#values.keys()].filter((key) => key.startsWith(prefix)).sort(by_code_point);
  }

  #remove(key: string): void {
    const kept = this.#values.get(key);
    if (kept === undefined) return;
    kept.expiry?.cancel();
    this.#values.delete(key);
    this.#watchers.tell({ key, stored: null });
  }

  #check_revision(key: string, expected: number | undefined): void {
    const revision = this.#values.get(key)?.revision ?? 0;
    if (expected !== undefined && expected !== revision) throw revision_conflict(key, revision, expected);
  }

  #check_open(): void {
    if (this.#closed) throw closed_error('registry');
  }
}

function copy_of(key: string, { text, revision }: StoredValue): RegistryValue {
  return { key, value: JSON.parse(text), revision };
}

/** The order of the bytes in UTF-8, which is also how SQLite sorts text. */
function by_code_point(one: string, other: string): number {
  return Buffer.compare(Buffer.from(one), Buffer.from(other));
}

/*
 * Purpose: the durable key-value store.
 * Owns: its table, the timer for the next value to expire. Does not own: transactions (group-commit.ts).
 * Invariants:
 *  R1 Writes are evaluated within the transaction, in call order: each sees the effect of the previous one.
 *  R2 Neither the caller nor a watcher learns of a write before it is committed.
 *  R3 An expired value is absent for everybody from its expiry on, no matter when its row is removed.
 */
import {
  type Clock,
  closedError,
  type Json,
  type KvChange,
  type KvEntry,
  type KvStore,
  type LlmteamError,
  type Timer,
} from '@llmteam/contracts';
import type { GroupCommit, Writer } from './group-commit.js';
import { KvStoreWatchers, type StoredChange } from './kv-store-watchers.js';
import { beyondAllKeys, checkKey, revisionConflict, valueText } from './kv-value.js';
import type { Database, SqlRow, Statement } from './sqlite-driver.js';

interface PendingWrite {
  /** Called within the transaction; the returned function is called after the commit. */
  readonly decide: () => () => void;
  readonly reject: (error: LlmteamError) => void;
}

interface Present {
  readonly revision: number;
  /** There is a row, but it has expired. */
  readonly expired: boolean;
}

/** Estimated WAL growth per write: one page in each of a few B-trees. */
const logBytesPerWrite = 16_384;

export class SqliteKvStore implements KvStore, Writer {
  readonly supports = { durable: true };
  readonly #clock: Clock;
  readonly #commits: GroupCommit;
  readonly #watchers = new KvStoreWatchers();
  readonly #find: Statement;
  readonly #list: Statement;
  readonly #replace: Statement;
  readonly #remove: Statement;
  readonly #removeExpired: Statement;
  readonly #nextExpiry: Statement;
  #pending: PendingWrite[] = [];
  #group: readonly PendingWrite[] = [];
  #outcomes: (() => void)[] = [];
  #expiryTimer: { readonly due: number; readonly timer: Timer } | null = null;
  #closed = false;

  constructor(database: Database, clock: Clock, commits: GroupCommit) {
    this.#clock = clock;
    this.#commits = commits;
    this.#find = database.prepare('SELECT key, value, revision, expires_at FROM registry WHERE key = ?');
    this.#list = database.prepare(
      `SELECT key, value, revision FROM registry
       WHERE key >= ? AND key < ? AND key > ? AND (expires_at IS NULL OR expires_at > ?) ORDER BY key LIMIT ?`,
    );
    this.#replace = database.prepare(
      'INSERT OR REPLACE INTO registry (key, value, expires_at) VALUES (?, ?, ?) RETURNING revision',
    );
    this.#remove = database.prepare('DELETE FROM registry WHERE key = ?');
    this.#removeExpired = database.prepare('DELETE FROM registry WHERE expires_at <= ? RETURNING key');
    this.#nextExpiry = database.prepare('SELECT min(expires_at) FROM registry WHERE expires_at IS NOT NULL');
    commits.add(this);
    this.#arm();
  }

  async get(key: string): Promise<KvEntry | null> {
    this.#checkOpen();
    const row = this.#find.get(key);
    return row === undefined || isExpired(row, this.#clock.now()) ? null : kvEntry(row);
  }

  async put(key: string, value: Json, options: { ifRevision?: number; ttlMs?: number } = {}): Promise<number> {
    this.#checkOpen();
    checkKey(key);
    const text = valueText(key, value);
    const { ifRevision, ttlMs } = options;
    return this.#write((resolve, reject) => {
      const { revision: current, expired } = this.#present(key);
      if (ifRevision !== undefined && ifRevision !== current) {
        return () => reject(revisionConflict(key, current, ifRevision));
      }
      const expiresAt = ttlMs === undefined ? null : this.#clock.now() + ttlMs;
      const revision = Number(this.#replace.get(key, text, expiresAt)?.[0]);
      return () => {
        if (expired) this.#watchers.notify({ key, stored: null });
        this.#watchers.notify({ key, stored: { text, revision } });
        resolve(revision);
      };
    });
  }

  async delete(key: string, options: { ifRevision?: number } = {}): Promise<void> {
    this.#checkOpen();
    const { ifRevision } = options;
    return this.#write((resolve, reject) => {
      const { revision: current, expired } = this.#present(key);
      if (ifRevision !== undefined && ifRevision !== current) {
        return () => reject(revisionConflict(key, current, ifRevision));
      }
      if (current > 0 || expired) this.#remove.run(key);
      return () => {
        if (current > 0 || expired) this.#watchers.notify({ key, stored: null });
        resolve();
      };
    });
  }

  async list(prefix: string, options: { after?: string; limit?: number } = {}): Promise<readonly KvEntry[]> {
    this.#checkOpen();
    return this.#rows(prefix, options.after ?? '', options.limit ?? -1).map(kvEntry);
  }

  watch(prefix: string, signal: AbortSignal): AsyncIterable<KvChange> {
    return this.#watchers.watch(prefix, signal, () => this.#rows(prefix, '', -1).map(changeOf));
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#commits.flush();
    this.#expiryTimer?.timer.cancel();
    this.#watchers.close();
  }

  take(): boolean {
    if (this.#pending.length === 0) return false;
    this.#group = this.#pending;
    this.#pending = [];
    return true;
  }

  write(): number {
    this.#outcomes = this.#group.map(({ decide }) => decide());
    return this.#group.length * logBytesPerWrite;
  }

  committed(): void {
    for (const settle of this.#outcomes) settle();
    this.#arm();
  }

  rejected(error: LlmteamError): void {
    for (const { reject } of this.#group) reject(error);
  }

  #write<T>(decide: (resolve: (value: T) => void, reject: (error: LlmteamError) => void) => () => void): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#pending.push({ decide: () => decide(resolve, reject), reject });
      this.#commits.schedule();
    });
  }

  #present(key: string): Present {
    const row = this.#find.get(key);
    const expired = row !== undefined && isExpired(row, this.#clock.now());
    return { revision: row === undefined || expired ? 0 : Number(row[2]), expired };
  }

  #rows(prefix: string, after: string, limit: number): readonly SqlRow[] {
    return this.#list.all(prefix, prefix + beyondAllKeys, after, this.#clock.now(), limit);
  }

  /** Sets the timer for the next expiry, which removes the value and notifies watchers. */
  #arm(): void {
    const first = this.#nextExpiry.get()?.[0] ?? null;
    const due = first === null ? null : Number(first);
    if (this.#closed || due === (this.#expiryTimer?.due ?? null)) return;
    this.#expiryTimer?.timer.cancel();
    this.#expiryTimer = null;
    if (due === null) return;
    const timer = this.#clock.after(due - this.#clock.now(), () => {
      this.#expiryTimer = null;
      this.#sweep();
    });
    this.#expiryTimer = { due, timer };
  }

  /** A failed sweep is retried after the next successful write; expired values are absent regardless. */
  #sweep(): void {
    const decide = () => {
      const keys = this.#removeExpired.all(this.#clock.now()).map(([key]) => String(key));
      return () => {
        for (const key of keys) this.#watchers.notify({ key, stored: null });
      };
    };
    this.#pending.push({ decide, reject: () => undefined });
    this.#commits.schedule();
  }

  #checkOpen(): void {
    if (this.#closed) throw closedError('key-value store');
  }
}

function isExpired(row: SqlRow, now: number): boolean {
  const expiresAt = row[3] ?? null;
  return expiresAt !== null && Number(expiresAt) <= now;
}

function changeOf(row: SqlRow): StoredChange {
  return { key: String(row[0]), stored: { text: String(row[1]), revision: Number(row[2]) } };
}

function kvEntry(row: SqlRow): KvEntry {
  return { key: String(row[0]), value: JSON.parse(String(row[1])), revision: Number(row[2]) };
}

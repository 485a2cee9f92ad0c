/**
 * Purpose: identifies the caller of a request by its API key.
 * Owns: the keys of all tenants in memory, kept current by watching the KvStore.
 * Invariants:
 *   K1 A key is valid only while the KvStore is being watched: if the watch ends, the keys are reloaded before any is valid again.
 *   K2 An unknown prefix and a wrong secret take the same work and give the same response.
 */
import type { Clock, KvChange, KvStore, Logger, Role } from '@llmteam/contracts';
import { hashApiKey, isSameHash, prefixOf } from './api-key.js';
import { type ApiKeyRecord, actsForOthers, keysPrefix, recordOf } from './key-store.js';

/** The caller of a request; the only source of the tenant. */
export interface Principal {
  readonly tenant_id: string;
  readonly role: Role;
  /** The public prefix of the API key. */
  readonly key: string;
  readonly name: string;
  /** May name other persons on human tasks, and act on tasks of others. Role `admin` always may. */
  readonly act_for_others: boolean;
}

const retryMs = 500;
const noHash = '0'.repeat(64);

export class KeyRing {
  private readonly records = new Map<string, ApiKeyRecord>();
  private readonly stopping = new AbortController();
  private readonly listeners = new Set<(prefix: string) => void>();
  private isCurrent = false;
  private following: Promise<void> = Promise.resolve();

  constructor(
    private readonly kv: KvStore,
    private readonly clock: Clock,
    private readonly log: Logger,
  ) {}

  /** Resolves once the keys are loaded. */
  async start(): Promise<void> {
    await this.load();
    this.following = this.follow();
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await this.following;
  }

  get isReady(): boolean {
    return this.isCurrent;
  }

  /** Returns null if the key is unknown, expired or revoked. */
  identify(key: string): Principal | null {
    const prefix = prefixOf(key);
    const record = prefix === null ? undefined : this.records.get(prefix);
    const isRight = isSameHash(hashApiKey(key), record?.hash ?? noHash);
    if (record === undefined || !isRight || !this.isValid(record)) return null;
    const { tenant_id, role, name } = record;
    return { tenant_id, role, name, key: record.prefix, act_for_others: actsForOthers(record) };
  }

  /** Whether a key that was identified earlier is still valid. */
  isStillValid(prefix: string): boolean {
    const record = this.records.get(prefix);
    return record !== undefined && this.isValid(record);
  }

  /** Calls the listener with the prefix of every key that changes; the returned function removes it. */
  onChange(listener: (prefix: string) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  private isValid({ revoked_at, expires_at }: ApiKeyRecord): boolean {
    return this.isCurrent && revoked_at === null && (expires_at === null || expires_at > this.clock.now());
  }

  private async load(): Promise<void> {
    const found = await this.kv.list(keysPrefix);
    this.records.clear();
    for (const { value } of found) this.note({ key: '', value: { key: '', value, revision: 0 } });
    this.isCurrent = true;
  }

  private note({ key, value }: KvChange): void {
    const record = value === null ? null : recordOf(value.value);
    const prefix = record?.prefix ?? key.slice(keysPrefix.length);
    if (record === null) this.records.delete(prefix);
    else this.records.set(prefix, record);
    for (const listener of this.listeners) listener(prefix);
  }

  private async follow(): Promise<void> {
    const { signal } = this.stopping;
    while (!signal.aborted) {
      try {
        if (!this.isCurrent) await this.load();
        for await (const change of this.kv.watch(keysPrefix, signal)) this.note(change);
      } catch (err) {
        this.log.warn({ err }, 'the API keys cannot be watched; no key is accepted until they can');
      }
      this.isCurrent = false;
      if (!signal.aborted) await this.pause();
    }
  }

  private pause(): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        timer.cancel();
        this.stopping.signal.removeEventListener('abort', wake);
        resolve();
      };
      const timer = this.clock.after(retryMs, wake);
      this.stopping.signal.addEventListener('abort', wake, { once: true });
    });
  }
}

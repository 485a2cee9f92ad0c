/**
 * Purpose: who a request comes from.
 * Owns: the keys of all tenants in memory, kept current by watching the registry.
 * Invariants:
 *   K1 A key counts only while the ring follows the registry: if the watch ends, the keys are read anew before any counts again.
 *   K2 Whether a prefix is unknown or the secret is wrong takes the same work and gives the same answer.
 */
import type { Clock, KvChange, KvStore, Logger, Role } from '@llmteam/contracts';
import { hashApiKey, isSameHash, prefixOf } from './api-key.js';
import { type ApiKeyRecord, keysPrefix, recordOf } from './key-store.js';

/** Whose request it is. The tenant comes from here and from nowhere else. */
export interface Principal {
  readonly tenant_id: string;
  readonly role: Role;
  /** Public prefix of the key. */
  readonly key: string;
  readonly name: string;
}

const retryMs = 500;
const noHash = '0'.repeat(64);

export class KeyRing {
  private readonly records = new Map<string, ApiKeyRecord>();
  private readonly stopping = new AbortController();
  private readonly gone = new Set<(prefix: string) => void>();
  private isCurrent = false;
  private following: Promise<void> = Promise.resolve();

  constructor(
    private readonly kv: KvStore,
    private readonly clock: Clock,
    private readonly log: Logger,
  ) {}

  /** Resolves once the keys are known. */
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

  /** null: no key of that form is known, or it has expired or was revoked. */
  identify(key: string): Principal | null {
    const prefix = prefixOf(key);
    const record = prefix === null ? undefined : this.records.get(prefix);
    const isRight = isSameHash(hashApiKey(key), record?.hash ?? noHash);
    if (record === undefined || !isRight || !this.counts(record)) return null;
    const { tenant_id, role, name } = record;
    return { tenant_id, role, name, key: record.prefix };
  }

  /** Whether a key that was identified before still counts. */
  stillCounts(prefix: string): boolean {
    const record = this.records.get(prefix);
    return record !== undefined && this.counts(record);
  }

  /** Told the prefix of every key that changed; the function takes the listener away again. */
  onChange(listener: (prefix: string) => void): () => void {
    this.gone.add(listener);
    return () => this.gone.delete(listener);
  }

  private counts({ revoked_at, expires_at }: ApiKeyRecord): boolean {
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
    for (const listener of this.gone) listener(prefix);
  }

  private async follow(): Promise<void> {
    const { signal } = this.stopping;
    while (!signal.aborted) {
      try {
        if (!this.isCurrent) await this.load();
        for await (const change of this.kv.watch(keysPrefix, signal)) this.note(change);
      } catch (err) {
        this.log.warn({ err }, 'the API keys cannot be followed; none is accepted until they can');
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

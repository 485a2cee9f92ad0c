/**
 * Purpose: the key-value store in a JetStream bucket.
 * Owns: expiry by the server's clock. Buckets of older servers have no per-key TTL, so each value carries its own, and readers
 * delete the expired values they encounter.
 */
import { setMaxListeners } from 'node:events';
import { closedError, type Json, type KvChange, type KvEntry, type KvStore, LlmteamError } from '@llmteam/contracts';
import type { JetStreamManager } from '@nats-io/jetstream';
import type { KvEntry as BucketEntry, KV } from '@nats-io/kv';
import type { NatsConnection } from '@nats-io/transport-node';
import type { ConnectionWatch } from './connection-watch.js';
import { isExpired, publicValue, type StoredValue, storedValue, valueText } from './kv-entry.js';
import { compareKeys, decodeKey, encodeKey, prefixFilter } from './kv-key.js';
import { KvStoreWatch } from './kv-store-watch.js';
import type { Names } from './names.js';
import { apiErrorCode, isWrongLastSequence, natsError } from './nats-error.js';
import type { ServerTime } from './server-time.js';
import { StreamReader } from './stream-reader.js';

export interface NatsKvStoreOptions {
  readonly connection: NatsConnection;
  readonly watch: ConnectionWatch;
  readonly manager: JetStreamManager;
  readonly names: Names;
  readonly kv: KV;
  readonly time: ServerTime;
}

const concurrentGets = 256;
/** Maximum number of cached listings; a listing that is not cached fetches its keys again. */
const maxListings = 64;
/** How long a listing is cached; after that the next page also sees keys added meanwhile. */
const listingTtlMs = 5_000;

/** The remaining keys of a paged listing. */
interface Listing {
  readonly keys: readonly string[];
  readonly from: number;
  readonly last: string;
  readonly until: number;
}
/** How long a delete marker is kept: longer than any watcher that comes back is disconnected. */
const markerMs = 60 * 60_000;

export class NatsKvStore implements KvStore {
  readonly supports = { durable: true };
  private readonly closing = new AbortController();
  private readonly listings = new Map<string, Listing>();

  constructor(private readonly options: NatsKvStoreOptions) {
    // One listener per watcher.
    setMaxListeners(0, this.closing.signal);
  }

  async get(key: string): Promise<KvEntry | null> {
    this.checkOpen();
    const { live } = await this.lookUp(encodeKey(key));
    return live === null ? null : publicValue(live);
  }

  async put(key: string, value: Json, options: { ifRevision?: number; ttlMs?: number } = {}): Promise<number> {
    this.checkOpen();
    const { ifRevision, ttlMs } = options;
    const text = valueText(value, ttlMs);
    const encoded = encodeKey(key);
    try {
      if (ifRevision === undefined) return await this.ask((kv) => kv.put(encoded, text));
      const { live, revision } = await this.lookUp(encoded);
      if ((live?.revision ?? 0) !== ifRevision) throw conflict(key, ifRevision);
      return await this.ask((kv) => kv.put(encoded, text, { previousSeq: revision }));
    } catch (error) {
      throw asConflict(key, ifRevision, error);
    }
  }

  async delete(key: string, options: { ifRevision?: number } = {}): Promise<void> {
    this.checkOpen();
    const { ifRevision } = options;
    const encoded = encodeKey(key);
    try {
      const { live, revision } = await this.lookUp(encoded);
      if (ifRevision !== undefined && live?.revision !== ifRevision) throw conflict(key, ifRevision);
      if (live === null) return;
      const guard = ifRevision === undefined ? {} : { previousSeq: revision };
      await this.ask((kv) => kv.delete(encoded, guard));
    } catch (error) {
      throw asConflict(key, ifRevision, error);
    }
  }

  async list(prefix: string, options: { after?: string; limit?: number } = {}): Promise<readonly KvEntry[]> {
    this.checkOpen();
    const { after, limit = Number.POSITIVE_INFINITY } = options;
    const { keys, from } = await this.keysAfter(prefix, after);
    const found: KvEntry[] = [];
    for (let at = from; at < keys.length && found.length < limit; at += concurrentGets) {
      const part = keys.slice(at, at + concurrentGets);
      const entries = await Promise.all(part.map((key) => this.lookUp(encodeKey(key))));
      found.push(...entries.flatMap(({ live }) => (live === null ? [] : [publicValue(live)])));
    }
    const page = found.slice(0, Math.min(limit, found.length));
    this.remember(prefix, keys, page.length < limit ? undefined : page.at(-1)?.key);
    return page;
  }

  async *watch(prefix: string, signal: AbortSignal): AsyncGenerator<KvChange> {
    this.checkOpen();
    const { connection, watch, manager, time } = this.options;
    await time.keepMeasured();
    const filter = this.subjectPrefix + prefixFilter(prefix);
    const reader = new StreamReader({ connection, watch, manager, stream: this.stream, filter });
    const until = AbortSignal.any([signal, this.closing.signal]);
    const options = { reader, prefix, subjectPrefix: this.subjectPrefix, time, signal: until };
    yield* new KvStoreWatch(options).changesUntilAborted();
  }

  async close(): Promise<void> {
    this.closing.abort();
  }

  private get stream(): string {
    return this.options.names.kvStream;
  }

  private get subjectPrefix(): string {
    return `$KV.${this.options.names.kvBucket}.`;
  }

  /** The live value and the revision that a conditional write must name, which is also that of an expired or deleted value. */
  private async lookUp(encoded: string): Promise<{ readonly live: StoredValue | null; readonly revision: number }> {
    const { time } = this.options;
    try {
      const entry = await this.ask((kv) => kv.get(encoded));
      if (entry === null) return { live: null, revision: 0 };
      const { revision } = entry;
      if (entry.operation !== 'PUT') {
        this.forgetMarker(encoded, entry);
        return { live: null, revision };
      }
      const stored = storedValue(decodeKey(encoded), revision, entry.created.getTime(), entry.string());
      if (stored.expires_at === null) return { live: stored, revision };
      await time.keepMeasured();
      if (!isExpired(stored, time.now())) return { live: stored, revision };
      return { live: null, revision: await this.removeExpired(encoded, revision) };
    } catch (error) {
      throw natsError(`reading key '${decodeKey(encoded)}'`, error);
    }
  }

  /** Purges an old delete marker: once all watchers have seen it, it only makes the bucket grow. */
  private forgetMarker(encoded: string, { created, revision }: BucketEntry): void {
    const { manager, time } = this.options;
    if (time.now() - created.getTime() < markerMs) return;
    // Must not purge later writes. Best effort: the next read tries again.
    const filter = this.subjectPrefix + encoded;
    manager.streams.purge(this.stream, { filter, seq: revision + 1 }).catch(() => undefined);
  }

  /** Returns the revision afterwards, or the same one if another process was faster. */
  private async removeExpired(encoded: string, revision: number): Promise<number> {
    try {
      await this.ask((kv) => kv.delete(encoded, { previousSeq: revision }));
      return (await this.ask((kv) => kv.get(encoded)))?.revision ?? revision;
    } catch (error) {
      if (isWrongLastSequence(apiErrorCode(error))) return revision;
      throw error;
    }
  }

  /** Fetches the keys of a paged listing only once: with 100,000 keys, every page would take half a second. */
  private async keysAfter(prefix: string, after: string | undefined): Promise<Omit<Listing, 'until' | 'last'>> {
    const listing = this.listings.get(prefix);
    if (listing !== undefined && listing.last === after && performance.now() < listing.until) return listing;
    const keys = await this.keys(prefix);
    return { keys: after === undefined ? keys : keys.filter((key) => compareKeys(key, after) > 0), from: 0 };
  }

  private remember(prefix: string, keys: readonly string[], last: string | undefined): void {
    this.listings.delete(prefix);
    if (last === undefined) return;
    this.listings.set(prefix, { keys, last, from: keys.indexOf(last) + 1, until: performance.now() + listingTtlMs });
    const [oldest] = this.listings.keys();
    if (this.listings.size > maxListings && oldest !== undefined) this.listings.delete(oldest);
  }

  private async keys(prefix: string): Promise<string[]> {
    const filter = this.subjectPrefix + prefixFilter(prefix);
    try {
      const { watch, manager } = this.options;
      const { state } = await watch.ask(() => manager.streams.info(this.stream, { subjects_filter: filter }));
      return Object.keys(state.subjects ?? {})
        .map((subject) => decodeKey(subject.slice(this.subjectPrefix.length)))
        .filter((key) => key.startsWith(prefix))
        .sort(compareKeys);
    } catch (error) {
      throw natsError('listing keys', error);
    }
  }

  private ask<T>(request: (kv: KV) => Promise<T>): Promise<T> {
    const { watch, kv } = this.options;
    return watch.ask(() => request(kv));
  }

  private checkOpen(): void {
    if (this.closing.signal.aborted) throw closedError('key-value store');
  }
}

function conflict(key: string, ifRevision: number): LlmteamError {
  const expected = ifRevision === 0 ? 'absent' : `at revision ${ifRevision}`;
  return new LlmteamError('REVISION_CONFLICT', `key '${key}' is not ${expected} as expected`);
}

function asConflict(key: string, ifRevision: number | undefined, error: unknown): LlmteamError {
  if (isWrongLastSequence(apiErrorCode(error))) return conflict(key, ifRevision ?? 0);
  return natsError(`writing key '${key}'`, error);
}

/**
 * Purpose: small values in a key-value bucket.
 * Owns: that values expire by the server's clock. Buckets of older servers know no time to live per key, so a value says itself when it
 * ends; whoever meets one that has ended takes it out.
 */
import { setMaxListeners } from 'node:events';
import { type Json, LlmteamError, type Registry, type RegistryChange, type RegistryValue } from '@llmteam/contracts';
import type { JetStreamManager } from '@nats-io/jetstream';
import type { KV, KvEntry } from '@nats-io/kv';
import type { NatsConnection } from '@nats-io/transport-node';
import { closed_error } from './closed.js';
import type { ConnectionWatch } from './connection-watch.js';
import type { Names } from './names.js';
import { api_error_code, is_wrong_last_sequence, nats_error } from './nats-error.js';
import { is_expired, public_value, type StoredValue, stored_value, value_text } from './registry-entry.js';
import { compare_keys, decode_key, encode_key, prefix_filter } from './registry-key.js';
import { RegistryWatch } from './registry-watch.js';
import type { ServerTime } from './server-time.js';
import { StreamReader } from './stream-reader.js';

export interface NatsRegistryOptions {
  readonly connection: NatsConnection;
  readonly watch: ConnectionWatch;
  readonly manager: JetStreamManager;
  readonly names: Names;
  readonly kv: KV;
  readonly time: ServerTime;
}

const gets_at_a_time = 256;
/** Listings in pages that go on at a time; of another one the keys are asked for anew. */
const most_listings = 64;
/** Who asks for the next page later than this sees what was added meanwhile. */
const next_page_ms = 5_000;

/** A listing behind the page that was given last. */
interface Listing {
  readonly keys: readonly string[];
  readonly from: number;
  readonly last: string;
  readonly until: number;
}
/** How long a deletion is remembered: longer than any watcher that is not lost for good is away. */
const marker_ms = 60 * 60_000;

export class NatsRegistry implements Registry {
  readonly supports = { durable: true };
  private readonly closing = new AbortController();
  private readonly listings = new Map<string, Listing>();

  constructor(private readonly options: NatsRegistryOptions) {
    // Every watcher listens.
    setMaxListeners(0, this.closing.signal);
  }

  async get(key: string): Promise<RegistryValue | null> {
    this.check_open();
    const { live } = await this.look(encode_key(key));
    return live === null ? null : public_value(live);
  }

  async put(key: string, value: Json, options: { if_revision?: number; ttl_ms?: number } = {}): Promise<number> {
    this.check_open();
    const { if_revision, ttl_ms } = options;
    const text = value_text(value, ttl_ms);
    const encoded = encode_key(key);
    try {
      if (if_revision === undefined) return await this.ask((kv) => kv.put(encoded, text));
      const { live, revision } = await this.look(encoded);
      if ((live?.revision ?? 0) !== if_revision) throw conflict(key, if_revision);
      return await this.ask((kv) => kv.put(encoded, text, { previousSeq: revision }));
    } catch (error) {
      throw as_conflict(key, if_revision, error);
    }
  }

  async delete(key: string, options: { if_revision?: number } = {}): Promise<void> {
    this.check_open();
    const { if_revision } = options;
    const encoded = encode_key(key);
    try {
      const { live, revision } = await this.look(encoded);
      if (if_revision !== undefined && live?.revision !== if_revision) throw conflict(key, if_revision);
      if (live === null) return;
      const guard = if_revision === undefined ? {} : { previousSeq: revision };
      await this.ask((kv) => kv.delete(encoded, guard));
    } catch (error) {
      throw as_conflict(key, if_revision, error);
    }
  }

  async list(prefix: string, options: { after?: string; limit?: number } = {}): Promise<readonly RegistryValue[]> {
    this.check_open();
    const { after, limit = Number.POSITIVE_INFINITY } = options;
    const { keys, from } = await this.keys_after(prefix, after);
    const found: RegistryValue[] = [];
    for (let at = from; at < keys.length && found.length < limit; at += gets_at_a_time) {
      const part = keys.slice(at, at + gets_at_a_time);
      const looked = await Promise.all(part.map((key) => this.look(encode_key(key))));
      found.push(...looked.flatMap(({ live }) => (live === null ? [] : [public_value(live)])));
    }
    const page = found.slice(0, Math.min(limit, found.length));
    this.remember(prefix, keys, page.length < limit ? undefined : page.at(-1)?.key);
    return page;
  }

  async *watch(prefix: string, signal: AbortSignal): AsyncGenerator<RegistryChange> {
    this.check_open();
    const { connection, watch, manager, time } = this.options;
    await time.keep_measured();
    const filter = this.subject_prefix + prefix_filter(prefix);
    const reader = new StreamReader({ connection, watch, manager, stream: this.stream, filter });
    const until = AbortSignal.any([signal, this.closing.signal]);
    const options = { reader, prefix, subject_prefix: this.subject_prefix, time, signal: until };
    yield* new RegistryWatch(options).changes_until_aborted();
  }

  async close(): Promise<void> {
    this.closing.abort();
  }

  private get stream(): string {
    return this.options.names.registry_stream;
  }

  private get subject_prefix(): string {
    return `$KV.${this.options.names.registry_bucket}.`;
  }

  /** What is there, and the revision that a write must name: that of a value that ended or was deleted counts too. */
  private async look(encoded: string): Promise<{ readonly live: StoredValue | null; readonly revision: number }> {
    const { time } = this.options;
    try {
      const entry = await this.ask((kv) => kv.get(encoded));
      if (entry === null) return { live: null, revision: 0 };
      const { revision } = entry;
      if (entry.operation !== 'PUT') {
        this.forget_marker(encoded, entry);
        return { live: null, revision };
      }
      const stored = stored_value(decode_key(encoded), revision, entry.created.getTime(), entry.string());
      if (stored.expires_at === null) return { live: stored, revision };
      await time.keep_measured();
      if (!is_expired(stored, time.now())) return { live: stored, revision };
      return { live: null, revision: await this.take_out(encoded, revision) };
    } catch (error) {
      throw nats_error(`reading '${decode_key(encoded)}' of the registry`, error);
    }
  }

  /** Deleting leaves a marker, for those who watch; one that all of them have seen only makes the bucket grow. */
  private forget_marker(encoded: string, { created, revision }: KvEntry): void {
    const { manager, time } = this.options;
    if (time.now() - created.getTime() < marker_ms) return;
    // Not what may have been written since. If it does not work, whoever looks next tries again.
    const filter = this.subject_prefix + encoded;
    manager.streams.purge(this.stream, { filter, seq: revision + 1 }).catch(() => undefined);
  }

  /** Answers the revision after it; the same one if somebody else was faster. */
  private async take_out(encoded: string, revision: number): Promise<number> {
    try {
      await this.ask((kv) => kv.delete(encoded, { previousSeq: revision }));
      return (await this.ask((kv) => kv.get(encoded)))?.revision ?? revision;
    } catch (error) {
      if (is_wrong_last_sequence(api_error_code(error))) return revision;
      throw error;
    }
  }

  /** The keys of a listing in pages are asked for once: with 100,000 of them each page would take half a second. */
  private async keys_after(prefix: string, after: string | undefined): Promise<Omit<Listing, 'until' | 'last'>> {
    const listing = this.listings.get(prefix);
    if (listing !== undefined && listing.last === after && performance.now() < listing.until) return listing;
    const keys = await this.keys(prefix);
    return { keys: after === undefined ? keys : keys.filter((key) => compare_keys(key, after) > 0), from: 0 };
  }

  private remember(prefix: string, keys: readonly string[], last: string | undefined): void {
    this.listings.delete(prefix);
    if (last === undefined) return;
    this.listings.set(prefix, { keys, last, from: keys.indexOf(last) + 1, until: performance.now() + next_page_ms });
    const [oldest] = this.listings.keys();
    if (this.listings.size > most_listings && oldest !== undefined) this.listings.delete(oldest);
  }

  private async keys(prefix: string): Promise<string[]> {
    const filter = this.subject_prefix + prefix_filter(prefix);
    try {
      const { watch, manager } = this.options;
      const { state } = await watch.ask(() => manager.streams.info(this.stream, { subjects_filter: filter }));
      return Object.keys(state.subjects ?? {})
        .map((subject) => decode_key(subject.slice(this.subject_prefix.length)))
        .filter((key) => key.startsWith(prefix))
        .sort(compare_keys);
    } catch (error) {
      throw nats_error('listing the registry', error);
    }
  }

  private ask<T>(question: (kv: KV) => Promise<T>): Promise<T> {
    const { watch, kv } = this.options;
    return watch.ask(() => question(kv));
  }

  private check_open(): void {
    if (this.closing.signal.aborted) throw closed_error('registry');
  }
}

function conflict(key: string, if_revision: number): LlmteamError {
  const expected = if_revision === 0 ? 'to be absent' : `at revision ${if_revision}`;
  return new LlmteamError('REVISION_CONFLICT', `'${key}' is not as expected, ${expected}`);
}

function as_conflict(key: string, if_revision: number | undefined, error: unknown): LlmteamError {
  if (is_wrong_last_sequence(api_error_code(error))) return conflict(key, if_revision ?? 0);
  return nats_error(`writing '${key}' of the registry`, error);
}

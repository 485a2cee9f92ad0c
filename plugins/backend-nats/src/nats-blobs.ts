/**
 * Purpose: large values in an object store, by content.
 * Owns: that the same bytes are put once, and what to make of an object that was replaced while it was read.
 */
import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Blobs, LlmteamError } from '@llmteam/contracts';
import type { ObjectStore } from '@nats-io/obj';
import { closed_error } from './closed.js';
import { nats_error } from './nats-error.js';

const hash_pattern = /^sha256:[0-9a-f]{64}$/;
const attempts = 5;
const pause_ms = 50;

export class NatsBlobs implements Blobs {
  readonly supports = { durable: true };
  private readonly putting = new Map<string, Promise<string>>();
  private is_closed = false;

  constructor(private readonly store: ObjectStore) {}

  async put(bytes: Uint8Array): Promise<string> {
    this.check_open();
    const kept = Uint8Array.from(bytes);
    const hash = hash_of(kept);
    const known = this.putting.get(hash) ?? this.put_once(hash, kept).finally(() => this.putting.delete(hash));
    this.putting.set(hash, known);
    return known;
  }

  async get(hash: string): Promise<Uint8Array> {
    this.check_open();
    if (!hash_pattern.test(hash)) throw missing(hash);
    for (let attempt = 1; ; attempt++) {
      const bytes = await this.try_get(hash);
      if (bytes === null) throw missing(hash);
      if (hash_of(bytes) === hash) return bytes;
      // Somebody may have been replacing the object by itself; what is damaged stays so.
      if (attempt === attempts) throw new LlmteamError('STORE_CORRUPT', `blob ${hash} is damaged`);
      await sleep(pause_ms);
    }
  }

  async has(hash: string): Promise<boolean> {
    this.check_open();
    return hash_pattern.test(hash) && (await this.exists(hash));
  }

  async close(): Promise<void> {
    this.is_closed = true;
    await Promise.allSettled(this.putting.values());
  }

  private async put_once(hash: string, bytes: Uint8Array): Promise<string> {
    try {
      if (await this.exists(hash)) return hash;
      await this.store.putBlob({ name: hash }, bytes, { previousRevision: 0 });
      return hash;
    } catch (error) {
      if (await this.exists(hash).catch(() => false)) return hash;
      throw nats_error(`keeping blob ${hash}`, error);
    }
  }

  private async exists(hash: string): Promise<boolean> {
    const info = await this.store.info(hash);
    return info !== null && !info.deleted;
  }

  /** An empty result stands for one that could not be read whole. */
  private async try_get(hash: string): Promise<Uint8Array | null> {
    try {
      if (!(await this.exists(hash))) return null;
      const bytes = await this.store.getBlob(hash);
      return bytes === null ? null : new Uint8Array(bytes);
    } catch (error) {
      if (error instanceof Error && /digest|chunk|size/i.test(error.message)) return new Uint8Array(0);
      throw nats_error(`reading blob ${hash}`, error);
    }
  }

  private check_open(): void {
    if (this.is_closed) throw closed_error('blob store');
  }
}

function hash_of(bytes: Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

function missing(hash: string): LlmteamError {
  return new LlmteamError('BLOB_MISSING', `there is no blob ${hash}`);
}

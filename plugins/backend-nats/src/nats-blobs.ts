/**
 * Purpose: content-addressed blobs in an object store.
 * Owns: storing the same bytes only once; reading the chunks of an object, because the client's own reader hangs forever when
 * the server restarts; handling an object that is replaced while it is read.
 */
import { createHash } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Blobs, closedError, isLlmteamError, LlmteamError } from '@llmteam/contracts';
import type { JetStreamManager } from '@nats-io/jetstream';
import type { ObjectInfo, ObjectStore } from '@nats-io/obj';
import type { NatsConnection } from '@nats-io/transport-node';
import type { ConnectionWatch } from './connection-watch.js';
import type { Names } from './names.js';
import { apiErrorCode, isWrongLastSequence, natsError } from './nats-error.js';
import { StreamReader } from './stream-reader.js';

export interface NatsBlobsOptions {
  readonly connection: NatsConnection;
  readonly watch: ConnectionWatch;
  readonly manager: JetStreamManager;
  readonly names: Names;
  readonly store: ObjectStore;
}

const hashPattern = /^sha256:[0-9a-f]{64}$/;
const attempts = 5;
const pauseMs = 50;
const readingPatienceMs = 5_000;

export class NatsBlobs implements Blobs {
  readonly supports = { durable: true };
  private readonly putting = new Map<string, Promise<string>>();
  private readonly closing = new AbortController();

  constructor(private readonly options: NatsBlobsOptions) {
    // One listener per reader.
    setMaxListeners(0, this.closing.signal);
  }

  async put(bytes: Uint8Array): Promise<string> {
    this.checkOpen();
    const kept = Uint8Array.from(bytes);
    const hash = hashOf(kept);
    const known = this.putting.get(hash) ?? this.putOnce(hash, kept).finally(() => this.putting.delete(hash));
    this.putting.set(hash, known);
    return known;
  }

  async get(hash: string): Promise<Uint8Array> {
    this.checkOpen();
    if (!hashPattern.test(hash)) throw missing(hash);
    for (let attempt = 1; ; attempt++) {
      const bytes = await this.getPatiently(hash);
      if (bytes === null) throw missing(hash);
      if (hashOf(bytes) === hash) return bytes;
      // A concurrent put may have replaced the object during the read; a damaged one stays damaged.
      if (attempt === attempts) throw new LlmteamError('STORE_CORRUPT', `blob ${hash} is damaged`);
      await sleep(pauseMs);
    }
  }

  async has(hash: string): Promise<boolean> {
    this.checkOpen();
    if (!hashPattern.test(hash)) return false;
    try {
      return (await this.info(hash)) !== null;
    } catch (error) {
      throw natsError(`looking for blob ${hash}`, error);
    }
  }

  async remove(hash: string): Promise<void> {
    this.checkOpen();
    if (!hashPattern.test(hash)) return;
    try {
      if ((await this.info(hash)) !== null) await this.options.watch.ask(() => this.options.store.delete(hash));
    } catch (error) {
      throw natsError(`removing blob ${hash}`, error);
    }
  }

  async close(): Promise<void> {
    this.closing.abort();
    await Promise.allSettled(this.putting.values());
  }

  private async putOnce(hash: string, bytes: Uint8Array): Promise<string> {
    const { watch, store } = this.options;
    try {
      const known = await this.info(hash);
      if (known !== null) return hash;
      await watch.ask(() => store.putBlob({ name: hash }, bytes, { previousRevision: 0 }));
      return hash;
    } catch (error) {
      if (isWrongLastSequence(apiErrorCode(error))) return this.putAgain(hash, bytes);
      throw natsError(`storing blob ${hash}`, error);
    }
  }

  /** Another process was faster, or the same value was stored and removed before. */
  private async putAgain(hash: string, bytes: Uint8Array): Promise<string> {
    const { watch, store } = this.options;
    try {
      if ((await this.info(hash)) === null) await watch.ask(() => store.putBlob({ name: hash }, bytes));
      return hash;
    } catch (error) {
      throw natsError(`keeping blob ${hash}`, error);
    }
  }

  /** Null if there is none. */
  private async info(hash: string): Promise<ObjectInfo | null> {
    const { watch, store } = this.options;
    const info = await watch.ask(() => store.info(hash));
    return info === null || info.deleted ? null : info;
  }

  /** Waits for a lost connection to come back: the caller holds a reference and cannot proceed without the value. */
  private async getPatiently(hash: string): Promise<Uint8Array | null> {
    const until = performance.now() + readingPatienceMs;
    for (;;) {
      try {
        return await this.tryGet(hash);
      } catch (error) {
        this.checkOpen();
        const isOver = this.options.connection.isClosed() || performance.now() > until;
        if (isOver || !isLlmteamError(error) || !error.recoverable) throw error;
        await this.options.watch.pause(pauseMs);
      }
    }
  }

  private async tryGet(hash: string): Promise<Uint8Array | null> {
    try {
      const info = await this.info(hash);
      return info === null ? null : await this.readParts(info);
    } catch (error) {
      throw natsError(`reading blob ${hash}`, error);
    }
  }

  /** Reads whatever is there, which may be more or fewer bytes than expected; the caller checks the hash. */
  private async readParts({ nuid, size }: ObjectInfo): Promise<Uint8Array> {
    const { connection, watch, manager, names } = this.options;
    const filter = `$O.${names.blobsBucket}.C.${nuid}`;
    const stream = names.blobsStream;
    const source = { connection, watch, manager, stream, filter, patienceMs: readingPatienceMs };
    const parts: Uint8Array[] = [];
    let missing = size;
    for await (const { messages, isEnd } of new StreamReader(source).read(1, this.closing.signal)) {
      for (const { msg } of messages) {
        parts.push(msg.data);
        missing -= msg.data.length;
      }
      if (missing <= 0 || isEnd) break;
    }
    this.checkOpen();
    return Uint8Array.from(Buffer.concat(parts));
  }

  private checkOpen(): void {
    if (this.closing.signal.aborted) throw closedError('blob store');
  }
}

function hashOf(bytes: Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

function missing(hash: string): LlmteamError {
  return new LlmteamError('BLOB_MISSING', `there is no blob ${hash}`);
}

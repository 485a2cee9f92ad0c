import { createHash } from 'node:crypto';
import { type Blobs, closedError, LlmteamError } from '@llmteam/contracts';

export function blobHash(bytes: Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

export class MemoryBlobs implements Blobs {
  readonly supports = { durable: false };
  readonly #bytes = new Map<string, Uint8Array>();
  #closed = false;

  async put(bytes: Uint8Array): Promise<string> {
    this.#checkOpen();
    const hash = blobHash(bytes);
    if (!this.#bytes.has(hash)) this.#bytes.set(hash, Uint8Array.from(bytes));
    return hash;
  }

  async get(hash: string): Promise<Uint8Array> {
    this.#checkOpen();
    const bytes = this.#bytes.get(hash);
    if (bytes === undefined) throw new LlmteamError('BLOB_MISSING', `There is no blob ${hash}`);
    return Uint8Array.from(bytes);
  }

  async has(hash: string): Promise<boolean> {
    this.#checkOpen();
    return this.#bytes.has(hash);
  }

  async remove(hash: string): Promise<void> {
    this.#checkOpen();
    this.#bytes.delete(hash);
  }

  async close(): Promise<void> {
    this.#closed = true;
  }

  #checkOpen(): void {
    if (this.#closed) throw closedError('blob store');
  }
}

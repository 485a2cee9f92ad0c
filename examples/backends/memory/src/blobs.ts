import { type Blobs, closedError, LlmteamError } from '@llmteam/contracts';
import type { Space } from './space.js';

export class MemoryBlobs implements Blobs {
  readonly supports = { durable: false };
  private isClosed = false;

  constructor(private readonly space: Space) {}

  async put(bytes: Uint8Array): Promise<string> {
    this.checkOpen();
    // A copy first: the caller may go on to change its own.
    const copy = Uint8Array.from(bytes);
    const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', copy));
    const hash = `sha256:${[...digest].map((byte) => byte.toString(16).padStart(2, '0')).join('')}`;
    this.space.blobs.set(hash, copy);
    return hash;
  }

  async get(hash: string): Promise<Uint8Array> {
    this.checkOpen();
    const bytes = this.space.blobs.get(hash);
    if (bytes === undefined) throw new LlmteamError('BLOB_MISSING', `there is no blob '${hash}'`);
    return Uint8Array.from(bytes);
  }

  async has(hash: string): Promise<boolean> {
    this.checkOpen();
    return this.space.blobs.has(hash);
  }

  async remove(hash: string): Promise<void> {
    this.checkOpen();
    this.space.blobs.delete(hash);
  }

  async close(): Promise<void> {
    this.isClosed = true;
  }

  private checkOpen(): void {
    if (this.isClosed) throw closedError('blob store');
  }
}

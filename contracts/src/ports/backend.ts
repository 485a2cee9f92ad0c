import type { Blobs } from './blobs.js';
import type { JobQueue } from './job-queue.js';
import type { Journal } from './journal.js';
import type { KvStore } from './kv-store.js';
import type { PubSub } from './pub-sub.js';
import type { RunIndex } from './run-index.js';

/** The ports of one backend, opened together and closed together. */
export interface Backend {
  readonly journal: Journal;
  readonly queue: JobQueue;
  readonly pubSub: PubSub;
  readonly kv: KvStore;
  readonly blobs: Blobs;
  readonly index: RunIndex;
  close(): Promise<void>;
}

import type { Blobs } from './blobs.js';
import type { JobQueue } from './job-queue.js';
import type { Journal } from './journal.js';
import type { KvStore } from './kv-store.js';
import type { PubSub } from './pub-sub.js';
import type { Retention } from './retention.js';
import type { RunIndex } from './run-index.js';

/** The ports of one backend, opened together and closed together. `close` is idempotent. */
export interface Backend {
  readonly journal: Journal;
  readonly queue: JobQueue;
  readonly pubSub: PubSub;
  readonly kv: KvStore;
  readonly blobs: Blobs;
  readonly index: RunIndex;
  /** Absent if this backend removes no runs by age or number; a configured limit is refused then. */
  readonly retention?: Retention;
  /** Whether calls reach the server at the moment; always true without one. It answers at once, and decides whether a service is ready. */
  isConnected(): boolean;
  close(): Promise<void>;
}

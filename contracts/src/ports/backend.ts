import type { Blobs } from './blobs.js';
import type { JobQueue } from './job-queue.js';
import type { Journal } from './journal.js';
import type { Registry } from './registry.js';
import type { RunIndex } from './run-index.js';
import type { Signals } from './signals.js';

/** The ports of one backend, opened together and closed together. */
export interface Backend {
  readonly journal: Journal;
  readonly queue: JobQueue;
  readonly signals: Signals;
  readonly registry: Registry;
  readonly blobs: Blobs;
  readonly index: RunIndex;
  close(): Promise<void>;
}

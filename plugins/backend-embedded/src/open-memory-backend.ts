import { type Backend, type Clock, LlmteamError } from '@llmteam/contracts';
import { MemoryBlobs } from './memory-blobs.js';
import { MemoryJournal } from './memory-journal.js';
import { MemoryKvStore } from './memory-kv-store.js';
import { MemoryPubSub } from './memory-pub-sub.js';
import { MemoryQueue } from './memory-queue.js';
import { MemoryRunIndex } from './memory-run-index.js';

export interface MemoryBackendOptions {
  readonly clock: Clock;
  /** Number of journal partitions, 1 to 1,024. Default 1. */
  readonly partitions?: number;
  /** How long a job's lease lasts without an ack or `extend`. Default 30,000. */
  readonly leaseMs?: number;
  /** Called with errors thrown by job handlers and subscribers. Default: emits a process warning. */
  readonly onError?: (error: unknown) => void;
}

const maxPartitions = 1_024;

/** The in-memory backend, a reference implementation of every port. Throws `CONFIG_INVALID` if an option is out of range. */
export async function openMemoryBackend(options: MemoryBackendOptions): Promise<Backend> {
  const { partitions = 1 } = options;
  if (!Number.isInteger(partitions) || partitions < 1 || partitions > maxPartitions) {
    throw new LlmteamError('CONFIG_INVALID', `partitions is ${partitions}, expected 1 to ${maxPartitions}`);
  }
  const journal = new MemoryJournal(partitions);
  const { queue, pubSub } = openVolatilePorts(options);
  const kv = new MemoryKvStore(options.clock);
  const blobs = new MemoryBlobs();
  const index = new MemoryRunIndex();
  return {
    journal,
    queue,
    pubSub,
    kv,
    blobs,
    index,
    isConnected: () => true,
    async close() {
      for (const port of [queue, pubSub, index, journal, kv, blobs]) await port.close();
    },
  };
}

/** The ports that need no disk: jobs can be derived from the journal, and published messages may be lost. */
export function openVolatilePorts(options: Pick<MemoryBackendOptions, 'clock' | 'leaseMs' | 'onError'>): {
  readonly queue: MemoryQueue;
  readonly pubSub: MemoryPubSub;
} {
  const { clock, leaseMs = 30_000, onError = warn } = options;
  if (!(leaseMs > 0)) throw new LlmteamError('CONFIG_INVALID', `lease_ms is ${leaseMs}, expected more than 0`);
  return { queue: new MemoryQueue(clock, leaseMs, onError), pubSub: new MemoryPubSub(onError) };
}

function warn(error: unknown): void {
  process.emitWarning(error instanceof Error ? (error.stack ?? error.message) : String(error), 'LlmteamWarning');
}

/**
 * Purpose: the ports of a partition as long as it is held.
 * Owns: asking before every write. A process that was stopped for a minute wakes in the middle of whatever it did; by then the partition may be
 * another's, and no timer has told it so.
 */
import { type JobQueue, type Journal, type KvStore, LlmteamError, type PubSub } from '@llmteam/contracts';

export interface PartitionPorts {
  readonly journal: Journal;
  readonly queue: JobQueue;
  readonly pubSub: PubSub;
  readonly kv: KvStore;
}

export interface Fence {
  readonly partition: number;
  readonly isHeld: () => boolean;
  /** Told how many facts were appended. */
  readonly appended: (count: number) => void;
}

/** Writes reject with `CLOSED` once the partition is not held; reading stays as it is. */
export function fencedPorts({ journal, queue, pubSub, kv }: PartitionPorts, fence: Fence): PartitionPorts {
  const held = <T>(write: () => Promise<T>): Promise<T> => (fence.isHeld() ? write() : Promise.reject(lost(fence)));
  return {
    journal: {
      supports: journal.supports,
      partitions: journal.partitions,
      partitionOf: (run) => journal.partitionOf(run),
      append: (run, entries) =>
        held(async () => {
          const positions = await journal.append(run, entries);
          fence.appended(entries.length);
          return positions;
        }),
      read: (run, after) => journal.read(run, after),
      follow: (...given) => journal.follow(...given),
      end: (partition) => journal.end(partition),
      close: () => journal.close(),
    },
    queue: {
      supports: queue.supports,
      publish: (jobs) => held(() => queue.publish(jobs)),
      consume: (name, options, handle) => queue.consume(name, options, handle),
      withdraw: (jobIds) => held(() => queue.withdraw(jobIds)),
      close: () => queue.close(),
    },
    pubSub: {
      publish: (subject, message) => {
        if (fence.isHeld()) pubSub.publish(subject, message);
      },
      subscribe: (subject, receive) => pubSub.subscribe(subject, receive),
      close: () => pubSub.close(),
    },
    kv: {
      supports: kv.supports,
      get: (key) => kv.get(key),
      put: (key, value, options) => held(() => kv.put(key, value, options)),
      delete: (key, options) => held(() => kv.delete(key, options)),
      list: (prefix, options) => kv.list(prefix, options),
      watch: (prefix, signal) => kv.watch(prefix, signal),
      close: () => kv.close(),
    },
  };
}

function lost({ partition }: Fence): LlmteamError {
  return new LlmteamError('CLOSED', `partition ${partition} is not held by this process any more`);
}

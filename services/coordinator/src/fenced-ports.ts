/**
 * Purpose: fences the ports of a partition: they write only while its lease is held.
 * Owns: checking the lease before every write. A process that was suspended for a minute resumes in the middle of its work, when
 * the partition may belong to another and no timer has fired yet.
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
  /** Called with the number of facts appended. */
  readonly appended: (count: number) => void;
}

/** Writes reject with `CLOSED` once the partition is not held; reads are not affected. */
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
      follow: (...args) => journal.follow(...args),
      end: (partition) => journal.end(partition),
      remove: (run, before) => held(() => journal.remove(run, before)),
      close: () => journal.close(),
    },
    queue: {
      supports: queue.supports,
      leaseMs: queue.leaseMs,
      publish: (jobs) => held(() => queue.publish(jobs)),
      consume: (name, options, handle) => queue.consume(name, options, handle),
      withdraw: (jobIds) => held(() => queue.withdraw(jobIds)),
      depth: (queues) => queue.depth(queues),
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
  return new LlmteamError('CLOSED', `partition ${partition} is no longer held by this process`);
}

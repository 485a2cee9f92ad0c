import type { Journal } from '@llmteam/contracts';

/** Remembers whose histories are read. */
export function counting_journal(inner: Journal): { readonly journal: Journal; readonly read: string[] } {
  const read: string[] = [];
  const journal: Journal = {
    supports: inner.supports,
    partitions: inner.partitions,
    partition_of: (run) => inner.partition_of(run),
    append: (run, entries) => inner.append(run, entries),
    read: (run, after) => {
      read.push(run.run_id);
      return inner.read(run, after);
    },
    follow: (partition, from, signal) => inner.follow(partition, from, signal),
    end: (partition) => inner.end(partition),
    close: () => inner.close(),
  };
  return { journal, read };
}

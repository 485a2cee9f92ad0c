/**
 * Purpose: copies the human tasks that coordinators publish in the key-value store (`run-loop/task-feed.ts`) into the run index.
 * Owns: a separate position in the index that merely counts changes; the store delivers the latest state of a key last.
 */
import type { HumanTask, KvStore, RunIndex } from '@llmteam/contracts';
import { taskOfFeed, tasksPrefix } from '../run-loop/task-feed.js';
import { BatchedChanges } from './batched-changes.js';
import type { GoneRuns } from './removed-runs.js';

export interface TaskRowsDeps {
  readonly kv: Pick<KvStore, 'list' | 'watch'>;
  readonly index: Pick<RunIndex, 'apply' | 'position'>;
  /** Runs whose tasks are not listed any more. */
  readonly gone: readonly Pick<GoneRuns, 'has'>[];
}

/** Not one of the journal's partitions. */
const partition = -1;
const pageSize = 1_000;
const maxPending = 1_000;

/**
 * Follows tasks until the signal aborts; calls `caughtUp` once every task that existed at the start is in the index.
 * @throws LlmteamError of the key-value store or the index
 */
export async function followTaskRows(
  { kv, index, gone }: TaskRowsDeps,
  signal: AbortSignal,
  caughtUp: () => void,
): Promise<void> {
  // If the index refuses a change, following ends with the error, and the retry lists everything again.
  const refused = new AbortController();
  const tasks = new BatchedChanges<HumanTask>(
    (changed) => apply(changed, { index, gone }),
    () => refused.abort(),
  );
  for (let after: string | undefined; ; ) {
    const found = await kv.list(tasksPrefix, after === undefined ? { limit: pageSize } : { limit: pageSize, after });
    for (const { key, value } of found) tasks.note(key, taskOfFeed(value));
    await tasks.applied();
    after = found.at(-1)?.key;
    if (found.length < pageSize || signal.aborted) break;
  }
  caughtUp();
  // The watch first repeats the existing entries, including those that changed during the listing.
  for await (const { key, value } of kv.watch(tasksPrefix, AbortSignal.any([signal, refused.signal]))) {
    if (value !== null) tasks.note(key, taskOfFeed(value.value));
    if (tasks.pending >= maxPending) await tasks.applied();
  }
  await tasks.applied();
}

async function apply(tasks: readonly HumanTask[], { index, gone }: Omit<TaskRowsDeps, 'kv'>): Promise<void> {
  const position = (await index.position(partition)) + 1;
  const listed = tasks.filter((task) => !gone.some((one) => one.has(task)));
  await index.apply([{ partition, position, runs: [], tasks: listed }]);
}

/**
 * Purpose: copies the human tasks that coordinators publish in the key-value store (`run-loop/task-feed.ts`) into the run index.
 * Owns: a separate position in the index that merely counts changes; the store delivers the latest state of a key last.
 */
import type { HumanTask, KvEntry, KvStore, RunIndex } from '@llmteam/contracts';
import { taskOfFeed, tasksPrefix } from '../run-loop/task-feed.js';
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
  const tasks = new TaskRows(index, gone, () => refused.abort());
  for (let after: string | undefined; ; ) {
    const found = await kv.list(tasksPrefix, after === undefined ? { limit: pageSize } : { limit: pageSize, after });
    for (const value of found) tasks.note(value);
    await tasks.applied();
    after = found.at(-1)?.key;
    if (found.length < pageSize || signal.aborted) break;
  }
  caughtUp();
  // The watch first repeats the existing entries, including those that changed during the listing.
  for await (const { value } of kv.watch(tasksPrefix, AbortSignal.any([signal, refused.signal]))) {
    if (value !== null) tasks.note(value);
    if (tasks.pending >= maxPending) await tasks.applied();
  }
  await tasks.applied();
}

/** Batches the changes that arrive while the previous batch is being written. */
class TaskRows {
  private noted = new Map<string, HumanTask>();
  private applying: Promise<void> | null = null;
  private failure: unknown = null;

  constructor(
    private readonly index: TaskRowsDeps['index'],
    private readonly gone: TaskRowsDeps['gone'],
    private readonly onFailure: () => void,
  ) {}

  get pending(): number {
    return this.noted.size;
  }

  note({ key, value }: KvEntry): void {
    this.noted.set(key, taskOfFeed(value));
    this.applying ??= this.applyAll();
  }

  /** Resolves once all changes are applied. @throws what the index threw since the last call */
  async applied(): Promise<void> {
    await this.applying;
    const { failure } = this;
    this.failure = null;
    if (failure !== null) throw failure;
  }

  /** Never rejects. */
  private async applyAll(): Promise<void> {
    try {
      while (this.noted.size > 0) {
        const position = (await this.index.position(partition)) + 1;
        const tasks = [...this.noted.values()].filter((task) => !this.gone.some((gone) => gone.has(task)));
        this.noted.clear();
        await this.index.apply([{ partition, position, runs: [], tasks }]);
      }
    } catch (error) {
      this.failure = error;
      this.noted.clear();
      this.onFailure();
    } finally {
      this.applying = null;
    }
  }
}

/**
 * Purpose: the human tasks that coordinators keep in the registry (`run-loop/task-feed.ts`), brought into the lists.
 * Owns: a position of its own in the index, which only counts changes: of one key the registry gives the latest state last.
 */
import type { HumanTask, KvEntry, KvStore, RunIndex } from '@llmteam/contracts';
import { taskOfFeed, tasksPrefix } from '../run-loop/task-feed.js';

export interface TaskRowsDeps {
  readonly kv: Pick<KvStore, 'list' | 'watch'>;
  readonly index: Pick<RunIndex, 'apply' | 'position'>;
}

/** Beside those of the journal. */
const partition = -1;
const page = 1_000;
const mostWaiting = 1_000;

/** Tells when every task there was at its start is in the lists, and ends when the signal aborts. @throws LlmteamError of the registry or the index */
export async function followTaskRows(
  { kv: registry, index }: TaskRowsDeps,
  signal: AbortSignal,
  caughtUp: () => void,
): Promise<void> {
  // What the index refuses is not passed over: all is listed again.
  const refused = new AbortController();
  const tasks = new TaskRows(index, () => refused.abort());
  for (let after: string | undefined; ; ) {
    const found = await registry.list(tasksPrefix, after === undefined ? { limit: page } : { limit: page, after });
    for (const value of found) tasks.note(value);
    await tasks.applied();
    after = found.at(-1)?.key;
    if (found.length < page || signal.aborted) break;
  }
  caughtUp();
  // What was there comes again, and so does what changed while it was listed.
  for await (const { value } of registry.watch(tasksPrefix, AbortSignal.any([signal, refused.signal]))) {
    if (value !== null) tasks.note(value);
    if (tasks.waiting >= mostWaiting) await tasks.applied();
  }
  await tasks.applied();
}

/** Changes that come while others are written go together. */
class TaskRows {
  private noted = new Map<string, HumanTask>();
  private applying: Promise<void> | null = null;
  private failure: unknown = null;

  constructor(
    private readonly index: TaskRowsDeps['index'],
    private readonly onFailure: () => void,
  ) {}

  get waiting(): number {
    return this.noted.size;
  }

  note({ key, value }: KvEntry): void {
    this.noted.set(key, taskOfFeed(value));
    this.applying ??= this.applyAll();
  }

  /** @throws what the index threw since the last time */
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
        const tasks = [...this.noted.values()];
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

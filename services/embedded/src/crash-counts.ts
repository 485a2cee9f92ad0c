/**
 * Purpose: how many crashes of this store's owners count against a job: `crashed/<job id>` in the key-value store.
 * Owns: who is counted: the culprit if it is known, else every attempt that ran. Does not own: how many are too many (WorkLoop).
 */
import type { KvStore, Logger } from '@llmteam/contracts';
import { boundedKey, ReleasedJobs } from '@llmteam/kernel';
import { type CrashNote, type NotedAttempt, readNote } from './crash-note.js';

const prefix = 'crashed/';
/** Counted from the last crash. */
const keptForMs = 30 * 24 * 3_600_000;
const pageSize = 500;

interface Count {
  readonly job_id: string;
  readonly times: number;
  /** The note that was counted last. */
  readonly note: string;
}

export class CrashCounts {
  /** Deliveries that came before this process, by job. */
  private readonly earlier = new Map<string, number>();

  private constructor(
    private readonly kv: KvStore,
    private readonly log: Logger,
    private readonly isLeftOpen: boolean,
  ) {}

  /** Counts what the last owner left behind. @throws LlmteamError of the key-value store */
  static async open(folder: string, kv: KvStore, log: Logger): Promise<CrashCounts> {
    const note = readNote(folder);
    const counts = new CrashCounts(kv, log, note !== 'none');
    if (typeof note === 'object') await counts.count(note);
    await counts.load();
    return counts;
  }

  /** Whether the last owner of the store crashed, or an earlier one did in a step that is still to be run. */
  get afterCrash(): boolean {
    return this.isLeftOpen || this.size > 0;
  }

  get size(): number {
    return this.earlier.size;
  }

  /** How often the job was delivered before this process. */
  of(jobId: string): number {
    return this.earlier.get(jobId) ?? 0;
  }

  /** The job is reported. */
  async forget(jobId: string): Promise<void> {
    if (!this.earlier.delete(jobId)) return;
    await this.kv
      .delete(keyOf(jobId))
      .catch((err: unknown) => this.log.debug({ err, job_id: jobId }, 'the crashes of a job are forgotten later'));
  }

  private async count({ id, running, culprit, at }: CrashNote): Promise<void> {
    const blamed = culprit === null ? running : [culprit];
    for (const attempt of blamed) await this.countOne(attempt, id);
    if (blamed.length === 0) return;
    const about = { at, running: running.length, counted: blamed.slice(0, 20) };
    this.log.warn(about, 'the last process that used this store crashed: a lost delivery of the steps it was running');
  }

  private async countOne({ job_id }: NotedAttempt, note: string): Promise<void> {
    const known = await this.kv.get(keyOf(job_id));
    const { times = 0, note: last }: Partial<Count> = (known?.value ?? {}) as Partial<Count>;
    if (last === note) return;
    await this.kv.put(keyOf(job_id), { job_id, times: times + 1, note }, { ttlMs: keptForMs });
  }

  /** Deliveries that were handed back in order count for the queue, and are taken off again by the worker. */
  private async load(): Promise<void> {
    const released = new ReleasedJobs(this.kv);
    for (let after: string | undefined; ; ) {
      const page = await this.kv.list(prefix, { limit: pageSize, ...(after !== undefined && { after }) });
      for (const { value } of page) {
        const { job_id, times } = value as unknown as Count;
        this.earlier.set(job_id, times + (await released.times(job_id)));
      }
      after = page.at(-1)?.key;
      if (page.length < pageSize) return;
    }
  }
}

function keyOf(jobId: string): string {
  return boundedKey(prefix, jobId);
}

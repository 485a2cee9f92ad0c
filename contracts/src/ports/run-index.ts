import type { HumanTask } from '../human-task.js';
import type { RunStatus } from '../run.js';
import type { RunMetadata } from '../run-metadata.js';
import type { RunWaits, WaitMatch } from '../run-waits.js';
import type { Position, RunKey } from './journal.js';

/** A run as lists show it. */
export interface RunRow {
  readonly tenant_id: string;
  readonly run_id: string;
  readonly segment_id: string;
  readonly status: RunStatus;
  readonly correlation_id: string | null;
  readonly metadata: RunMetadata;
  readonly parent_run_id: string | null;
  /** Epoch milliseconds. */
  readonly started_at: number;
  readonly ended_at: number | null;
  /** Present if the data of the run was removed. */
  readonly redacted?: true;
  /** What it waits for, as noted with `noteWaits`; present only in rows that are read, of live runs, if something is noted. */
  readonly waits?: readonly string[];
}

export interface RunQuery {
  readonly tenant_id: string;
  readonly segment_id?: string;
  /** One status, or any of several. */
  readonly status?: RunStatus | readonly RunStatus[];
  readonly correlation_id?: string;
  /** Only children of this run. */
  readonly parent_run_id?: string;
  /** Only runs with all of these entries. */
  readonly metadata?: RunMetadata;
  /** Only live runs that match one of these. */
  readonly waits?: readonly WaitMatch[];
  /** Only runs whose id begins with this text. */
  readonly run_id_prefix?: string;
  /** Only runs started at this time or later; epoch milliseconds. */
  readonly since?: number;
  /** Only runs started before this time; epoch milliseconds. */
  readonly until?: number;
  readonly cursor?: string;
  /** 1 … 1,000; default 50. */
  readonly limit?: number;
}

export interface TaskQuery {
  readonly tenant_id: string;
  readonly run_id?: string;
  readonly segment_id?: string;
  /** Only tasks of this person: claimed by them, or else assigned to them. */
  readonly assignee?: string;
  /** One status, or any of several. */
  readonly status?: HumanTask['status'] | readonly HumanTask['status'][];
  readonly cursor?: string;
  readonly limit?: number;
}

export interface Page<T> {
  readonly rows: readonly T[];
  /** The cursor of the next page; null on the last page. */
  readonly cursor: string | null;
}

/** The most runs of a tenant that a `run_id_prefix` may match. */
export const runsPerIdPrefix = 1_000;

/** Changed rows, with the journal position that caused the change. */
export interface IndexChange {
  readonly partition: number;
  readonly position: Position;
  readonly runs: readonly RunRow[];
  readonly tasks: readonly HumanTask[];
}

/**
 * Lists of runs and human tasks: a disposable projection of the journal. Laws:
 *
 * - I1 `apply` is idempotent: a change whose position is not above the last one applied in its partition is a no-op.
 * - I2 Lists are newest first, ties by id; pages never repeat or miss a row that existed when the first page was read.
 * - I3 Everything is looked up by tenant.
 * - I4 `position` returns the last applied position of a partition, 0 initially.
 * - I6 `live` returns the runs of all tenants that have not ended, ordered by tenant and id, at most `limit` after
 *   `after`. It is for the operator, not for tenants.
 * - I7 `clear` atomically deletes everything, including positions, so that changes apply again from the first position.
 * - I8 `remove` deletes runs and their tasks from every list; a later change may add them again.
 * - I9 Applying the row of a run that is redacted deletes its tasks.
 * - I10 A list by `run_id_prefix` rejects with `LIMIT_EXCEEDED` if more than `runsPerIdPrefix` runs begin with it: the
 *   order of lists is by time, so the rows of a prefix have to be sorted.
 * - I11 `noteWaits` replaces what is known of what runs wait for, independently of positions: before the row of the run or after it.
 *   Of a run that has ended nothing is shown or found. \`remove\` and \`clear\` forget it too; \`apply\` leaves it.
 * - I5 Values read are copies. After `close` every method rejects with `CLOSED`; `close` is idempotent.
 */
export interface RunIndex {
  readonly supports: { readonly durable: boolean };
  apply(changes: readonly IndexChange[]): Promise<void>;
  noteWaits(notes: readonly RunWaits[]): Promise<void>;
  remove(runs: readonly RunKey[]): Promise<void>;
  clear(): Promise<void>;
  position(partition: number): Promise<Position>;
  runs(query: RunQuery): Promise<Page<RunRow>>;
  run(tenantId: string, runId: string): Promise<RunRow | null>;
  live(after: RunKey | null, limit: number): Promise<readonly RunRow[]>;
  tasks(query: TaskQuery): Promise<Page<HumanTask>>;
  task(tenantId: string, taskId: string): Promise<HumanTask | null>;
  close(): Promise<void>;
}

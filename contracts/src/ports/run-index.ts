import type { HumanTask } from '../human-task.js';
import type { RunStatus } from '../run.js';
import type { Position, RunKey } from './journal.js';

/** A run in lists. */
export interface RunRow {
  readonly tenant_id: string;
  readonly run_id: string;
  readonly segment_id: string;
  readonly status: RunStatus;
  readonly correlation_id: string | null;
  readonly parent_run_id: string | null;
  /** Epoch milliseconds. */
  readonly started_at: number;
  readonly ended_at: number | null;
}

export interface RunQuery {
  readonly tenant_id: string;
  readonly segment_id?: string;
  readonly status?: RunStatus;
  readonly correlation_id?: string;
  /** Epoch milliseconds; only runs started then or later. */
  readonly since?: number;
  readonly cursor?: string;
  /** 1 … 1,000; default 50. */
  readonly limit?: number;
}

export interface TaskQuery {
  readonly tenant_id: string;
  readonly run_id?: string;
  readonly status?: HumanTask['status'];
  readonly cursor?: string;
  readonly limit?: number;
}

export interface Page<T> {
  readonly rows: readonly T[];
  /** Where the next page begins; null: this was the last. */
  readonly cursor: string | null;
}

/** What changed in the lists, with the journal position that caused it. */
export interface IndexChange {
  readonly partition: number;
  readonly position: Position;
  readonly runs: readonly RunRow[];
  readonly tasks: readonly HumanTask[];
}

/**
 * Lists of runs and human tasks: a projection of the journal that can be thrown away. Laws:
 *
 * - I1 `apply` is idempotent; a change with a position not above the last applied one of its partition changes nothing.
 * - I2 Lists are newest first, ties by id; pages never repeat or miss a row that was there when the first page was read.
 * - I3 Everything is found by tenant only.
 * - I4 `position` answers the last applied position of a partition, 0 at first.
 * - I6 `live` gives the runs of all tenants that have not ended, by tenant and id, at most `limit` after `after`: for who runs the
 *   service, not for tenants.
 * - I7 `clear` throws everything away, positions too: what is applied after it counts from the first position on. It happens whole or,
 *   if the process dies, not at all.
 * - I8 `remove` takes the rows of runs and their tasks out of every list; a later change may bring them back.
 * - I5 What is read are copies. After `close` every method rejects with `CLOSED`; `close` may be called again.
 */
export interface RunIndex {
  readonly supports: { readonly durable: boolean };
  apply(changes: readonly IndexChange[]): Promise<void>;
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

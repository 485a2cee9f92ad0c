/*
 * Purpose: the durable lists of runs and human tasks.
 * Owns: its tables. Does not own: transactions (group-commit.ts).
 * Invariants:
 *  L1 Pending changes hold only the latest row of each run and task, however often it was applied.
 *  L2 A change is compared with all positions applied before it, committed or pending; clearing resets them.
 */
import {
  closedError,
  type HumanTask,
  type IndexChange,
  type LlmteamError,
  type Page,
  type Position,
  type RunIndex,
  type RunKey,
  type RunQuery,
  type RunRow,
  runStatuses,
  type TaskQuery,
} from '@llmteam/contracts';
import type { GroupCommit, Writer } from './group-commit.js';
import { pageLimit, pageOf, placeOf } from './page-cursor.js';
import { RowQuery } from './row-query.js';
import type { Database, SqlRow, SqlValue, Statement } from './sqlite-driver.js';

/** Changes written in one transaction. */
class ChangeGroup {
  /** All existing rows are deleted first. */
  isClearing = false;
  readonly runs = new Map<string, readonly SqlValue[]>();
  readonly tasks = new Map<string, readonly SqlValue[]>();
  readonly positions = new Map<number, Position>();
  /** Deleted before the rows above are written. */
  readonly removed = new Map<string, RunKey>();
  /** Their tasks are deleted too. */
  readonly redacted = new Map<string, RunKey>();
  readonly settle: { readonly resolve: () => void; readonly reject: (error: LlmteamError) => void }[] = [];
}

/** The part of the group commit that the index uses. */
type Commits = Pick<GroupCommit, 'add' | 'schedule' | 'flush'>;

const taskStatuses: readonly HumanTask['status'][] = ['open', 'claimed', 'closed'];
const runColumns = 'tenant_id, run_id, segment_id, status, correlation_id, parent_run_id, started_at, ended_at';
const selectedColumns = `${runColumns}, EXISTS (
  SELECT 1 FROM redacted_run r WHERE r.tenant_id = run_row.tenant_id AND r.run_id = run_row.run_id) AS redacted`;
/** Estimated WAL growth per row: one page in its table and in each index. */
const logBytesPerRow = 16_384;
/** Estimated WAL growth of emptying the tables: their pages become free without being written. */
const logBytesOfClearing = 1024 * 1024;

export class SqliteRunIndex implements RunIndex, Writer {
  readonly supports = { durable: true };
  readonly #commits: Commits;
  readonly #positions: Map<number, Position>;
  readonly #putRuns: Statement;
  readonly #putTasks: Statement;
  readonly #putPosition: Statement;
  readonly #removeRuns: Statement;
  readonly #removeTasks: Statement;
  readonly #putRedacted: Statement;
  readonly #removeRedacted: Statement;
  readonly #emptyTables: readonly Statement[];
  readonly #findRun: Statement;
  readonly #findTask: Statement;
  readonly #liveRuns: Statement;
  readonly #listRuns: RowQuery;
  readonly #listTasks: RowQuery;
  #waiting = new ChangeGroup();
  #group = new ChangeGroup();
  #closed = false;

  constructor(database: Database, commits: Commits) {
    this.#commits = commits;
    const positions = database.prepare('SELECT partition, position FROM index_position').all();
    this.#positions = new Map(positions.map(([partition, position]) => [Number(partition), Number(position)]));
    this.#putRuns = database.prepare(
      `INSERT INTO run_row (${runColumns})
       SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6, value ->> 7
       FROM json_each(?) WHERE true
       ON CONFLICT DO UPDATE SET segment_id = excluded.segment_id, status = excluded.status,
         correlation_id = excluded.correlation_id, parent_run_id = excluded.parent_run_id,
         started_at = excluded.started_at, ended_at = excluded.ended_at`,
    );
    this.#putTasks = database.prepare(
      `INSERT INTO task_row (tenant_id, task_id, run_id, status, created_at, body)
       SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5
       FROM json_each(?) WHERE true
       ON CONFLICT DO UPDATE SET run_id = excluded.run_id, status = excluded.status,
         created_at = excluded.created_at, body = excluded.body`,
    );
    this.#putPosition = database.prepare('INSERT OR REPLACE INTO index_position (partition, position) VALUES (?, ?)');
    const removed = 'SELECT value ->> 0, value ->> 1 FROM json_each(?)';
    this.#removeRuns = database.prepare(`DELETE FROM run_row WHERE (tenant_id, run_id) IN (${removed})`);
    this.#removeTasks = database.prepare(`DELETE FROM task_row WHERE (tenant_id, run_id) IN (${removed})`);
    this.#putRedacted = database.prepare(`INSERT OR IGNORE INTO redacted_run (tenant_id, run_id) ${removed}`);
    this.#removeRedacted = database.prepare(`DELETE FROM redacted_run WHERE (tenant_id, run_id) IN (${removed})`);
    this.#emptyTables = ['run_row', 'task_row', 'redacted_run', 'index_position'].map((table) =>
      database.prepare(`DELETE FROM ${table}`),
    );
    this.#findRun = database.prepare(`SELECT ${selectedColumns} FROM run_row WHERE tenant_id = ? AND run_id = ?`);
    this.#liveRuns = database.prepare(
      `SELECT ${selectedColumns} FROM run_row WHERE ended_at IS NULL AND (tenant_id, run_id) > (?, ?)
       ORDER BY tenant_id, run_id LIMIT ?`,
    );
    this.#findTask = database.prepare('SELECT body FROM task_row WHERE tenant_id = ? AND task_id = ?');
    this.#listRuns = new RowQuery(database, {
      select: `SELECT ${selectedColumns} FROM run_row`,
      statuses: runStatuses,
      at: 'started_at',
      id: 'run_id',
    });
    this.#listTasks = new RowQuery(database, {
      select: 'SELECT created_at, task_id, body FROM task_row',
      statuses: taskStatuses,
      at: 'created_at',
      id: 'task_id',
    });
    commits.add(this);
  }

  async apply(changes: readonly IndexChange[]): Promise<void> {
    this.#checkOpen();
    const { runs, tasks, positions, redacted } = this.#waiting;
    for (const change of changes) {
      const applied = positions.get(change.partition) ?? this.#keptPosition(change.partition);
      if (change.position <= applied) continue;
      positions.set(change.partition, change.position);
      for (const run of change.runs) {
        runs.set(rowKey(run), runValues(run));
        if (run.redacted === true) redacted.set(rowKey(run), run);
      }
      for (const task of change.tasks) tasks.set(JSON.stringify([task.tenant_id, task.task_id]), taskValues(task));
    }
    this.#forgetTasks(redacted);
    if (positions.size > 0) await this.#written();
  }

  /** Pending tasks of these runs are not written. */
  #forgetTasks(gone: ReadonlyMap<string, RunKey>): void {
    if (gone.size === 0) return;
    const { tasks } = this.#waiting;
    for (const [key, [tenantId, , runId]] of tasks) {
      if (gone.has(rowKey({ tenant_id: String(tenantId), run_id: String(runId) }))) tasks.delete(key);
    }
  }

  async remove(runs: readonly RunKey[]): Promise<void> {
    this.#checkOpen();
    if (runs.length === 0) return;
    const { removed, runs: rows, redacted } = this.#waiting;
    for (const run of runs) {
      removed.set(rowKey(run), run);
      rows.delete(rowKey(run));
      redacted.delete(rowKey(run));
    }
    this.#forgetTasks(removed);
    await this.#written();
  }

  async clear(): Promise<void> {
    this.#checkOpen();
    const { runs, tasks, positions, removed, redacted } = this.#waiting;
    for (const waiting of [runs, tasks, positions, removed, redacted]) waiting.clear();
    this.#waiting.isClearing = true;
    await this.#written();
  }

  /** Resolves once the pending changes are committed. */
  #written(): Promise<void> {
    return new Promise<void>((resolve, reject) => {
      this.#waiting.settle.push({ resolve, reject });
      this.#commits.schedule();
    });
  }

  #keptPosition(partition: number): Position {
    return this.#waiting.isClearing ? 0 : (this.#positions.get(partition) ?? 0);
  }

  async position(partition: number): Promise<Position> {
    this.#checkOpen();
    return this.#positions.get(partition) ?? 0;
  }

  async runs(query: RunQuery): Promise<Page<RunRow>> {
    this.#checkOpen();
    const limit = pageLimit(query.limit);
    const { tenant_id, segment_id, status, correlation_id, since } = query;
    const filters = { segment_id, correlation_id };
    const after = placeOf('runs', query.cursor);
    const rows = this.#listRuns.rows({ tenant_id, status, filters, since, after, limit });
    return pageOf('runs', rows.map(runOf), limit, (run) => ({ at: run.started_at, id: run.run_id }));
  }

  async run(tenantId: string, runId: string): Promise<RunRow | null> {
    this.#checkOpen();
    const row = this.#findRun.get(tenantId, runId);
    return row === undefined ? null : runOf(row);
  }

  async live(after: RunKey | null, limit: number): Promise<readonly RunRow[]> {
    this.#checkOpen();
    return this.#liveRuns.all(after?.tenant_id ?? '', after?.run_id ?? '', limit).map(runOf);
  }

  async tasks(query: TaskQuery): Promise<Page<HumanTask>> {
    this.#checkOpen();
    const limit = pageLimit(query.limit);
    const { tenant_id, run_id, status } = query;
    const after = placeOf('tasks', query.cursor);
    const rows = this.#listTasks.rows({ tenant_id, status, filters: { run_id }, since: undefined, after, limit });
    return pageOf('tasks', rows.map(taskOf), limit, (task) => ({ at: task.created_at, id: task.task_id }));
  }

  async task(tenantId: string, taskId: string): Promise<HumanTask | null> {
    this.#checkOpen();
    const row = this.#findTask.get(tenantId, taskId);
    return row === undefined ? null : taskOf(row);
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#commits.flush();
  }

  take(): boolean {
    if (this.#waiting.settle.length === 0) return false;
    this.#group = this.#waiting;
    this.#waiting = new ChangeGroup();
    return true;
  }

  write(): number {
    const { isClearing, removed, redacted, runs, tasks, positions } = this.#group;
    if (isClearing) for (const empty of this.#emptyTables) empty.run();
    if (removed.size > 0) {
      const keys = keysOf(removed);
      for (const remove of [this.#removeRuns, this.#removeTasks, this.#removeRedacted]) remove.run(keys);
    }
    if (redacted.size > 0) for (const change of [this.#removeTasks, this.#putRedacted]) change.run(keysOf(redacted));
    if (runs.size > 0) this.#putRuns.run(JSON.stringify([...runs.values()]));
    if (tasks.size > 0) this.#putTasks.run(JSON.stringify([...tasks.values()]));
    for (const [partition, position] of positions) this.#putPosition.run(partition, position);
    const rows = runs.size + tasks.size + positions.size + 2 * (removed.size + redacted.size);
    return rows * logBytesPerRow + (isClearing ? logBytesOfClearing : 0);
  }

  committed(): void {
    if (this.#group.isClearing) this.#positions.clear();
    for (const [partition, position] of this.#group.positions) this.#positions.set(partition, position);
    for (const { resolve } of this.#group.settle) resolve();
  }

  rejected(error: LlmteamError): void {
    for (const { reject } of this.#group.settle) reject(error);
  }

  #checkOpen(): void {
    if (this.#closed) throw closedError('run index');
  }
}

function rowKey({ tenant_id, run_id }: RunKey): string {
  return JSON.stringify([tenant_id, run_id]);
}

function keysOf(runs: ReadonlyMap<string, RunKey>): string {
  return JSON.stringify([...runs.values()].map(({ tenant_id, run_id }) => [tenant_id, run_id]));
}

function runValues(run: RunRow): readonly SqlValue[] {
  const { tenant_id, run_id, segment_id, status, correlation_id, parent_run_id, started_at, ended_at } = run;
  return [tenant_id, run_id, segment_id, status, correlation_id, parent_run_id, started_at, ended_at];
}

function taskValues(task: HumanTask): readonly SqlValue[] {
  return [task.tenant_id, task.task_id, task.run_id, task.status, task.created_at, JSON.stringify(task)];
}

function runOf(row: SqlRow): RunRow {
  const [tenantId, runId, segmentId, status, correlationId, parentRunId, startedAt, endedAt, redacted] = row;
  return {
    tenant_id: String(tenantId),
    run_id: String(runId),
    segment_id: String(segmentId),
    status: status as RunRow['status'],
    correlation_id: textOrNull(correlationId),
    parent_run_id: textOrNull(parentRunId),
    started_at: Number(startedAt),
    ended_at: endedAt === null ? null : Number(endedAt),
    ...(redacted === 1 && { redacted: true }),
  };
}

function textOrNull(value: SqlValue | undefined): string | null {
  return typeof value === 'string' ? value : null;
}

function taskOf(row: SqlRow): HumanTask {
  return JSON.parse(String(row.at(-1)));
}

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
  type RunMetadata,
  type RunQuery,
  type RunRow,
  type RunWaits,
  type TaskQuery,
} from '@llmteam/contracts';
import type { GroupCommit, Writer } from './group-commit.js';
import { kindOf } from './run-filter.js';
import { RunRowsQuery, runOf, selectRuns } from './run-rows-query.js';
import type { Database, Statement } from './sqlite-driver.js';
import { TaskRowsQuery, taskOf } from './task-rows-query.js';

/** A row as its JSON text has it. */
type RowValues = readonly (string | number | null | RunMetadata)[];

/** Changes written in one transaction. */
class ChangeGroup {
  /** All existing rows are deleted first. */
  isClearing = false;
  readonly runs = new Map<string, RowValues>();
  readonly tasks = new Map<string, RowValues>();
  readonly positions = new Map<number, Position>();
  /** Deleted before the rows above are written. */
  readonly removed = new Map<string, RunKey>();
  /** Their tasks are deleted too. */
  readonly redacted = new Map<string, RunKey>();
  readonly waits = new Map<string, RunWaits>();
  readonly settle: { readonly resolve: () => void; readonly reject: (error: LlmteamError) => void }[] = [];
}

/** The part of the group commit that the index uses. */
type Commits = Pick<GroupCommit, 'add' | 'schedule' | 'flush'>;

const runColumns = 'tenant_id, run_id, segment_id, status, correlation_id, parent_run_id, started_at, ended_at';
/** Estimated WAL growth per row: one page in its table and in each index. */
const logBytesPerRow = 16_384;
/** Estimated WAL growth of emptying the tables: their pages become free without being written. */
const logBytesOfClearing = 1024 * 1024;

export class SqliteRunIndex implements RunIndex, Writer {
  readonly supports = { durable: true };
  readonly #commits: Commits;
  readonly #positions: Map<number, Position>;
  readonly #putRuns: Statement;
  readonly #putMetadata: Statement;
  readonly #putTasks: Statement;
  readonly #putPosition: Statement;
  readonly #removeRuns: Statement;
  readonly #removeMetadata: Statement;
  readonly #removeTasks: Statement;
  readonly #putWaits: Statement;
  readonly #removeWaits: Statement;
  readonly #putRedacted: Statement;
  readonly #removeRedacted: Statement;
  readonly #emptyTables: readonly Statement[];
  readonly #findRun: Statement;
  readonly #findTask: Statement;
  readonly #liveRuns: Statement;
  readonly #listRuns: RunRowsQuery;
  readonly #listTasks: TaskRowsQuery;
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
    this.#putMetadata = database.prepare(
      `INSERT INTO run_metadata (tenant_id, run_id, key, value, segment_id, status, started_at)
       SELECT run.value ->> 0, run.value ->> 1, entry.key, entry.value, run.value ->> 2, run.value ->> 3, run.value ->> 6
       FROM json_each(?) AS run, json_each(run.value, '$[8]') AS entry`,
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
    this.#removeMetadata = database.prepare(`DELETE FROM run_metadata WHERE (tenant_id, run_id) IN (${removed})`);
    this.#removeTasks = database.prepare(`DELETE FROM task_row WHERE (tenant_id, run_id) IN (${removed})`);
    this.#removeWaits = database.prepare(`DELETE FROM run_wait WHERE (tenant_id, run_id) IN (${removed})`);
    this.#putWaits = database.prepare(
      `INSERT INTO run_wait (tenant_id, run_id, kind, started_at, keys)
       SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value -> 4 FROM json_each(?)`,
    );
    this.#putRedacted = database.prepare(`INSERT OR IGNORE INTO redacted_run (tenant_id, run_id) ${removed}`);
    this.#removeRedacted = database.prepare(`DELETE FROM redacted_run WHERE (tenant_id, run_id) IN (${removed})`);
    this.#emptyTables = ['run_row', 'run_metadata', 'run_wait', 'task_row', 'redacted_run', 'index_position'].map(
      (table) => database.prepare(`DELETE FROM ${table}`),
    );
    this.#findRun = database.prepare(`${selectRuns} WHERE tenant_id = ? AND run_id = ?`);
    this.#liveRuns = database.prepare(
      `${selectRuns} WHERE ended_at IS NULL AND (tenant_id, run_id) > (?, ?)
       ORDER BY tenant_id, run_id LIMIT ?`,
    );
    this.#findTask = database.prepare('SELECT body FROM task_row WHERE tenant_id = ? AND task_id = ?');
    this.#listRuns = new RunRowsQuery(database);
    this.#listTasks = new TaskRowsQuery(database);
    forgetWaitsOfEndedRuns(database);
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

  async noteWaits(notes: readonly RunWaits[]): Promise<void> {
    this.#checkOpen();
    if (notes.length === 0) return;
    for (const note of notes) this.#waiting.waits.set(rowKey(note), note);
    await this.#written();
  }

  async remove(runs: readonly RunKey[]): Promise<void> {
    this.#checkOpen();
    if (runs.length === 0) return;
    const { removed, runs: rows, redacted, waits } = this.#waiting;
    for (const run of runs) {
      waits.delete(rowKey(run));
      removed.set(rowKey(run), run);
      rows.delete(rowKey(run));
      redacted.delete(rowKey(run));
    }
    this.#forgetTasks(removed);
    await this.#written();
  }

  async clear(): Promise<void> {
    this.#checkOpen();
    const { runs, tasks, positions, removed, redacted, waits } = this.#waiting;
    for (const waiting of [runs, tasks, positions, removed, redacted, waits]) waiting.clear();
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
    return this.#listRuns.page(query);
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
    return this.#listTasks.page(query);
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
    const { isClearing, removed, redacted, runs, waits, tasks, positions } = this.#group;
    if (isClearing) for (const empty of this.#emptyTables) empty.run();
    if (removed.size > 0) {
      const keys = keysOf(removed);
      const removals = [
        ...[this.#removeRuns, this.#removeMetadata, this.#removeWaits],
        ...[this.#removeTasks, this.#removeRedacted],
      ];
      for (const remove of removals) remove.run(keys);
    }
    if (redacted.size > 0) for (const change of [this.#removeTasks, this.#putRedacted]) change.run(keysOf(redacted));
    if (runs.size > 0) this.#writeRuns(JSON.stringify([...runs.values()]));
    if (waits.size > 0) this.#writeWaits([...waits.values()]);
    if (tasks.size > 0) this.#putTasks.run(JSON.stringify([...tasks.values()]));
    for (const [partition, position] of positions) this.#putPosition.run(partition, position);
    const rows = runs.size + waits.size + tasks.size + positions.size + 2 * (removed.size + redacted.size);
    return rows * logBytesPerRow + (isClearing ? logBytesOfClearing : 0);
  }

  #writeRuns(rows: string): void {
    this.#putRuns.run(rows);
    this.#removeMetadata.run(rows);
    this.#putMetadata.run(rows);
  }

  #writeWaits(notes: readonly RunWaits[]): void {
    this.#removeWaits.run(JSON.stringify(notes.map(({ tenant_id, run_id }) => [tenant_id, run_id])));
    const values = notes.flatMap(waitValues);
    if (values.length > 0) this.#putWaits.run(JSON.stringify(values));
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

/** The members of {@link runColumns}, then the metadata. */
function runValues(run: RunRow): RowValues {
  const { tenant_id, run_id, segment_id, status, correlation_id, parent_run_id, started_at, ended_at, metadata } = run;
  return [tenant_id, run_id, segment_id, status, correlation_id, parent_run_id, started_at, ended_at, { ...metadata }];
}

function taskValues(task: HumanTask): RowValues {
  return [task.tenant_id, task.task_id, task.run_id, task.status, task.created_at, JSON.stringify(task)];
}

/** One row per kind. */
function waitValues({ tenant_id, run_id, started_at, waits }: RunWaits): readonly unknown[] {
  const kinds = new Map<string, string[]>();
  for (const key of waits) kinds.set(kindOf(key), [...(kinds.get(kindOf(key)) ?? []), key]);
  return [...kinds].map(([kind, keys]) => [tenant_id, run_id, kind, started_at, keys]);
}

/** Left by a process that was killed. */
function forgetWaitsOfEndedRuns(database: Database): void {
  database.exec(`DELETE FROM run_wait WHERE EXISTS (SELECT 1 FROM run_row
    WHERE run_row.tenant_id = run_wait.tenant_id AND run_row.run_id = run_wait.run_id AND run_row.ended_at IS NOT NULL)`);
}

/*
 * Purpose: the durable lists of runs and human tasks.
 * Owns: its tables. Does not own: transactions (group-commit.ts).
 * Invariants:
 *  L1 What waits for a transaction holds the last row of each run and task only, however often it was applied.
 *  L2 A change is judged by the positions applied before it, whether they are committed or still wait, and clearing forgets them.
 */
import {
  type HumanTask,
  type IndexChange,
  type LlmteamError,
  type Page,
  type Position,
  type RunIndex,
  type RunKey,
  type RunQuery,
  type RunRow,
  run_statuses,
  type TaskQuery,
} from '@llmteam/contracts';
import { closed_error } from './closed.js';
import type { GroupCommit, Writer } from './group-commit.js';
import { page_limit, page_of, place_of } from './page-cursor.js';
import { RowQuery } from './row-query.js';
import type { Database, SqlRow, SqlValue, Statement } from './sqlite-driver.js';

/** Changes that are written together. */
class ChangeGroup {
  /** Everything from before goes first. */
  is_clearing = false;
  readonly runs = new Map<string, readonly SqlValue[]>();
  readonly tasks = new Map<string, readonly SqlValue[]>();
  readonly positions = new Map<number, Position>();
  /** Taken out before the rows above are put in. */
  readonly removed = new Map<string, RunKey>();
  readonly settle: { readonly resolve: () => void; readonly reject: (error: LlmteamError) => void }[] = [];
}

/** What it needs of who makes the transactions. */
type Commits = Pick<GroupCommit, 'add' | 'schedule' | 'flush'>;

const task_statuses: readonly HumanTask['status'][] = ['open', 'claimed', 'closed'];
const run_columns = 'tenant_id, run_id, segment_id, status, correlation_id, parent_run_id, started_at, ended_at';
/** What a row adds to the log: a page in its table and in each index. */
const log_bytes_per_row = 16_384;
/** What emptying the tables adds to it: their pages become free without being written. */
const log_bytes_of_clearing = 1024 * 1024;

export class SqliteRunIndex implements RunIndex, Writer {
  readonly supports = { durable: true };
  readonly #commits: Commits;
  readonly #positions: Map<number, Position>;
  readonly #put_runs: Statement;
  readonly #put_tasks: Statement;
  readonly #put_position: Statement;
  readonly #remove_runs: Statement;
  readonly #remove_tasks: Statement;
  readonly #empty_tables: readonly Statement[];
  readonly #find_run: Statement;
  readonly #find_task: Statement;
  readonly #live_runs: Statement;
  readonly #list_runs: RowQuery;
  readonly #list_tasks: RowQuery;
  #waiting = new ChangeGroup();
  #group = new ChangeGroup();
  #closed = false;

  constructor(database: Database, commits: Commits) {
    this.#commits = commits;
    const positions = database.prepare('SELECT partition, position FROM index_position').all();
    this.#positions = new Map(positions.map(([partition, position]) => [Number(partition), Number(position)]));
    this.#put_runs = database.prepare(
      `INSERT INTO run_row (${run_columns})
       SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6, value ->> 7
       FROM json_each(?) WHERE true
       ON CONFLICT DO UPDATE SET segment_id = excluded.segment_id, status = excluded.status,
         correlation_id = excluded.correlation_id, parent_run_id = excluded.parent_run_id,
         started_at = excluded.started_at, ended_at = excluded.ended_at`,
    );
    this.#put_tasks = database.prepare(
      `INSERT INTO task_row (tenant_id, task_id, run_id, status, created_at, body)
       SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5
       FROM json_each(?) WHERE true
       ON CONFLICT DO UPDATE SET run_id = excluded.run_id, status = excluded.status,
         created_at = excluded.created_at, body = excluded.body`,
    );
    this.#put_position = database.prepare('INSERT OR REPLACE INTO index_position (partition, position) VALUES (?, ?)');
    const removed = 'SELECT value ->> 0, value ->> 1 FROM json_each(?)';
    this.#remove_runs = database.prepare(`DELETE FROM run_row WHERE (tenant_id, run_id) IN (${removed})`);
    this.#remove_tasks = database.prepare(`DELETE FROM task_row WHERE (tenant_id, run_id) IN (${removed})`);
    this.#empty_tables = ['run_row', 'task_row', 'index_position'].map((table) =>
      database.prepare(`DELETE FROM ${table}`),
    );
    this.#find_run = database.prepare(`SELECT ${run_columns} FROM run_row WHERE tenant_id = ? AND run_id = ?`);
    this.#live_runs = database.prepare(
      `SELECT ${run_columns} FROM run_row WHERE ended_at IS NULL AND (tenant_id, run_id) > (?, ?)
       ORDER BY tenant_id, run_id LIMIT ?`,
    );
    this.#find_task = database.prepare('SELECT body FROM task_row WHERE tenant_id = ? AND task_id = ?');
    this.#list_runs = new RowQuery(database, {
      select: `SELECT ${run_columns} FROM run_row`,
      statuses: run_statuses,
      at: 'started_at',
      id: 'run_id',
    });
    this.#list_tasks = new RowQuery(database, {
      select: 'SELECT created_at, task_id, body FROM task_row',
      statuses: task_statuses,
      at: 'created_at',
      id: 'task_id',
    });
    commits.add(this);
  }

  async apply(changes: readonly IndexChange[]): Promise<void> {
    this.#check_open();
    const { runs, tasks, positions } = this.#waiting;
    for (const change of changes) {
      const applied = positions.get(change.partition) ?? this.#kept_position(change.partition);
      if (change.position <= applied) continue;
      positions.set(change.partition, change.position);
      for (const run of change.runs) runs.set(mark(run), run_values(run));
      for (const task of change.tasks) tasks.set(JSON.stringify([task.tenant_id, task.task_id]), task_values(task));
    }
    if (positions.size > 0) await this.#written();
  }

  async remove(runs: readonly RunKey[]): Promise<void> {
    this.#check_open();
    if (runs.length === 0) return;
    const { removed, runs: rows, tasks } = this.#waiting;
    for (const run of runs) {
      removed.set(mark(run), run);
      rows.delete(mark(run));
    }
    for (const [key, [tenant_id, , run_id]] of tasks) {
      if (removed.has(mark({ tenant_id: String(tenant_id), run_id: String(run_id) }))) tasks.delete(key);
    }
    await this.#written();
  }

  async clear(): Promise<void> {
    this.#check_open();
    const { runs, tasks, positions, removed } = this.#waiting;
    for (const waiting of [runs, tasks, positions, removed]) waiting.clear();
    this.#waiting.is_clearing = true;
    await this.#written();
  }

  /** Resolves once what waits is committed. */
  #written(): Promise<void> {
    return new Promise<void>((resolve, reject) => {
      this.#waiting.settle.push({ resolve, reject });
      this.#commits.schedule();
    });
  }

  #kept_position(partition: number): Position {
    return this.#waiting.is_clearing ? 0 : (this.#positions.get(partition) ?? 0);
  }

  async position(partition: number): Promise<Position> {
    this.#check_open();
    return this.#positions.get(partition) ?? 0;
  }

  async runs(query: RunQuery): Promise<Page<RunRow>> {
    this.#check_open();
    const limit = page_limit(query.limit);
    const { tenant_id, segment_id, status, correlation_id, since } = query;
    const filters = { segment_id, correlation_id };
    const after = place_of('runs', query.cursor);
    const rows = this.#list_runs.rows({ tenant_id, status, filters, since, after, limit });
    return page_of('runs', rows.map(run_of), limit, (run) => ({ at: run.started_at, id: run.run_id }));
  }

  async run(tenant_id: string, run_id: string): Promise<RunRow | null> {
    this.#check_open();
    const row = this.#find_run.get(tenant_id, run_id);
    return row === undefined ? null : run_of(row);
  }

  async live(after: RunKey | null, limit: number): Promise<readonly RunRow[]> {
    this.#check_open();
    return this.#live_runs.all(after?.tenant_id ?? '', after?.run_id ?? '', limit).map(run_of);
  }

  async tasks(query: TaskQuery): Promise<Page<HumanTask>> {
    this.#check_open();
    const limit = page_limit(query.limit);
    const { tenant_id, run_id, status } = query;
    const after = place_of('tasks', query.cursor);
    const rows = this.#list_tasks.rows({ tenant_id, status, filters: { run_id }, since: undefined, after, limit });
    return page_of('tasks', rows.map(task_of), limit, (task) => ({ at: task.created_at, id: task.task_id }));
  }

  async task(tenant_id: string, task_id: string): Promise<HumanTask | null> {
    this.#check_open();
    const row = this.#find_task.get(tenant_id, task_id);
    return row === undefined ? null : task_of(row);
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
    const { is_clearing, removed, runs, tasks, positions } = this.#group;
    if (is_clearing) for (const empty of this.#empty_tables) empty.run();
    if (removed.size > 0) {
      const keys = JSON.stringify([...removed.values()].map(({ tenant_id, run_id }) => [tenant_id, run_id]));
      this.#remove_runs.run(keys);
      this.#remove_tasks.run(keys);
    }
    if (runs.size > 0) this.#put_runs.run(JSON.stringify([...runs.values()]));
    if (tasks.size > 0) this.#put_tasks.run(JSON.stringify([...tasks.values()]));
    for (const [partition, position] of positions) this.#put_position.run(partition, position);
    const rows = runs.size + tasks.size + positions.size + 2 * removed.size;
    return rows * log_bytes_per_row + (is_clearing ? log_bytes_of_clearing : 0);
  }

  committed(): void {
    if (this.#group.is_clearing) this.#positions.clear();
    for (const [partition, position] of this.#group.positions) this.#positions.set(partition, position);
    for (const { resolve } of this.#group.settle) resolve();
  }

  rejected(error: LlmteamError): void {
    for (const { reject } of this.#group.settle) reject(error);
  }

  #check_open(): void {
    if (this.#closed) throw closed_error('run index');
  }
}

function mark({ tenant_id, run_id }: RunKey): string {
  return JSON.stringify([tenant_id, run_id]);
}

function run_values(run: RunRow): readonly SqlValue[] {
  const { tenant_id, run_id, segment_id, status, correlation_id, parent_run_id, started_at, ended_at } = run;
  return [tenant_id, run_id, segment_id, status, correlation_id, parent_run_id, started_at, ended_at];
}

function task_values(task: HumanTask): readonly SqlValue[] {
  return [task.tenant_id, task.task_id, task.run_id, task.status, task.created_at, JSON.stringify(task)];
}

function run_of(row: SqlRow): RunRow {
  const [tenant_id, run_id, segment_id, status, correlation_id, parent_run_id, started_at, ended_at] = row;
  return {
    tenant_id: String(tenant_id),
    run_id: String(run_id),
    segment_id: String(segment_id),
    status: status as RunRow['status'],
    correlation_id: text_or_null(correlation_id),
    parent_run_id: text_or_null(parent_run_id),
    started_at: Number(started_at),
    ended_at: ended_at === null ? null : Number(ended_at),
  };
}

function text_or_null(value: SqlValue | undefined): string | null {
  return typeof value === 'string' ? value : null;
}

function task_of(row: SqlRow): HumanTask {
  return JSON.parse(String(row.at(-1)));
}

/*
 * Purpose: lists human tasks, with any filters.
 * Owns: by which index the rows of a query are found. Does not own: the indexes (sqlite-file.ts), merging by status (row-query.ts).
 * Invariants:
 *  T1 The tasks of a run are few; without a run, every combination of filters has an index.
 */
import type { HumanTask, Page, TaskQuery } from '@llmteam/contracts';
import { pageLimit, pageOf, placeOf } from './page-cursor.js';
import { RowQuery } from './row-query.js';
import { statusesOf } from './run-filter.js';
import { equal } from './run-rows-query.js';
import type { Database, SqlRow } from './sqlite-driver.js';
import { taskHolder, taskSegment } from './sqlite-file.js';

const taskStatuses: readonly HumanTask['status'][] = ['open', 'claimed', 'closed'];

export class TaskRowsQuery {
  readonly #tasks: RowQuery;

  constructor(database: Database) {
    const select = 'SELECT created_at, task_id, body FROM task_row';
    this.#tasks = new RowQuery(database, { select, table: 'task_row', at: 'created_at', id: 'task_id' });
  }

  /** @throws LlmteamError `USAGE` */
  page(query: TaskQuery): Page<HumanTask> {
    const limit = pageLimit(query.limit);
    const after = placeOf('tasks', query.cursor);
    const { tenant_id, run_id, segment_id, assignee, status = taskStatuses } = query;
    const named = { [taskHolder]: assignee, [taskSegment]: segment_id };
    const ofRun = { 'task_row.run_id': run_id, [`+${taskHolder}`]: assignee, [`+${taskSegment}`]: segment_id };
    const conditions = equal(run_id === undefined ? named : ofRun);
    const statuses = statusesOf(status);
    const rows = this.#tasks.rows({
      ...{ tenant_id, statuses, conditions, after, limit },
      since: undefined,
      until: undefined,
    });
    return pageOf('tasks', rows.map(taskOf), limit, (task) => ({ at: task.created_at, id: task.task_id }));
  }
}

export function taskOf(row: SqlRow): HumanTask {
  return JSON.parse(String(row.at(-1)));
}

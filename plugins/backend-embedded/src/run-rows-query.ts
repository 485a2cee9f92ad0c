/*
 * Purpose: lists runs, with any filters.
 * Owns: by which index the rows of a query are found. Does not own: the indexes (sqlite-file.ts), merging by status (row-query.ts).
 * Invariants:
 *  S1 A filter that selects few runs finds the rows; the others are checked on what it finds. Such a filter, in this order, is the id prefix
 *     (bounded by `runsPerIdPrefix`), the parent run (by `caps.child_runs_per_run`), the correlation id, one entry of the metadata.
 */
import { type Page, type RunQuery, type RunRow, runStatuses, runsPerIdPrefix } from '@llmteam/contracts';
import { pageLimit, pageOf, placeOf } from './page-cursor.js';
import { type Condition, RowQuery } from './row-query.js';
import { checkPrefix, hasAll, pageOfRows, statusesOf } from './run-filter.js';
import type { Database, SqlRow, SqlValue, Statement } from './sqlite-driver.js';

const columns = ['segment_id', 'status', 'correlation_id', 'parent_run_id', 'started_at', 'ended_at'];
const metadata = `(SELECT json_group_object(key, value) FROM run_metadata AS entry
  WHERE entry.tenant_id = run_row.tenant_id AND entry.run_id = run_row.run_id)`;
const redacted = `EXISTS (SELECT 1 FROM redacted_run AS entry
  WHERE entry.tenant_id = run_row.tenant_id AND entry.run_id = run_row.run_id)`;
/** What {@link runOf} reads. */
export const selectRuns = `SELECT tenant_id, run_id, ${columns.join(', ')}, ${metadata}, ${redacted} FROM run_row`;

/** The outer loop reads the index of the metadata, in its order; each run is then looked up. */
const selectByMetadata = `SELECT found.tenant_id, found.run_id AS run_id, run_row.segment_id, run_row.status,
  run_row.correlation_id, run_row.parent_run_id, found.started_at AS started_at, run_row.ended_at, ${metadata}, ${redacted}
  FROM run_metadata AS found CROSS JOIN run_row
  ON run_row.tenant_id = found.tenant_id AND run_row.run_id = found.run_id`;

const place = (run: RunRow) => ({ at: run.started_at, id: run.run_id });
/** Run ids consist of characters below this one. */
const afterEveryId = '\u007f';

export class RunRowsQuery {
  readonly #runs: RowQuery;
  readonly #byMetadata: RowQuery;
  readonly #byPrefix: Statement;

  constructor(database: Database) {
    const order = { at: 'started_at', id: 'run_id' };
    this.#runs = new RowQuery(database, { select: selectRuns, table: 'run_row', ...order });
    this.#byMetadata = new RowQuery(database, { select: selectByMetadata, table: 'found', ...order });
    this.#byPrefix = database.prepare(`${selectRuns} WHERE tenant_id = ? AND run_id >= ? AND run_id < ? LIMIT ?`);
  }

  /** @throws LlmteamError `USAGE`, `LIMIT_EXCEEDED` */
  page(query: RunQuery): Page<RunRow> {
    const limit = pageLimit(query.limit);
    const after = placeOf('runs', query.cursor);
    if (query.run_id_prefix !== undefined) return this.#pageByPrefix(query, query.run_id_prefix);
    const { tenant_id, since, until, status = runStatuses } = query;
    const { source, conditions } = this.#foundBy(query);
    const statuses = statusesOf(status);
    const rows = source.rows({ tenant_id, statuses, conditions, since, until, after, limit });
    return pageOf('runs', rows.map(runOf), limit, place);
  }

  #pageByPrefix(query: RunQuery, prefix: string): Page<RunRow> {
    const found = this.#byPrefix.all(query.tenant_id, prefix, prefix + afterEveryId, runsPerIdPrefix + 1);
    checkPrefix(prefix, found.length);
    const rows = found.map(runOf).filter((run) => hasAll(query, run));
    return pageOfRows('runs', rows, query, place);
  }

  #foundBy(query: RunQuery): { readonly source: RowQuery; readonly conditions: readonly Condition[] } {
    const { segment_id, correlation_id, parent_run_id } = query;
    const entries = Object.entries(query.metadata ?? {});
    if (parent_run_id !== undefined) {
      const rest = { '+run_row.segment_id': segment_id, '+run_row.correlation_id': correlation_id };
      const conditions = [...equal({ 'run_row.parent_run_id': parent_run_id, ...rest }), ...entries.map(hasEntry)];
      return { source: this.#runs, conditions };
    }
    const [first, ...others] = entries;
    if (correlation_id !== undefined || first === undefined) {
      const named = equal({ 'run_row.segment_id': segment_id, 'run_row.correlation_id': correlation_id });
      return { source: this.#runs, conditions: [...named, ...entries.map(hasEntry)] };
    }
    const [key, value] = first;
    const named = equal({ 'found.key': key, 'found.value': value, 'found.segment_id': segment_id });
    return { source: this.#byMetadata, conditions: [...named, ...others.map(hasEntry)] };
  }
}

/** Columns with a plus are not looked up in an index. */
export function equal(wanted: Readonly<Record<string, string | undefined>>): readonly Condition[] {
  return Object.entries(wanted).flatMap(([column, value]) =>
    value === undefined ? [] : [{ sql: `${column} = ?`, values: [value] }],
  );
}

function hasEntry([key, value]: readonly [string, string]): Condition {
  const sql = `EXISTS (SELECT 1 FROM run_metadata AS other
    WHERE other.tenant_id = run_row.tenant_id AND other.run_id = run_row.run_id AND other.key = ? AND other.value = ?)`;
  return { sql, values: [key, value] };
}

export function runOf(row: SqlRow): RunRow {
  const [tenantId, runId, segmentId, status, correlationId, parentRunId, startedAt, endedAt, entries, isRedacted] = row;
  return {
    tenant_id: String(tenantId),
    run_id: String(runId),
    segment_id: String(segmentId),
    status: status as RunRow['status'],
    correlation_id: textOrNull(correlationId),
    metadata: JSON.parse(String(entries)),
    parent_run_id: textOrNull(parentRunId),
    started_at: Number(startedAt),
    ended_at: endedAt === null ? null : Number(endedAt),
    ...(isRedacted === 1 && { redacted: true }),
  };
}

function textOrNull(value: SqlValue | undefined): string | null {
  return typeof value === 'string' ? value : null;
}

/*
 * Purpose: lists runs, with any filters.
 * Owns: by which index the rows of a query are found. Does not own: the indexes (sqlite-file.ts), merging by status (row-query.ts).
 * Invariants:
 *  S1 A filter that selects few runs finds the rows; the others are checked on what it finds. Such a filter, in this order, is the id prefix
 *     (bounded by `runsPerIdPrefix`), the parent run (by `caps.child_runs_per_run`), the correlation id, one entry of the metadata, what
 *     the run waits for.
 */
import {
  type Page,
  type RunQuery,
  type RunRow,
  runStatuses,
  runsPerIdPrefix,
  type WaitMatch,
} from '@llmteam/contracts';
import { pageLimit, pageOf, placeOf } from './page-cursor.js';
import { type Condition, type RowList, RowQuery } from './row-query.js';
import { checkPrefix, hasAll, pageOfRows, statusesOf } from './run-filter.js';
import type { Database, SqlRow, SqlValue, Statement } from './sqlite-driver.js';
import { isOfKind, waitsForAny } from './wait-conditions.js';

const columns = ['segment_id', 'status', 'correlation_id', 'parent_run_id', 'started_at', 'ended_at'];
const metadata = `(SELECT json_group_object(key, value) FROM run_metadata AS entry
  WHERE entry.tenant_id = run_row.tenant_id AND entry.run_id = run_row.run_id)`;
const redacted = `EXISTS (SELECT 1 FROM redacted_run AS entry
  WHERE entry.tenant_id = run_row.tenant_id AND entry.run_id = run_row.run_id)`;
/** What {@link runOf} reads. */
const waits = `CASE WHEN run_row.ended_at IS NULL THEN (SELECT json_group_array(json(wait.keys)) FROM run_wait AS wait
  WHERE wait.tenant_id = run_row.tenant_id AND wait.run_id = run_row.run_id) END`;
const looked = `${metadata}, ${redacted}, ${waits}`;
export const selectRuns = `SELECT tenant_id, run_id, ${columns.join(', ')}, ${looked} FROM run_row`;

/** The outer loop reads an index of the table, in its order; each run is then looked up. */
const selectBy = (table: string) => `SELECT found.tenant_id, found.run_id AS run_id, run_row.segment_id, run_row.status,
  run_row.correlation_id, run_row.parent_run_id, found.started_at AS started_at, run_row.ended_at, ${looked}
  FROM ${table} AS found CROSS JOIN run_row
  ON run_row.tenant_id = found.tenant_id AND run_row.run_id = found.run_id`;
const selectByMetadata = selectBy('run_metadata');
const selectByWait = selectBy('run_wait');

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
    if (query.waits !== undefined && isFoundByWaits(query)) return this.#pageByWaits(query, query.waits);
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

  /** A run that waits for several of them is in several lists. */
  #pageByWaits(query: RunQuery, waits: readonly WaitMatch[]): Page<RunRow> {
    const limit = pageLimit(query.limit);
    const { tenant_id, segment_id, since, until, status = runStatuses } = query;
    const span = { since, until, after: placeOf('runs', query.cursor) };
    const common = [
      ...equal({ '+run_row.segment_id': segment_id }),
      { sql: '+run_row.ended_at IS NULL', values: [] },
      { sql: '+run_row.status IN (SELECT value FROM json_each(?))', values: [JSON.stringify(statusesOf(status))] },
    ];
    const list = (table: string, select: string, conditions: readonly Condition[]): RowList => {
      const ofTenant = { sql: `${table}.tenant_id = ?`, values: [tenant_id] };
      return { select, conditions: [ofTenant, ...conditions, ...this.#runs.bounds(span, table), ...common] };
    };
    const lists = waits.map((match) =>
      match.kind === 'paused'
        ? list('run_row', selectRuns, equal({ 'run_row.status': 'paused' }))
        : list('found', selectByWait, isOfKind('found', match)),
    );
    const rows = this.#runs.merged(lists, (limit + 1) * lists.length).map(runOf);
    const distinct = rows.filter(({ run_id }, place) => run_id !== rows[place - 1]?.run_id);
    return pageOf('runs', distinct.slice(0, limit + 1), limit, place);
  }

  #foundBy(query: RunQuery): { readonly source: RowQuery; readonly conditions: readonly Condition[] } {
    const { segment_id, correlation_id, parent_run_id } = query;
    const entries = Object.entries(query.metadata ?? {});
    const waiting = query.waits === undefined ? [] : [waitsForAny(query.waits)];
    if (parent_run_id !== undefined) {
      const rest = { '+run_row.segment_id': segment_id, '+run_row.correlation_id': correlation_id };
      const conditions = [
        ...equal({ 'run_row.parent_run_id': parent_run_id, ...rest }),
        ...entries.map(hasEntry),
        ...waiting,
      ];
      return { source: this.#runs, conditions };
    }
    const [first, ...others] = entries;
    if (correlation_id !== undefined || first === undefined) {
      const named = equal({ 'run_row.segment_id': segment_id, 'run_row.correlation_id': correlation_id });
      return { source: this.#runs, conditions: [...named, ...entries.map(hasEntry), ...waiting] };
    }
    const [key, value] = first;
    const named = equal({ 'found.key': key, 'found.value': value, 'found.segment_id': segment_id });
    return { source: this.#byMetadata, conditions: [...named, ...others.map(hasEntry), ...waiting] };
  }
}

/** No other filter of the query selects fewer runs. */
function isFoundByWaits({ parent_run_id, correlation_id, metadata = {} }: RunQuery): boolean {
  return parent_run_id === undefined && correlation_id === undefined && Object.keys(metadata).length === 0;
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
  const [tenantId, runId, segmentId, status, correlationId, parentRunId, startedAt, endedAt, ...looked] = row;
  const [entries, isRedacted, keys] = looked;
  const waits: readonly string[] = typeof keys === 'string' ? JSON.parse(keys).flat() : [];
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
    ...(waits.length > 0 && { waits }),
  };
}

function textOrNull(value: SqlValue | undefined): string | null {
  return typeof value === 'string' ? value : null;
}

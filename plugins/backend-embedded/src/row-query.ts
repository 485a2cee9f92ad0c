/*
 * Purpose: reads pages of a table, newest first, in time proportional to the page, whatever the number of rows or filters.
 * Owns: one statement per combination of filters. Does not own: the indexes it relies on (sqlite-file.ts).
 * Invariants:
 *  Q1 Every index ends with status, time and id. A list over all statuses merges one sorted list per status, so half as many
 *     indexes suffice and none is read beyond the page.
 */
import type { Place } from './page-cursor.js';
import type { Database, SqlRow, SqlValue, Statement } from './sqlite-driver.js';

export interface RowFilter {
  readonly tenant_id: string;
  /** Undefined for all. */
  readonly status: string | undefined;
  /** By column; undefined if not filtered. */
  readonly filters: Readonly<Record<string, string | undefined>>;
  readonly since: number | undefined;
  readonly after: Place | null;
  readonly limit: number;
}

interface RowSource {
  /** Must select `at` and `id`: merged rows are sorted by them. */
  readonly select: string;
  /** All existing statuses. */
  readonly statuses: readonly string[];
  /** The sort columns: newest first, then by id. */
  readonly at: string;
  readonly id: string;
}

interface Condition {
  readonly sql: string;
  readonly values: readonly SqlValue[];
}

/** A tenant's rows of one table, newest first. One prepared statement per combination of filters. */
export class RowQuery {
  readonly #database: Database;
  readonly #source: RowSource;
  readonly #prepared = new Map<string, Statement>();

  constructor(database: Database, source: RowSource) {
    this.#database = database;
    this.#source = source;
  }

  /** Returns one row more than `limit` if there are more. */
  rows(filter: RowFilter): readonly SqlRow[] {
    const { select, statuses, at, id } = this.#source;
    const { tenant_id, status: wanted, limit } = filter;
    const conditions = this.#conditions(filter);
    const where = ['tenant_id = ?', 'status = ?', ...conditions.map(({ sql }) => sql)].join(' AND ');
    const values = conditions.flatMap((condition) => condition.values);
    const merged = wanted === undefined ? statuses : [wanted];
    const sql = merged.map(() => `${select} WHERE ${where}`).join(' UNION ALL ');
    const statement = this.#statement(`${sql} ORDER BY ${at} DESC, ${id} LIMIT ?`);
    return statement.all(...merged.flatMap((status) => [tenant_id, status, ...values]), limit + 1);
  }

  #conditions({ filters, since, after }: RowFilter): readonly Condition[] {
    const { at, id } = this.#source;
    const conditions: Condition[] = [];
    for (const [column, value] of Object.entries(filters)) {
      if (value !== undefined) conditions.push({ sql: `${column} = ?`, values: [value] });
    }
    if (since !== undefined) conditions.push({ sql: `${at} >= ?`, values: [since] });
    if (after !== null) {
      // The first condition lets the index seek; the second skips rows of the same time that came before.
      const sql = `${at} <= ? AND (${at} < ? OR ${id} > ?)`;
      conditions.push({ sql, values: [after.at, after.at, after.id] });
    }
    return conditions;
  }

  #statement(sql: string): Statement {
    const known = this.#prepared.get(sql);
    if (known !== undefined) return known;
    const statement = this.#database.prepare(sql);
    this.#prepared.set(sql, statement);
    return statement;
  }
}

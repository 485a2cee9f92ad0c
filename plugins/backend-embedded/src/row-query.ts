/*
 * Purpose: reads pages of a table, newest first, in time proportional to the page, whatever the number of rows or filters.
 * Owns: one statement per combination of filters. Does not own: the indexes it relies on (sqlite-file.ts).
 * Invariants:
 *  Q1 Every index ends with status, time and id. A list over all statuses merges one sorted list per status, so half as many
 *     indexes suffice and none is read beyond the page.
 */
import type { Place } from './page-cursor.js';
import type { Database, SqlRow, SqlValue, Statement } from './sqlite-driver.js';

/** A condition besides those that every list has. */
export interface Condition {
  readonly sql: string;
  readonly values: readonly SqlValue[];
}

export interface RowFilter {
  readonly tenant_id: string;
  /** Those to list. */
  readonly statuses: readonly string[];
  readonly conditions: readonly Condition[];
  /** From this time on. */
  readonly since: number | undefined;
  /** Before this time. */
  readonly until: number | undefined;
  readonly after: Place | null;
  readonly limit: number;
}

/** Rows of one statement, sorted by an index. */
export interface RowList {
  readonly select: string;
  readonly conditions: readonly Condition[];
}

interface RowSource {
  /** Must select `at` and `id` under these names: merged rows are sorted by them. */
  readonly select: string;
  /** The table whose index is read. */
  readonly table: string;
  /** The sort columns: newest first, then by id. */
  readonly at: string;
  readonly id: string;
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
    const { select, table } = this.#source;
    const { tenant_id, statuses, limit } = filter;
    const conditions = [...filter.conditions, ...this.bounds(filter)];
    return this.merged(
      statuses.map((status) => {
        const named = [
          { sql: `${table}.tenant_id = ?`, values: [tenant_id] },
          { sql: `${table}.status = ?`, values: [status] },
        ];
        return { select, conditions: [...named, ...conditions] };
      }),
      limit + 1,
    );
  }

  /** The first rows of several sorted lists. A row that is in several of them comes several times, one after another. */
  merged(lists: readonly RowList[], limit: number): readonly SqlRow[] {
    if (lists.length === 0) return [];
    const { at, id } = this.#source;
    const sql = lists.map(
      ({ select, conditions }) => `${select} WHERE ${conditions.map((one) => one.sql).join(' AND ')}`,
    );
    const statement = this.#statement(`${sql.join(' UNION ALL ')} ORDER BY ${at} DESC, ${id} LIMIT ?`);
    return statement.all(...lists.flatMap(({ conditions }) => conditions.flatMap(({ values }) => values)), limit);
  }

  /** At most one lower and one upper bound of the time: the index seeks only by one. */
  bounds(
    { since, until, after }: Pick<RowFilter, 'since' | 'until' | 'after'>,
    of = this.#source.table,
  ): readonly Condition[] {
    const [at, id] = [`${of}.${this.#source.at}`, `${of}.${this.#source.id}`];
    const bounds: Condition[] = [];
    if (since !== undefined) bounds.push({ sql: `${at} >= ?`, values: [since] });
    if (after !== null && (until === undefined || after.at < until)) {
      // The first condition lets the index seek; the second skips rows of the same time that came before.
      const sql = `${at} <= ? AND (${at} < ? OR ${id} > ?)`;
      bounds.push({ sql, values: [after.at, after.at, after.id] });
    } else if (until !== undefined) {
      bounds.push({ sql: `${at} < ?`, values: [until] });
    }
    return bounds;
  }

  #statement(sql: string): Statement {
    const known = this.#prepared.get(sql);
    if (known !== undefined) return known;
    const statement = this.#database.prepare(sql);
    this.#prepared.set(sql, statement);
    return statement;
  }
}

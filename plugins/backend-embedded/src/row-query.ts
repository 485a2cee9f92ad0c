/*
 * Purpose: pages of a table, newest first, in the time it takes to read a page, however many rows there are and whatever is asked for.
 * Owns: the statement per combination of filters. Does not own: the indexes it relies on (sqlite-file.ts).
 * Invariants:
 *  Q1 Every index ends with status, time and id. A list of every status is the merge of one list per status, which are in order already:
 *     so half as many indexes do, and none of them is read further than the page goes.
 */
import type { Place } from './page-cursor.js';
import type { Database, SqlRow, SqlValue, Statement } from './sqlite-driver.js';

export interface RowFilter {
  readonly tenant_id: string;
  /** undefined: every one. */
  readonly status: string | undefined;
  /** By column; undefined: not asked for. */
  readonly filters: Readonly<Record<string, string | undefined>>;
  readonly since: number | undefined;
  readonly after: Place | null;
  readonly limit: number;
}

interface RowSource {
  /** Selects `at` and `id` among others: what is merged is put in order by them. */
  readonly select: string;
  /** All there are. */
  readonly statuses: readonly string[];
  /** The columns of the order: newest first, then by id. */
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

  /** One row more than `limit` if there are more. */
  rows(filter: RowFilter): readonly SqlRow[] {
    const { select, statuses, at, id } = this.#source;
    const { tenant_id, status: asked, limit } = filter;
    const conditions = this.#conditions(filter);
    const where = ['tenant_id = ?', 'status = ?', ...conditions.map(({ sql }) => sql)].join(' AND ');
    const values = conditions.flatMap((condition) => condition.values);
    const merged = asked === undefined ? statuses : [asked];
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
      // The first condition lets an index find the place, the second leaves out what came before it at the same time.
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

import type { Place } from './page-cursor.js';
import type { Database, SqlRow, SqlValue, Statement } from './sqlite-driver.js';

export interface RowFilter {
  readonly tenant_id: string;
  /** By column; undefined: not asked for. */
  readonly filters: Readonly<Record<string, string | undefined>>;
  readonly since: number | undefined;
  readonly after: Place | null;
  readonly limit: number;
}

interface RowSource {
  readonly columns: string;
  readonly table: string;
  /** The index that finds the rows in order, for the columns that are asked for. SQLite refuses a query that it cannot serve. */
  readonly index: (asked: ReadonlySet<string>) => string;
  /** The columns of the order: newest first, then by id. */
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

  /** One row more than `limit` if there are more. */
  rows({ tenant_id, filters, since, after, limit }: RowFilter): readonly SqlRow[] {
    const { columns, table, index, at, id } = this.#source;
    const asked = new Set<string>();
    const conditions = ['tenant_id = ?'];
    const values: SqlValue[] = [tenant_id];
    for (const [column, value] of Object.entries(filters)) {
      if (value === undefined) continue;
      asked.add(column);
      conditions.push(`${column} = ?`);
      values.push(value);
    }
    if (since !== undefined) {
      conditions.push(`${at} >= ?`);
      values.push(since);
    }
    if (after !== null) {
      // The first condition lets an index find the place, the second leaves out what came before it at the same time.
      conditions.push(`${at} <= ? AND (${at} < ? OR ${id} > ?)`);
      values.push(after.at, after.at, after.id);
    }
    const source = `SELECT ${columns} FROM ${table} INDEXED BY ${index(asked)}`;
    const sql = `${source} WHERE ${conditions.join(' AND ')} ORDER BY ${at} DESC, ${id} LIMIT ?`;
    return this.#statement(sql).all(...values, limit + 1);
  }

  #statement(sql: string): Statement {
    const known = this.#prepared.get(sql);
    if (known !== undefined) return known;
    const statement = this.#database.prepare(sql);
    this.#prepared.set(sql, statement);
    return statement;
  }
}

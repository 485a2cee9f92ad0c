/*
 * Purpose: one interface for two SQLite bindings: `node:sqlite` where Node has it, else the optional package `libsql`.
 * Rows are arrays in column order. Errors are the binding's own; `sqliteCode` extracts SQLite's result code.
 */
import { isBuiltin } from 'node:module';
import { LlmteamError } from '@llmteam/contracts';

export type SqlValue = string | number | null;
export type SqlRow = readonly SqlValue[];

export interface Statement {
  run(...values: readonly SqlValue[]): void;
  get(...values: readonly SqlValue[]): SqlRow | undefined;
  all(...values: readonly SqlValue[]): readonly SqlRow[];
}

export interface Database {
  exec(sql: string): void;
  prepare(sql: string): Statement;
  close(): void;
}

/** Throws `FILE_UNREADABLE` if the file can be neither opened nor created; its content is not checked yet. */
export async function openDatabase(file: string): Promise<Database> {
  return isBuiltin('node:sqlite') ? openNodeSqlite(file) : openLibsql(file);
}

/** SQLite's primary result code, e.g. 13 for SQLITE_FULL; null if the error is not SQLite's. */
export function sqliteCode(error: unknown): number | null {
  if (typeof error !== 'object' || error === null) return null;
  if ('errcode' in error && typeof error.errcode === 'number') return error.errcode & 0xff;
  if ('rawCode' in error && typeof error.rawCode === 'number') return error.rawCode & 0xff;
  return null;
}

interface NodeSqlite {
  readonly DatabaseSync: new (
    file: string,
  ) => {
    exec(sql: string): void;
    prepare(sql: string): {
      run(...values: readonly SqlValue[]): unknown;
      get(...values: readonly SqlValue[]): Record<string, SqlValue> | undefined;
      all(...values: readonly SqlValue[]): readonly Record<string, SqlValue>[];
    };
    close(): void;
  };
}

async function openNodeSqlite(file: string): Promise<Database> {
  // A variable because the types of the oldest supported Node version lack this module.
  const moduleName = 'node:sqlite';
  const { DatabaseSync }: NodeSqlite = await import(moduleName);
  const database = opened(file, () => new DatabaseSync(file));
  return {
    exec: (sql) => database.exec(sql),
    prepare(sql) {
      const statement = database.prepare(sql);
      return {
        run: (...values) => void statement.run(...values),
        get(...values) {
          const row = statement.get(...values);
          return row === undefined ? undefined : Object.values(row);
        },
        all: (...values) => statement.all(...values).map((row) => Object.values(row)),
      };
    },
    close: () => database.close(),
  };
}

async function openLibsql(file: string): Promise<Database> {
  const { default: Libsql } = await import('libsql').catch((cause: unknown) => {
    const fix = "install the package 'libsql' or use Node 22.13 or newer";
    throw new LlmteamError('PLUGIN_MISSING', `Node ${process.version} has no node:sqlite: ${fix}`, { cause });
  });
  const database = opened(file, () => new Libsql(file));
  return {
    exec: (sql) => void database.exec(sql),
    prepare(sql) {
      const statement = database.prepare<[readonly SqlValue[]]>(sql);
      // Non-raw rows contain an extra key added by the binding.
      if (statement.reader) statement.raw();
      return {
        run: (...values) => void statement.run(values),
        get: (...values) => statement.get(values) as SqlRow | undefined,
        all: (...values) => statement.all(values) as readonly SqlRow[],
      };
    },
    close: () => void database.close(),
  };
}

function opened<T>(file: string, open: () => T): T {
  try {
    return open();
  } catch (error) {
    throw unreadable(file, error);
  }
}

function unreadable(file: string, cause: unknown): LlmteamError {
  return new LlmteamError('FILE_UNREADABLE', `Cannot open or create ${file}`, { cause });
}

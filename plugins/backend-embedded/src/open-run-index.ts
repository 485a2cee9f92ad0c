/**
 * Purpose: a run index in a file of its own, for a process that keeps lists of what others run.
 * Owns: judging whether what is in the file may be gone on with; else it is set aside, and the lists are made anew.
 * Invariants:
 *   O1 A file that belongs to another program is left alone.
 *   O2 What is gone on with is whole, of the same installation, and not older than what is still announced of changes.
 */
import { renameSync, rmSync, statSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { is_llmteam_error, type RunIndex } from '@llmteam/contracts';
import { GroupCommit } from './group-commit.js';
import { type Database, sqlite_code } from './sqlite-driver.js';
import { abandon_file, close_file, type FileKind, index_schema, list_indexes, open_file } from './sqlite-file.js';
import { SqliteRunIndex } from './sqlite-run-index.js';
import { store_error, system_code } from './store-error.js';

export interface RunIndexFileOptions {
  /** Made if it is absent; belongs to this process until `close`. */
  readonly file: string;
  /** Whose runs are listed: lists of another installation are not gone on with. */
  readonly installation: string;
  /** Lists that nobody kept up for longer are made anew. */
  readonly longest_away_ms: number;
}

export interface RunIndexFile {
  readonly index: RunIndex;
  /** Why what was there was set aside; null: it is gone on with, or there was nothing. */
  readonly set_aside: string | null;
}

const application_id = 0x4c4c4d49; // 'LLMI'

function kind_of(file: string): FileKind {
  const schema = `CREATE TABLE installation (id TEXT NOT NULL); ${index_schema}`;
  return { name: basename(file), application_id, schema_version: 1, schema, indexes: list_indexes };
}

/**
 * @throws LlmteamError `STORE_LOCKED` if another process has the file, `STORE_CORRUPT` if it is a database of another program,
 * `FILE_UNREADABLE`, `STORE_FULL`, `STORE_FAILED`
 */
export async function open_run_index(options: RunIndexFileOptions): Promise<RunIndexFile> {
  const { file, longest_away_ms } = options;
  const is_too_old = age_ms(file) > longest_away_ms;
  let database: Database;
  try {
    database = await open_file(dirname(file), kind_of(file), 'relaxed');
  } catch (error) {
    const fault = fault_of_error(error);
    if (fault === null) throw error;
    return anew(options, fault);
  }
  const fault = is_too_old ? 'it was not kept up for too long' : attempt(() => fault_of(database, options));
  if (fault === null) return opened(database, options, null);
  abandon_file(database);
  return anew(options, fault);
}

async function anew(options: RunIndexFileOptions, reason: string): Promise<RunIndexFile> {
  const { file } = options;
  try {
    renameSync(file, `${file}.set-aside`);
    for (const log of ['-wal', '-shm']) rmSync(`${file}${log}`, { force: true });
  } catch (error) {
    throw store_error(file, error);
  }
  return opened(await open_file(dirname(file), kind_of(file), 'relaxed'), options, reason);
}

function opened(database: Database, { file, installation }: RunIndexFileOptions, reason: string | null): RunIndexFile {
  try {
    if (owner_of(database) === undefined) database.prepare('INSERT INTO installation VALUES (?)').run(installation);
    const commits = new GroupCommit(database, file);
    return { index: closing_file(new SqliteRunIndex(database, commits), database, commits), set_aside: reason };
  } catch (error) {
    abandon_file(database);
    throw store_error(file, error);
  }
}

/** The file is closed with the index. */
function closing_file(index: SqliteRunIndex, database: Database, commits: GroupCommit): RunIndex {
  const close = index.close.bind(index);
  let closing: Promise<void> | null = null;
  const close_all = async (): Promise<void> => {
    await close();
    commits.stop();
    if (commits.failure === null) close_file(database);
    else abandon_file(database);
  };
  return Object.assign(index, {
    close: (): Promise<void> => {
      closing ??= close_all();
      return closing;
    },
  });
}

/** null: it can be gone on with. */
function fault_of(database: Database, { installation }: RunIndexFileOptions): string | null {
  const [verdict] = database.prepare('PRAGMA quick_check(1)').get() ?? [];
  if (verdict !== 'ok') return `it is damaged: ${String(verdict)}`;
  const owner = owner_of(database);
  return owner === undefined || owner === installation ? null : 'it lists the runs of another installation';
}

function owner_of(database: Database): string | undefined {
  const [id] = database.prepare('SELECT id FROM installation').get() ?? [];
  return typeof id === 'string' ? id : undefined;
}

function attempt(judge: () => string | null): string | null {
  try {
    return judge();
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** null: the file is not ours to set aside. */
function fault_of_error(error: unknown): string | null {
  if (!is_llmteam_error(error) || error.code !== 'STORE_CORRUPT') return null;
  const is_of_other_version = error.details?.schema_version !== undefined;
  return is_of_other_version || sqlite_code(error.cause) !== null ? error.message : null;
}

/** Since the last write; 0: there is no file. */
function age_ms(file: string): number {
  const written = [file, `${file}-wal`].flatMap((path) => {
    try {
      return [statSync(path).mtimeMs];
    } catch (error) {
      if (system_code(error) === 'ENOENT') return [];
      throw store_error(file, error);
    }
  });
  return written.length === 0 ? 0 : Date.now() - Math.max(...written);
}

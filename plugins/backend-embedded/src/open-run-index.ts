/**
 * Purpose: a run index in its own file, for a process that lists runs driven by others.
 * Owns: deciding whether an existing file can be reused; otherwise it is set aside and the lists are rebuilt.
 * Invariants:
 *   O1 A file that belongs to another program is left alone.
 *   O2 A reused file is intact, of the same installation, and recent enough that no announced change was missed.
 */
import { renameSync, rmSync, statSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { isLlmteamError, type RunIndex, type RunIndexFile, type RunIndexFileOptions } from '@llmteam/contracts';
import { GroupCommit } from './group-commit.js';
import { type Database, sqliteCode } from './sqlite-driver.js';
import { abandonFile, closeFile, type FileKind, indexSchema, listIndexes, openFile } from './sqlite-file.js';
import { SqliteRunIndex } from './sqlite-run-index.js';
import { storeError, systemCode } from './store-error.js';

const applicationId = 0x4c4c4d49; // 'LLMI'
/** Version 1 lacks the metadata of runs. The lists of other versions are rebuilt. */
const schemaVersion = 2;

function kindOf(file: string): FileKind {
  const schema = `CREATE TABLE installation (id TEXT NOT NULL); ${indexSchema}`;
  return {
    name: basename(file),
    application_id: applicationId,
    schema_version: schemaVersion,
    schema,
    indexes: listIndexes,
  };
}

/**
 * @throws LlmteamError `STORE_LOCKED` if another process has the file open, `STORE_CORRUPT` if it belongs to another program,
 * `FILE_UNREADABLE`, `STORE_FULL`, `STORE_FAILED`
 */
export async function openRunIndex(options: RunIndexFileOptions): Promise<RunIndexFile> {
  const { file, longestAwayMs } = options;
  const isTooOld = ageMs(file) > longestAwayMs;
  let database: Database;
  try {
    database = await openFile(dirname(file), kindOf(file), 'relaxed');
  } catch (error) {
    const fault = faultOfError(error);
    if (fault === null) throw error;
    return rebuilt(options, fault);
  }
  const fault = isTooOld ? 'it has not been updated for too long' : attempt(() => faultOf(database, options));
  if (fault === null) return opened(database, options, null);
  abandonFile(database);
  return rebuilt(options, fault);
}

async function rebuilt(options: RunIndexFileOptions, reason: string): Promise<RunIndexFile> {
  const { file } = options;
  try {
    renameSync(file, `${file}.set-aside`);
    for (const log of ['-wal', '-shm']) rmSync(`${file}${log}`, { force: true });
  } catch (error) {
    throw storeError(file, error);
  }
  return opened(await openFile(dirname(file), kindOf(file), 'relaxed'), options, reason);
}

function opened(database: Database, { file, installation }: RunIndexFileOptions, reason: string | null): RunIndexFile {
  try {
    if (ownerOf(database) === undefined) database.prepare('INSERT INTO installation VALUES (?)').run(installation);
    const commits = new GroupCommit(database, file);
    return { index: closingFile(new SqliteRunIndex(database, commits), database, commits), setAside: reason };
  } catch (error) {
    abandonFile(database);
    throw storeError(file, error);
  }
}

/** Closes the file together with the index. */
function closingFile(index: SqliteRunIndex, database: Database, commits: GroupCommit): RunIndex {
  const close = index.close.bind(index);
  let closing: Promise<void> | null = null;
  const closeAll = async (): Promise<void> => {
    await close();
    commits.stop();
    if (commits.failure === null) closeFile(database);
    else abandonFile(database);
  };
  return Object.assign(index, {
    close: (): Promise<void> => {
      closing ??= closeAll();
      return closing;
    },
  });
}

/** Why the file cannot be reused; null if it can. */
function faultOf(database: Database, { installation }: RunIndexFileOptions): string | null {
  const [verdict] = database.prepare('PRAGMA quick_check(1)').get() ?? [];
  if (verdict !== 'ok') return `it is damaged: ${String(verdict)}`;
  const owner = ownerOf(database);
  return owner === undefined || owner === installation ? null : 'it lists the runs of another installation';
}

function ownerOf(database: Database): string | undefined {
  const [id] = database.prepare('SELECT id FROM installation').get() ?? [];
  return typeof id === 'string' ? id : undefined;
}

function attempt(check: () => string | null): string | null {
  try {
    return check();
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** Why the file is set aside; null if it is not ours to set aside. */
function faultOfError(error: unknown): string | null {
  if (!isLlmteamError(error) || error.code !== 'STORE_CORRUPT') return null;
  const isOfOtherVersion = error.details?.schema_version !== undefined;
  return isOfOtherVersion || sqliteCode(error.cause) !== null ? error.message : null;
}

/** Time since the last write; 0 if there is no file. */
function ageMs(file: string): number {
  const written = [file, `${file}-wal`].flatMap((path) => {
    try {
      return [statSync(path).mtimeMs];
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return [];
      throw storeError(file, error);
    }
  });
  return written.length === 0 ? 0 : Date.now() - Math.max(...written);
}

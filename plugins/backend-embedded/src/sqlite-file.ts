/*
 * Purpose: opens and closes the database file of a folder.
 * Owns: the process lock, the schema and its version, the connection's settings.
 * Invariants:
 *  F1 The lock is held from the first access to the file until `closeFile`; the operating system releases it if the process
 *     dies.
 *  F2 A file that is not ours, or of another schema version, is left unchanged.
 *  F3 Everything the connection throws is an `LlmteamError`.
 */
import { access, constants, mkdir, open } from 'node:fs/promises';
import { join } from 'node:path';
import { isLlmteamError, LlmteamError } from '@llmteam/contracts';
import { privateFile, privateFolder } from './private-files.js';
import { type Database, openDatabase } from './sqlite-driver.js';
import { storeError, systemCode } from './store-error.js';

/** Whether acknowledged writes survive a power failure (`full`) or only the end of the process (`relaxed`). */
export type Synchronous = 'full' | 'relaxed';

/** The content of a database file and how it is identified. */
export interface FileKind {
  readonly name: string;
  readonly application_id: number;
  readonly schema_version: number;
  readonly schema: string;
  /** Executed on every open; idempotent. */
  readonly indexes: string;
}

const pageBytes = 8_192;

const journalSchema = `
  CREATE TABLE batch (
    position INTEGER PRIMARY KEY, -- of its first entry; they are numbered without gaps
    size INTEGER NOT NULL,        -- entries
    checksum INTEGER NOT NULL,    -- CRC-32 of position and body
    body TEXT NOT NULL
  );
  CREATE TABLE run (id INTEGER PRIMARY KEY, tenant_id TEXT NOT NULL, run_id TEXT NOT NULL, UNIQUE (tenant_id, run_id));
  CREATE TABLE run_batches (
    run INTEGER NOT NULL,
    last INTEGER NOT NULL, -- the last of the batches
    batches TEXT NOT NULL, -- JSON: the positions of some batches of the run, in order
    PRIMARY KEY (run, last)
  ) WITHOUT ROWID;
  CREATE TABLE indexed (batch INTEGER NOT NULL); -- run_batches is complete up to this one
  INSERT INTO indexed VALUES (0);

  CREATE TABLE registry (
    revision INTEGER PRIMARY KEY AUTOINCREMENT, -- never used twice, also after deletion
    key TEXT NOT NULL UNIQUE,
    value TEXT NOT NULL,
    expires_at INTEGER
  );
  CREATE INDEX registry_expiry ON registry (expires_at) WHERE expires_at IS NOT NULL;
`;

/** Tables of the run and human task lists. */
export const indexSchema = `
  CREATE TABLE index_position (partition INTEGER PRIMARY KEY, position INTEGER NOT NULL);
  CREATE TABLE run_row (
    tenant_id TEXT NOT NULL,
    run_id TEXT NOT NULL,
    segment_id TEXT NOT NULL,
    status TEXT NOT NULL,
    correlation_id TEXT,
    parent_run_id TEXT,
    started_at INTEGER NOT NULL,
    ended_at INTEGER,
    PRIMARY KEY (tenant_id, run_id)
  ) WITHOUT ROWID;
  CREATE TABLE task_row (
    tenant_id TEXT NOT NULL,
    task_id TEXT NOT NULL,
    run_id TEXT NOT NULL,
    status TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (tenant_id, task_id)
  ) WITHOUT ROWID;
`;

/** Columns that are in the body of a task: who has it, and its segment. */
export const taskHolder = "coalesce(body ->> '$.claimed_by', body ->> '$.request.assignee')";
export const taskSegment = "(body ->> '$.segment_id')";

/**
 * Indexes for the list queries (row-query.ts), which runs are redacted, and what they wait for, created on open if missing; obsolete ones from earlier releases are dropped.
 * A release that does not know them can still read and write the file, so they do not affect the schema version. Nor does the table of the
 * metadata of runs, because a release that does not know it starts no run that has any.
 */
export const listIndexes = `
  DROP INDEX IF EXISTS run_row_newest;
  DROP INDEX IF EXISTS run_row_status;
  DROP INDEX IF EXISTS run_row_segment;
  DROP INDEX IF EXISTS run_row_correlation;
  DROP INDEX IF EXISTS task_row_newest;
  DROP INDEX IF EXISTS task_row_status;
  DROP INDEX IF EXISTS task_row_run;
  CREATE TABLE IF NOT EXISTS redacted_run (
    tenant_id TEXT NOT NULL,
    run_id TEXT NOT NULL,
    PRIMARY KEY (tenant_id, run_id)
  ) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS run_wait (
    tenant_id TEXT NOT NULL,
    run_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    started_at INTEGER NOT NULL, -- of the run
    keys TEXT NOT NULL,          -- JSON: what the run waits for, of this kind
    PRIMARY KEY (tenant_id, run_id, kind)
  ) WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS run_wait_by_kind ON run_wait (tenant_id, kind, started_at DESC, run_id);
  CREATE INDEX IF NOT EXISTS run_row_by_status ON run_row (tenant_id, status, started_at DESC, run_id);
  CREATE INDEX IF NOT EXISTS run_row_by_segment ON run_row (tenant_id, segment_id, status, started_at DESC, run_id);
  CREATE INDEX IF NOT EXISTS run_row_by_correlation
    ON run_row (tenant_id, correlation_id, status, started_at DESC, run_id) WHERE correlation_id IS NOT NULL;
  CREATE INDEX IF NOT EXISTS run_row_by_correlation_and_segment
    ON run_row (tenant_id, correlation_id, segment_id, status, started_at DESC, run_id) WHERE correlation_id IS NOT NULL;
  CREATE INDEX IF NOT EXISTS run_row_by_parent
    ON run_row (tenant_id, parent_run_id, status, started_at DESC, run_id) WHERE parent_run_id IS NOT NULL;
  CREATE INDEX IF NOT EXISTS run_row_live ON run_row (tenant_id, run_id) WHERE ended_at IS NULL;
  CREATE INDEX IF NOT EXISTS task_row_by_status ON task_row (tenant_id, status, created_at DESC, task_id);
  CREATE INDEX IF NOT EXISTS task_row_by_run ON task_row (tenant_id, run_id, status, created_at DESC, task_id);
  CREATE INDEX IF NOT EXISTS task_row_by_segment ON task_row (tenant_id, ${taskSegment}, status, created_at DESC, task_id);
  CREATE INDEX IF NOT EXISTS task_row_by_holder
    ON task_row (tenant_id, ${taskHolder}, status, created_at DESC, task_id) WHERE ${taskHolder} IS NOT NULL;
  CREATE INDEX IF NOT EXISTS task_row_by_holder_and_segment
    ON task_row (tenant_id, ${taskHolder}, ${taskSegment}, status, created_at DESC, task_id)
    WHERE ${taskHolder} IS NOT NULL;
  CREATE TABLE IF NOT EXISTS run_metadata (
    tenant_id TEXT NOT NULL,
    run_id TEXT NOT NULL,
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    segment_id TEXT NOT NULL, -- this and the following as in run_row
    status TEXT NOT NULL,
    started_at INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, run_id, key)
  ) WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS run_metadata_by_status
    ON run_metadata (tenant_id, key, value, status, started_at DESC, run_id);
  CREATE INDEX IF NOT EXISTS run_metadata_by_segment
    ON run_metadata (tenant_id, key, value, segment_id, status, started_at DESC, run_id);
`;

/** The file of a complete store. */
export const storeFile: FileKind = {
  name: 'journal.db',
  application_id: 0x4c4c4d54, // 'LLMT'
  schema_version: 1,
  schema: `${journalSchema} ${indexSchema}`,
  indexes: listIndexes,
};

/**
 * Opens a file in the folder exclusively, creating it if absent. Throws `STORE_LOCKED` if another process has it open,
 * `STORE_CORRUPT` if it is not of this kind and version, `FILE_UNREADABLE` if it is not writable.
 */
export async function openFile(folder: string, kind: FileKind, synchronous: Synchronous): Promise<Database> {
  const file = join(folder, kind.name);
  await ensureWritable(folder, file).catch((error: unknown) => {
    throw storeError(folder, error);
  });
  const database = guarded(await openDatabase(file), folder);
  try {
    initialize(database, file, kind, synchronous);
    return database;
  } catch (error) {
    abandonFile(database);
    throw error;
  }
}

/**
 * Checked up front because SQLite opens read-only files and fails later in other ways. A new file is created here, because SQLite would let
 * others read it; its log gets the mode of the file.
 */
async function ensureWritable(folder: string, file: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: privateFolder });
  await access(folder, constants.W_OK);
  try {
    await access(file, constants.R_OK | constants.W_OK);
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw error;
    const created = await open(file, 'a', privateFile);
    await created.close();
  }
}

function guarded(database: Database, folder: string): Database {
  const guard = <T>(act: () => T): T => {
    try {
      return act();
    } catch (error) {
      throw storeError(folder, error);
    }
  };
  return {
    exec: (sql) => guard(() => database.exec(sql)),
    prepare(sql) {
      const statement = guard(() => database.prepare(sql));
      return {
        run: (...values) => guard(() => statement.run(...values)),
        get: (...values) => guard(() => statement.get(...values)),
        all: (...values) => guard(() => statement.all(...values)),
      };
    },
    close: () => guard(() => database.close()),
  };
}

function initialize(database: Database, file: string, kind: FileKind, synchronous: Synchronous): void {
  // Only affects new files: most rows are batches of many kilobytes.
  database.exec(`PRAGMA page_size = ${pageBytes}`);
  database.exec('PRAGMA locking_mode = EXCLUSIVE');
  database.exec('BEGIN EXCLUSIVE');
  if (isEmpty(database)) {
    const { schema, application_id, schema_version } = kind;
    database.exec(`${schema} PRAGMA application_id = ${application_id}; PRAGMA user_version = ${schema_version};`);
  } else {
    checkVersion(database, file, kind);
  }
  database.exec(kind.indexes);
  database.exec('COMMIT');
  const [mode] = database.prepare('PRAGMA journal_mode = WAL').get() ?? [];
  if (mode !== 'wal')
    throw new LlmteamError('STORE_FAILED', `${file} does not support a write-ahead log, only ${mode}`);
  database.exec(`PRAGMA synchronous = ${synchronous === 'full' ? 'FULL' : 'NORMAL'}`);
  // Checkpoints are explicit because automatic ones would hide errors.
  database.exec('PRAGMA wal_autocheckpoint = 0');
  database.exec('BEGIN IMMEDIATE; COMMIT');
}

function isEmpty(database: Database): boolean {
  const tables = readNumber(database, 'SELECT count(*) FROM sqlite_schema');
  return tables === 0 && readNumber(database, 'PRAGMA user_version') === 0;
}

function checkVersion(database: Database, file: string, { application_id, schema_version }: FileKind): void {
  if (readNumber(database, 'PRAGMA application_id') !== application_id) {
    throw new LlmteamError('STORE_CORRUPT', `${file} is a database, but not one of LLMTeam`);
  }
  const version = readNumber(database, 'PRAGMA user_version');
  if (version === schema_version) return;
  const expected = `this release reads version ${schema_version}; use the release that wrote it`;
  const details = { schema_version: version };
  throw new LlmteamError('STORE_CORRUPT', `${file} has schema version ${version}, ${expected}`, { details });
}

function readNumber(database: Database, sql: string): number {
  return Number(database.prepare(sql).get()?.[0]);
}

/**
 * Leaves a single file and no lock. A binding may keep a closed connection, and with it the lock, until its statements are
 * garbage-collected, so the lock is released explicitly, which requires leaving WAL mode. On a full disk the log stays and is
 * replayed on the next open.
 */
export function closeFile(database: Database): void {
  try {
    database.exec('PRAGMA journal_mode = DELETE');
    database.exec('PRAGMA locking_mode = NORMAL');
    database.exec('SELECT count(*) FROM sqlite_schema');
  } catch (error) {
    if (!isLlmteamError(error) || error.code !== 'STORE_FULL') throw error;
  } finally {
    database.close();
  }
}

/** Closes without further writes; the lock may be held until the process ends. */
export function abandonFile(database: Database): void {
  try {
    database.close();
  } catch {
    // The caller already has a more meaningful error.
  }
}

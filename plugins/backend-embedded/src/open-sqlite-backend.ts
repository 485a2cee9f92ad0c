import { join } from 'node:path';
import type { Backend, Clock } from '@llmteam/contracts';
import { FileBlobs } from './file-blobs.js';
import { GroupCommit } from './group-commit.js';
import { type MemoryBackendOptions, openVolatilePorts } from './open-memory-backend.js';
import type { Database } from './sqlite-driver.js';
import { abandonFile, closeFile, openFile, type Synchronous, storeFile } from './sqlite-file.js';
import { SqliteJournal } from './sqlite-journal.js';
import { SqliteKvStore } from './sqlite-kv-store.js';
import { SqliteRunIndex } from './sqlite-run-index.js';
import { storeError } from './store-error.js';

export interface SqliteBackendOptions extends Pick<MemoryBackendOptions, 'leaseMs' | 'onError'> {
  /** Created if absent; owned by this process until `close`. */
  readonly folder: string;
  readonly clock: Clock;
  /**
   * `full`: acknowledged writes survive a power failure. `relaxed`: they survive a crash of the process, but a power failure
   * may lose the most recent ones. Default `full`.
   */
  readonly synchronous?: Synchronous;
}

/**
 * Opens the store in a folder: `journal.db` (SQLite) and `blobs/`. Jobs and pub/sub messages are in memory only.
 * @throws LlmteamError `STORE_LOCKED` if another process has the folder open, `STORE_CORRUPT` if the store is damaged, not
 * ours or of another version, `FILE_UNREADABLE` if it is not readable and writable, `STORE_FULL`, `STORE_FAILED`
 */
export async function openSqliteBackend(options: SqliteBackendOptions): Promise<Backend> {
  const { folder, clock, synchronous = 'full' } = options;
  const { queue, pubSub } = openVolatilePorts(options);
  const database = await openFile(folder, storeFile, synchronous);
  try {
    const blobs = await FileBlobs.open(join(folder, 'blobs'), synchronous === 'full');
    const { commits, journal, kv, index } = openTables(database, folder, clock);
    return {
      journal,
      queue,
      pubSub,
      kv,
      blobs,
      index,
      isConnected: () => true,
      close: once(async () => {
        for (const port of [queue, pubSub, index, journal, kv, blobs]) await port.close();
        commits.stop();
        if (commits.failure === null) closeFile(database);
        else abandonFile(database);
      }),
    };
  } catch (error) {
    abandonFile(database);
    throw storeError(folder, error);
  }
}

function openTables(database: Database, folder: string, clock: Clock) {
  const commits = new GroupCommit(database, folder);
  const journal = new SqliteJournal(database, folder, commits);
  const kv = new SqliteKvStore(database, clock, commits);
  const index = new SqliteRunIndex(database, commits);
  return { commits, journal, kv, index };
}

function once(close: () => Promise<void>): () => Promise<void> {
  let closing: Promise<void> | null = null;
  return () => {
    closing ??= close();
    return closing;
  };
}

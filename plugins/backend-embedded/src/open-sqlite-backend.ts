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
  /** Made if it is absent; belongs to this process until `close`. */
  readonly folder: string;
  readonly clock: Clock;
  /**
   * `full`: what was acknowledged survives a power cut. `relaxed`: it survives the end of the process, however it comes, but a
   * power cut may take the last moments. Default `full`.
   */
  readonly synchronous?: Synchronous;
}

/**
 * Opens the store of a folder: `journal.db` (SQLite) and `blobs/`. Jobs and signals are in memory.
 * `STORE_LOCKED` if another process has the folder open, `STORE_CORRUPT` if what is there is damaged, not ours or of another
 * version, `FILE_UNREADABLE` if it cannot be read and written, `STORE_FULL`, `STORE_FAILED`.
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

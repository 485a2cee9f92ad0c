/*
 * Purpose: one transaction, and so one fsync, for everything that was written in one turn of the event loop.
 * Owns: transactions, checkpoints of the write-ahead log, the failed state.
 * Does not own: what is written; that belongs to the writers (journal, registry, run index).
 * Invariants:
 *  W1 Nothing suspends between BEGIN and COMMIT: no reader of the connection ever sees half a group.
 *  W2 A writer hears `committed` only after COMMIT has returned, otherwise `rejected`, exactly once per group it gave.
 *  W3 After an error that leaves open what the disk holds, nothing is ever written again: a second fsync may report
 *     success for what the first one lost. A full disk and a lock held by others leave nothing open.
 */
import { LlmteamError } from '@llmteam/contracts';
import type { Database, Statement } from './sqlite-driver.js';
import { storeError } from './store-error.js';

export interface Writer {
  /** Makes a group of what waits, of a size fit for one transaction; false if nothing waits. */
  take(): boolean;
  /** Writes the group and tells about how many bytes of the log that takes. Within a transaction; synchronous. */
  write(): number;
  committed(): void;
  rejected(error: LlmteamError): void;
}

/** The log is copied into the database file when about this many bytes were written to it. */
const checkpointBytes = 8 * 1024 * 1024;

export class GroupCommit {
  readonly #database: Database;
  readonly #folder: string;
  readonly #checkpoint: Statement;
  readonly #writers: Writer[] = [];
  #turn: NodeJS.Immediate | null = null;
  #checkpointTurn: NodeJS.Immediate | null = null;
  #logBytes = 0;
  #failure: LlmteamError | null = null;

  constructor(database: Database, folder: string) {
    this.#database = database;
    this.#folder = folder;
    this.#checkpoint = database.prepare('PRAGMA wal_checkpoint(PASSIVE)');
  }

  /** Why nothing is written any more; null while all is well. */
  get failure(): LlmteamError | null {
    return this.#failure;
  }

  add(writer: Writer): void {
    this.#writers.push(writer);
  }

  /** Writes what waits at the end of this turn of the event loop. */
  schedule(): void {
    this.#turn ??= setImmediate(() => {
      this.#turn = null;
      this.flush();
    });
  }

  /** Writes what waits now, in as many transactions as it takes. */
  flush(): void {
    for (;;) {
      const group = this.#writers.filter((writer) => writer.take());
      if (group.length === 0) break;
      const error = this.#failure ?? this.#commit(group);
      for (const writer of group) {
        if (error === null) writer.committed();
        else writer.rejected(error);
      }
    }
    // In a turn of its own, so that those who wait for their writes hear of them first.
    if (this.#logBytes > checkpointBytes) this.#checkpointTurn ??= setImmediate(() => this.#moveLog());
  }

  /** Writes what waits and ends; the connection may be closed then. */
  stop(): void {
    this.flush();
    if (this.#turn !== null) clearImmediate(this.#turn);
    if (this.#checkpointTurn !== null) clearImmediate(this.#checkpointTurn);
  }

  #commit(group: readonly Writer[]): LlmteamError | null {
    try {
      this.#database.exec('BEGIN IMMEDIATE');
      for (const writer of group) this.#logBytes += writer.write();
      this.#database.exec('COMMIT');
      return null;
    } catch (thrown) {
      this.#rollBack();
      return this.#judge(thrown);
    }
  }

  #rollBack(): void {
    try {
      this.#database.exec('ROLLBACK');
    } catch {
      // SQLite has rolled back by itself after most errors; if it has not, the next BEGIN fails, and with it the store.
    }
  }

  #judge(thrown: unknown): LlmteamError {
    const error = storeError(this.#folder, thrown);
    if (error.code === 'STORE_FULL' || error.code === 'STORE_LOCKED') return error;
    const message = `${error.message}; it takes no more writes until it is opened again`;
    this.#failure = new LlmteamError('STORE_FAILED', message, { cause: thrown });
    return this.#failure;
  }

  #moveLog(): void {
    this.#checkpointTurn = null;
    if (this.#failure !== null) return;
    this.#logBytes = 0;
    try {
      this.#checkpoint.get();
    } catch (thrown) {
      // A full disk only puts it off: the log grows until the next attempt.
      this.#judge(thrown);
    }
  }
}

/*
 * Purpose: one transaction, and so one fsync, for everything written in one turn of the event loop.
 * Owns: transactions, checkpoints of the write-ahead log, the failed state.
 * Does not own: what is written; that is up to the writers (journal, key-value store, run index).
 * Invariants:
 *  W1 Everything between BEGIN and COMMIT is synchronous: no reader of the connection ever sees half a group.
 *  W2 A writer is called exactly once per group: `committed` after COMMIT has returned, otherwise `rejected`.
 *  W3 After an error that leaves the state of the disk unknown, nothing is ever written again: a second fsync may report
 *     success for data that the first one lost. A full disk and a lock held by another process are not such errors.
 */
import { LlmteamError } from '@llmteam/contracts';
import type { Database, Statement } from './sqlite-driver.js';
import { storeError } from './store-error.js';

export interface Writer {
  /** Forms a group from the pending writes, small enough for one transaction; false if there are none. */
  take(): boolean;
  /** Writes the group and returns the estimated WAL growth in bytes. Runs within a transaction; synchronous. */
  write(): number;
  committed(): void;
  rejected(error: LlmteamError): void;
}

/** A checkpoint is made after about this many bytes of WAL. */
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

  /** The error that stopped all writes; null if there is none. */
  get failure(): LlmteamError | null {
    return this.#failure;
  }

  add(writer: Writer): void {
    this.#writers.push(writer);
  }

  /** Schedules a flush at the end of this turn of the event loop. */
  schedule(): void {
    this.#turn ??= setImmediate(() => {
      this.#turn = null;
      this.flush();
    });
  }

  /** Writes everything pending now, in as many transactions as needed. */
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
    // In a separate turn so that pending writers are notified first.
    if (this.#logBytes > checkpointBytes) this.#checkpointTurn ??= setImmediate(() => this.#runCheckpoint());
  }

  /** Flushes and stops; the connection may be closed afterwards. */
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
      return this.#classify(thrown);
    }
  }

  #rollBack(): void {
    try {
      this.#database.exec('ROLLBACK');
    } catch {
      // SQLite rolls back by itself after most errors; if it did not, the next BEGIN fails and marks the store as failed.
    }
  }

  #classify(thrown: unknown): LlmteamError {
    const error = storeError(this.#folder, thrown);
    if (error.code === 'STORE_FULL' || error.code === 'STORE_LOCKED') return error;
    const message = `${error.message}; it accepts no more writes until it is reopened`;
    this.#failure = new LlmteamError('STORE_FAILED', message, { cause: thrown });
    return this.#failure;
  }

  #runCheckpoint(): void {
    this.#checkpointTurn = null;
    if (this.#failure !== null) return;
    this.#logBytes = 0;
    try {
      this.#checkpoint.get();
    } catch (thrown) {
      // A full disk only postpones it: the log grows until the next attempt.
      this.#classify(thrown);
    }
  }
}

/*
 * Purpose: the journal's tables, with one row per committed batch of entries.
 * Owns: checksums, finding a batch by position or run. Does not own: transactions, the format of entries.
 */
import { crc32 } from 'node:zlib';
import { LlmteamError, type Position, type RunKey } from '@llmteam/contracts';
import type { Batch } from './batch.js';
import { namedIn } from './batch-text.js';
import { RunBatches } from './run-batches.js';
import type { Database, SqlRow, Statement } from './sqlite-driver.js';

/** No text has this checksum. */
const neverMatches = -1;
/** Of a damaged batch at the end of the journal, where nothing else tells its size. */
const largestSize = 1_000_000;

export class BatchStore {
  readonly #folder: string;
  readonly #runs: RunBatches;
  readonly #insert: Statement;
  readonly #replace: Statement;
  readonly #lastFrom: Statement;
  readonly #beyond: Statement;

  constructor(database: Database, folder: string) {
    this.#folder = folder;
    this.#runs = new RunBatches(database);
    this.#insert = database.prepare('INSERT INTO batch (position, size, checksum, body) VALUES (?, ?, ?, ?)');
    this.#replace = database.prepare('UPDATE batch SET checksum = ?, body = ? WHERE position = ?');
    this.#lastFrom = database.prepare(
      'SELECT position, size, checksum, body FROM batch WHERE position <= ? ORDER BY position DESC LIMIT 1',
    );
    this.#beyond = database.prepare('SELECT position FROM batch WHERE position > ? ORDER BY position LIMIT 1');
  }

  /** Batches after this one must be noted again when the store is opened. */
  get indexed(): Position {
    return this.#runs.indexed;
  }

  /** Returns the estimated WAL growth. Must run within a transaction, followed by `committed` or `rolledBack`. */
  write({ position, size, body }: Batch): number {
    const runs = this.#runs.write();
    this.#insert.run(position, size, checksum(position, body), body);
    return body.length + 8_192 + runs * 4_096;
  }

  /** Stores another text for a batch; returns the estimated WAL growth. Must run within a transaction. */
  replace({ position, body, damage }: Batch): number {
    this.#replace.run(damage === undefined ? checksum(position, body) : neverMatches, body, position);
    return body.length + 8_192;
  }

  committed({ position, body }: Batch, runs: ReadonlyMap<string, RunKey>): void {
    this.#runs.committed();
    this.note(position, runs, body.length);
  }

  rolledBack(): void {
    this.#runs.rolledBack();
  }

  /** Records the runs of a batch that is stored but not indexed yet. */
  note(position: Position, runs: ReadonlyMap<string, RunKey>, characters: number): void {
    this.#runs.note(position, runs, characters);
  }

  /** The batch that holds `position`; undefined past the end. What should be there and is not counts as a damaged batch. */
  holding(position: Position): Batch | undefined {
    const batch = this.#checked(this.#lastFrom.get(position));
    const from = batch === undefined ? 1 : batch.position + batch.size;
    if (batch !== undefined && position < from) return batch;
    const next = this.#after(position);
    if (next === null) return undefined;
    return { position: from, size: next - from, body: '', damage: missing(from) };
  }

  last(): Batch | undefined {
    return this.#checked(this.#lastFrom.get(Number.MAX_SAFE_INTEGER));
  }

  /** The next few batches with entries of the run after the batch `seen`, starting with the one that holds `from`. */
  ofRun(run: RunKey, seen: Position, from: Position): readonly Batch[] {
    return this.#runs.ofRun(run, seen, from).map((position) => {
      const batch = this.holding(position);
      if (batch?.position === position) return batch;
      return { position, size: 1, body: '', damage: missing(position) };
    });
  }

  #checked(row: SqlRow | undefined): Batch | undefined {
    if (row === undefined) return undefined;
    const [position, size, sum, body] = row;
    const intact = typeof position === 'number' && typeof size === 'number' && typeof body === 'string';
    if (intact && sum === checksum(position, body)) return { position, size, body };
    return this.#damaged(Number(position), size, body);
  }

  #damaged(position: Position, size: unknown, body: unknown): Batch {
    return {
      position,
      size: this.#sizeOf(position, size),
      body: typeof body === 'string' ? body : '',
      damage: `the entries from ${position} on are damaged`,
    };
  }

  /** Where the next batch begins is more certain than what a damaged one says. */
  #sizeOf(position: Position, size: unknown): number {
    const next = this.#after(position);
    if (next !== null) return next - position;
    return typeof size === 'number' && Number.isSafeInteger(size) && size > 0 && size <= largestSize ? size : 1;
  }

  /** The runs with entries in a damaged batch, as far as they are known: what its own text says is not certain. */
  runsOf({ position, body }: Batch): readonly RunKey[] {
    return position <= this.indexed ? this.#runs.runsIn(position) : namedIn(body);
  }

  #after(position: Position): Position | null {
    const found = this.#beyond.get(position);
    return found === undefined ? null : Number(found[0]);
  }

  corrupt(what: string): LlmteamError {
    return new LlmteamError('STORE_CORRUPT', `The journal in ${this.#folder} is damaged: ${what}`);
  }
}

function missing(from: Position): string {
  return `the entries from ${from} on are missing`;
}

/** Seeded with the position so that swapped bodies are detected too. */
function checksum(position: Position, body: string): number {
  return crc32(body, position % 2 ** 32);
}

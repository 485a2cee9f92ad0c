/*
 * Purpose: finds the batches that hold entries of a run.
 * Owns: the table that maps runs to batches, and the recent batches not in it yet. The table is written for many batches at
 * a time, one row per run: a row per run and batch would cost as much as the batches themselves.
 * Invariants:
 *  N1 The table is complete up to the batch #indexed, which is stored with it; later batches are only in #recent.
 *  N2 #recent is small enough to be rebuilt from the batches when the store is opened.
 */
import type { Position, RunKey } from '@llmteam/contracts';
import { runKeyText } from './append-draft.js';
import { RunNumbers } from './run-numbers.js';
import type { Database, Statement } from './sqlite-driver.js';

/** #recent is written to the table once it holds this many run/batch pairs or its batches this many characters. */
const recentPairs = 4_096;
const recentCharacters = 32 * 1024 * 1024;
/** How many batches a lookup returns at a time. */
const pageBatches = 8;

export class RunBatches {
  readonly #numbers: RunNumbers;
  readonly #insert: Statement;
  readonly #mark: Statement;
  readonly #ofRun: Statement;
  readonly #ofBatch: Statement;
  readonly #recent = new Map<string, { readonly run: RunKey; readonly batches: Position[] }>();
  #pairs = 0;
  #characters = 0;
  #last: Position = 0;
  #indexed: Position;
  #writing = false;

  constructor(database: Database) {
    this.#numbers = new RunNumbers(database);
    this.#insert = database.prepare(
      `INSERT INTO run_batches (run, last, batches)
       SELECT value ->> 0, value ->> 1, value -> 2 FROM json_each(?)`,
    );
    this.#mark = database.prepare('UPDATE indexed SET batch = ?');
    this.#ofRun = database.prepare(
      `SELECT batches FROM run_batches
       WHERE run = ? AND last > ? AND last >= coalesce((SELECT max(position) FROM batch WHERE position <= ?), 0)
       ORDER BY last LIMIT 1`,
    );
    this.#ofBatch = database.prepare(
      `SELECT DISTINCT tenant_id, run_id FROM run_batches JOIN run ON run.id = run_batches.run
       WHERE last >= ?1 AND EXISTS (SELECT 1 FROM json_each(batches) WHERE value = ?1)`,
    );
    this.#indexed = Number(database.prepare('SELECT batch FROM indexed').get()?.[0]);
  }

  get indexed(): Position {
    return this.#indexed;
  }

  /** Records a committed batch. */
  note(batch: Position, runs: ReadonlyMap<string, RunKey>, characters: number): void {
    for (const [runKey, run] of runs) {
      const recent = this.#recent.get(runKey);
      if (recent === undefined) this.#recent.set(runKey, { run, batches: [batch] });
      else recent.batches.push(batch);
    }
    this.#pairs += runs.size;
    this.#characters += characters;
    this.#last = batch;
  }

  /** Writes #recent to the table if it is large enough; returns the number of rows. Must run within a transaction. */
  write(): number {
    if (this.#pairs < recentPairs && this.#characters < recentCharacters) return 0;
    const recent = [...this.#recent.values()];
    const numbers = this.#numbers.assign(recent.map(({ run }) => run));
    const rows = recent.map(({ batches }, index) => [numbers[index], batches.at(-1), batches]);
    this.#insert.run(JSON.stringify(rows));
    this.#mark.run(this.#last);
    this.#writing = true;
    return recent.length;
  }

  committed(): void {
    if (!this.#writing) return;
    this.#writing = false;
    this.#recent.clear();
    this.#pairs = 0;
    this.#characters = 0;
    this.#indexed = this.#last;
  }

  rolledBack(): void {
    this.#writing = false;
    this.#numbers.forget();
  }

  /** The next few batches of a run after the batch `seen`, starting with the one that holds the entry `from`. */
  ofRun(run: RunKey, seen: Position, from: Position): readonly Position[] {
    const indexed = after(this.#indexedOf(run, seen, from), seen, from);
    if (indexed.length > 0) return indexed.slice(0, pageBatches);
    const { batches = [] } = this.#recent.get(runKeyText(run)) ?? {};
    return after(batches, seen, from).slice(0, pageBatches);
  }

  /** The runs with entries in an indexed batch. Reads the whole table: for batches that do not tell themselves. */
  runsIn(batch: Position): readonly RunKey[] {
    const rows = this.#ofBatch.all(batch);
    return rows.map(([tenantId, runId]) => ({ tenant_id: String(tenantId), run_id: String(runId) }));
  }

  #indexedOf(run: RunKey, seen: Position, from: Position): readonly Position[] {
    const number = this.#numbers.find(run);
    const row = number === null ? undefined : this.#ofRun.get(number, seen, from);
    return row === undefined ? [] : JSON.parse(String(row[0]));
  }
}

/** The batches after `seen` that do not end before `from`, judged by where the next batch in the list starts. */
function after(batches: readonly Position[], seen: Position, from: Position): readonly Position[] {
  return batches.filter((batch, index) => batch > seen && (batches[index + 1] ?? from + 1) > from);
}

/*
 * Purpose: removes the entries of runs from the journal, a few batches per transaction.
 * Owns: the removals that wait. Does not own: the text of a batch (batch-text.ts), who has read it already.
 * Invariants:
 *  R1 A batch keeps its position and its size: the entries of other runs are found as before.
 *  R2 Batches are rewritten in order, so a crash leaves the end of a history, never its beginning. Removing it again completes it.
 */
import { closedError, type LlmteamError, type Position, type RunKey } from '@llmteam/contracts';
import type { Batch } from './batch.js';
import type { BatchStore } from './batch-store.js';
import { withoutRun } from './batch-text.js';
import type { GroupCommit, Writer } from './group-commit.js';
import type { Database } from './sqlite-driver.js';

interface Removal {
  readonly run: RunKey;
  readonly before: Position;
  readonly resolve: () => void;
  readonly reject: (error: LlmteamError) => void;
  /** The last batch that was looked at. */
  seen: Position;
}

export class RunRemovals implements Writer {
  #waiting: Removal[] = [];
  #current: Removal | null = null;
  #rewritten: Batch[] = [];
  #isDone = false;
  #closed = false;

  constructor(
    private readonly database: Pick<Database, 'exec'>,
    private readonly store: BatchStore,
    private readonly commits: Pick<GroupCommit, 'add' | 'schedule'>,
    /** Called for every batch that has another text now. */
    private readonly onRewritten: (batch: Batch) => void,
  ) {
    commits.add(this);
  }

  remove(run: RunKey, before: Position): Promise<void> {
    return new Promise((resolve, reject) => this.#enqueue({ run, before, resolve, reject, seen: 0 }));
  }

  /** Removals that are not complete are rejected. */
  close(): void {
    this.#closed = true;
    for (const { reject } of this.#waiting.splice(0)) reject(closedError('journal'));
  }

  take(): boolean {
    this.#current = this.#waiting.shift() ?? null;
    return this.#current !== null;
  }

  write(): number {
    this.#rewritten = [];
    if (this.#current === null) return 0;
    const { run, before, seen } = this.#current;
    const batches = this.store.ofRun(run, seen, 1);
    this.#isDone = batches.length === 0;
    for (const batch of batches) {
      this.#current.seen = batch.position;
      const rest = withoutRun(batch, run, before);
      if (rest !== null) this.#rewritten.push(rest);
    }
    return this.#replaceAll();
  }

  committed(): void {
    const removal = this.#current;
    if (removal === null) return;
    for (const batch of this.#rewritten) this.onRewritten(batch);
    if (this.#isDone) removal.resolve();
    // In another turn, so that a long history does not hold up others.
    else setImmediate(() => this.#enqueue(removal));
  }

  rejected(error: LlmteamError): void {
    this.#current?.reject(error);
  }

  /** What was there is overwritten in the file, not just unlinked. */
  #replaceAll(): number {
    if (this.#rewritten.length === 0) return 0;
    this.database.exec('PRAGMA secure_delete = ON');
    try {
      return this.#rewritten.reduce((bytes, batch) => bytes + this.store.replace(batch), 0);
    } finally {
      this.database.exec('PRAGMA secure_delete = OFF');
    }
  }

  #enqueue(removal: Removal): void {
    if (this.#closed) {
      removal.reject(closedError('journal'));
      return;
    }
    this.#waiting.push(removal);
    this.commits.schedule();
  }
}

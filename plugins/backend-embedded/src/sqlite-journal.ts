/*
 * Purpose: the durable journal, with one partition and positions without gaps from 1.
 * Owns: order, positions, deduplication by message id. Does not own: transactions (group-commit.ts), tables (batch-store.ts), removal
 * (run-removals.ts).
 * Invariants:
 *  A1 #last is the last committed position; #messages may be ahead of it, but only during a transaction.
 *  A2 Appended entries are serialized immediately; the caller's objects are not retained.
 */
import {
  closedError,
  type Entry,
  type FollowOptions,
  type Journal,
  type LlmteamError,
  type NewEntry,
  type Position,
  type RunKey,
  readableParts,
  type UnreadableMessage,
} from '@llmteam/contracts';
import { type AppendDraft, draftAppend, runKeyText } from './append-draft.js';
import type { Batch } from './batch.js';
import { BatchFollower } from './batch-follower.js';
import { BatchStore } from './batch-store.js';
import { BatchText, parseBatch, parseRun } from './batch-text.js';
import type { GroupCommit, Writer } from './group-commit.js';
import { recallTail } from './journal-tail.js';
import { MessageWindow } from './message-window.js';
import { RunRemovals } from './run-removals.js';
import type { Database } from './sqlite-driver.js';

/** One transaction takes appends until it holds this many entries or characters. */
const groupEntries = 2_000;
const groupCharacters = 4 * 1024 * 1024;

interface Append {
  readonly draft: AppendDraft;
  readonly resolve: (positions: readonly Position[]) => void;
  readonly reject: (error: LlmteamError) => void;
  /** The positions of its entries, once they are written. */
  positions: readonly Position[];
}

/** The appends of one transaction. */
interface Group {
  readonly appends: readonly Append[];
  readonly text: BatchText;
  batch: Batch | null;
}

export class SqliteJournal implements Journal, Writer {
  readonly supports = { durable: true };
  readonly partitions = 1;
  readonly #commits: GroupCommit;
  readonly #store: BatchStore;
  readonly #messages = new MessageWindow();
  readonly #removals: RunRemovals;
  readonly #followers = new Set<BatchFollower>();
  #waiting: Append[] = [];
  #group = groupOf([]);
  #last: Position;
  #closed = false;

  constructor(database: Database, folder: string, commits: GroupCommit) {
    this.#commits = commits;
    this.#store = new BatchStore(database, folder);
    this.#last = recallTail(this.#store, this.#messages);
    commits.add(this);
    this.#removals = new RunRemovals(database, this.#store, commits, (batch) => {
      for (const follower of this.#followers) follower.replace(batch);
    });
  }

  partitionOf(_run: RunKey): number {
    return 0;
  }

  append(run: RunKey, entries: readonly NewEntry[]): Promise<readonly Position[]> {
    return new Promise((resolve, reject) => {
      this.#checkOpen();
      const draft = draftAppend(run, entries);
      if (entries.length === 0) {
        resolve([]);
        return;
      }
      this.#waiting.push({ draft, resolve, reject, positions: [] });
      this.#commits.schedule();
    });
  }

  async *read(run: RunKey, after: Position = 0): AsyncGenerator<Entry> {
    this.#checkOpen();
    let batches = this.#store.ofRun(run, 0, after + 1);
    while (batches.length > 0) {
      for (const batch of batches) yield* this.#entriesOf(batch, run, after);
      this.#checkOpen();
      batches = this.#store.ofRun(run, batches.at(-1)?.position ?? 0, after + 1);
    }
  }

  async *follow(
    partition: number,
    from: Position,
    signal: AbortSignal,
    { unreadable }: FollowOptions = {},
  ): AsyncGenerator<readonly Entry[]> {
    this.#checkOpen();
    checkPartition(partition);
    const start = this.#last;
    const follower = new BatchFollower(from);
    const stop = () => follower.wakeup.ring();
    this.#followers.add(follower);
    signal.addEventListener('abort', stop);
    try {
      let caughtUp = false;
      while (!signal.aborted && !this.#closed) {
        if (!caughtUp && follower.position >= start) {
          caughtUp = true;
          yield [];
          continue;
        }
        const batch = follower.take((position) => this.#store.holding(position));
        if (batch === undefined) await follower.wakeup.wait();
        else yield* readableParts(this.#itemsBeyond(follower, batch), unreadable);
      }
    } finally {
      this.#followers.delete(follower);
      signal.removeEventListener('abort', stop);
    }
  }

  async end(partition: number): Promise<Position> {
    this.#checkOpen();
    checkPartition(partition);
    return this.#last;
  }

  async remove(run: RunKey, before: Position = Number.MAX_SAFE_INTEGER): Promise<void> {
    this.#checkOpen();
    await this.#removals.remove(run, before);
    this.#messages.forgetRun(runKeyText(run), before);
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#commits.flush();
    this.#removals.close();
    for (const follower of this.#followers) follower.wakeup.ring();
  }

  take(): boolean {
    if (this.#waiting.length === 0) return false;
    let entries = 0;
    let characters = 0;
    let count = 0;
    for (const { draft } of this.#waiting) {
      if (entries >= groupEntries || characters >= groupCharacters) break;
      entries += draft.facts.length;
      characters += draft.characters;
      count += 1;
    }
    this.#group = groupOf(this.#waiting.splice(0, count));
    return true;
  }

  write(): number {
    const { appends, text } = this.#group;
    for (const append of appends) {
      const { draft } = append;
      append.positions = this.#messages.positions(draft.runKey, draft.messageIds, (index) => {
        text.add(draft, index);
        return this.#last + text.size;
      });
    }
    if (text.size === 0) return 0;
    this.#group.batch = { position: this.#last + 1, size: text.size, body: text.body };
    return this.#store.write(this.#group.batch);
  }

  committed(): void {
    const { appends, text, batch } = this.#group;
    if (batch !== null) {
      this.#store.committed(batch, text.runs);
      this.#last = batch.position + batch.size - 1;
      for (const follower of this.#followers) follower.offer(batch);
    }
    for (const { resolve, positions } of appends) resolve(positions);
  }

  rejected(error: LlmteamError): void {
    this.#store.rolledBack();
    for (const { draft, reject } of this.#group.appends) {
      this.#messages.forget(draft.runKey, draft.messageIds, this.#last);
      reject(error);
    }
  }

  *#entriesOf(batch: Batch, run: RunKey, after: Position): Generator<Entry> {
    const { position, size, body, damage } = batch;
    if (damage !== undefined && position + size - 1 > after) throw this.#store.corrupt(damage);
    for (const item of parseRun(position, body, run, after)) {
      if ('reason' in item) throw this.#store.corrupt(item.reason);
      yield item;
    }
  }

  /** The entries after the follower's position, which is moved past them. */
  #itemsBeyond(follower: BatchFollower, batch: Batch): readonly (Entry | UnreadableMessage)[] {
    const { position, size, body, damage } = batch;
    const from = follower.position;
    const last = position + size - 1;
    if (last <= from) return [];
    follower.advance(last);
    if (damage !== undefined) return [{ position: last, runs: this.#store.runsOf(batch), reason: damage }];
    const items = parseBatch(position, body);
    return position > from ? items : items.filter((item) => item.position > from);
  }

  #checkOpen(): void {
    if (this.#closed) throw closedError('journal');
  }
}

function checkPartition(partition: number): void {
  if (partition !== 0) throw new RangeError(`Partition ${partition}: there is only 0`);
}

function groupOf(appends: readonly Append[]): Group {
  return { appends, text: new BatchText(), batch: null };
}

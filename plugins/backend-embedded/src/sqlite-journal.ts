/*
 * Purpose: the durable journal: one partition, positions without gaps from 1.
 * Owns: order, positions, which message ids are known. Does not own: transactions (group-commit.ts), tables (batch-store.ts).
 * Invariants:
 *  A1 #last is the end of what is committed; #messages may be ahead of it, but only during a transaction.
 *  A2 What an append hands over becomes text at once; nobody's objects are kept.
 */
import type { Entry, Journal, LlmteamError, NewEntry, Position, RunKey } from '@llmteam/contracts';
import { type AppendDraft, draft_append } from './append-draft.js';
import { BatchFollower } from './batch-follower.js';
import { type Batch, BatchStore } from './batch-store.js';
import { BatchText, parse_batch, parse_run } from './batch-text.js';
import { closed_error } from './closed.js';
import type { GroupCommit, Writer } from './group-commit.js';
import { recall_tail } from './journal-tail.js';
import { MessageWindow } from './message-window.js';
import type { Database } from './sqlite-driver.js';

/** One transaction takes appends until it has so many entries or characters. */
const group_entries = 2_000;
const group_characters = 4 * 1024 * 1024;

interface Append {
  readonly draft: AppendDraft;
  readonly resolve: (positions: readonly Position[]) => void;
  readonly reject: (error: LlmteamError) => void;
  /** Where its entries are, once they are written. */
  positions: readonly Position[];
}

/** What goes into one transaction. */
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
  readonly #followers = new Set<BatchFollower>();
  #waiting: Append[] = [];
  #group = group_of([]);
  #last: Position;
  #closed = false;

  /** `STORE_CORRUPT` if the end of the journal is damaged. */
  constructor(database: Database, folder: string, commits: GroupCommit) {
    this.#commits = commits;
    this.#store = new BatchStore(database, folder);
    this.#last = recall_tail(this.#store, this.#messages);
    commits.add(this);
  }

  partition_of(_run: RunKey): number {
    return 0;
  }

  append(run: RunKey, entries: readonly NewEntry[]): Promise<readonly Position[]> {
    return new Promise((resolve, reject) => {
      this.#check_open();
      const draft = draft_append(run, entries);
      if (entries.length === 0) {
        resolve([]);
        return;
      }
      this.#waiting.push({ draft, resolve, reject, positions: [] });
      this.#commits.schedule();
    });
  }

  async *read(run: RunKey, after: Position = 0): AsyncGenerator<Entry> {
    this.#check_open();
    let batches = this.#store.of_run(run, 0, after + 1);
    while (batches.length > 0) {
      for (const { position, body } of batches) yield* parse_run(position, body, run, after);
      this.#check_open();
      batches = this.#store.of_run(run, batches.at(-1)?.position ?? 0, after + 1);
    }
  }

  async *follow(partition: number, from: Position, signal: AbortSignal): AsyncGenerator<readonly Entry[]> {
    this.#check_open();
    check_partition(partition);
    const start = this.#last;
    const follower = new BatchFollower(from);
    const stop = () => follower.wakeup.ring();
    this.#followers.add(follower);
    signal.addEventListener('abort', stop);
    try {
      let caught_up = false;
      while (!signal.aborted && !this.#closed) {
        if (!caught_up && follower.position >= start) {
          caught_up = true;
          yield [];
          continue;
        }
        const batch = follower.take((position) => this.#store.holding(position));
        const entries = batch === undefined ? [] : entries_beyond(follower, batch);
        if (entries.length > 0) yield entries;
        else if (batch === undefined) await follower.wakeup.wait();
      }
    } finally {
      this.#followers.delete(follower);
      signal.removeEventListener('abort', stop);
    }
  }

  async end(partition: number): Promise<Position> {
    this.#check_open();
    check_partition(partition);
    return this.#last;
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#commits.flush();
    for (const follower of this.#followers) follower.wakeup.ring();
  }

  take(): boolean {
    if (this.#waiting.length === 0) return false;
    let entries = 0;
    let characters = 0;
    let count = 0;
    for (const { draft } of this.#waiting) {
      if (entries >= group_entries || characters >= group_characters) break;
      entries += draft.facts.length;
      characters += draft.characters;
      count += 1;
    }
    this.#group = group_of(this.#waiting.splice(0, count));
    return true;
  }

  write(): number {
    const { appends, text } = this.#group;
    for (const append of appends) {
      const { draft } = append;
      append.positions = this.#messages.positions(draft.mark, draft.message_ids, (index) => {
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
    this.#store.rolled_back();
    for (const { draft, reject } of this.#group.appends) {
      this.#messages.forget(draft.mark, draft.message_ids, this.#last);
      reject(error);
    }
  }

  #check_open(): void {
    if (this.#closed) throw closed_error('journal');
  }
}

function check_partition(partition: number): void {
  if (partition !== 0) throw new RangeError(`Partition ${partition}: there is only 0`);
}

function entries_beyond(follower: BatchFollower, { position, size, body }: Batch): readonly Entry[] {
  const skipped = Math.max(0, follower.position + 1 - position);
  if (skipped >= size) return [];
  follower.position = position + size - 1;
  const entries = parse_batch(position, body);
  return skipped === 0 ? entries : entries.slice(skipped);
}

function group_of(appends: readonly Append[]): Group {
  return { appends, text: new BatchText(), batch: null };
}

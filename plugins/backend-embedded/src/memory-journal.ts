import type { Entry, Journal, NewEntry, Position, RunKey } from '@llmteam/contracts';
import { draft_append, run_mark } from './append-draft.js';
import { closed_error } from './closed.js';
import { MessageWindow } from './message-window.js';
import { Wakeup } from './wakeup.js';

/** The most entries one batch for a follower holds. */
const entries_per_batch = 1_000;

interface KeptEntry extends RunKey {
  readonly message_id: string;
  /** JSON text. */
  readonly fact: string;
}

interface Partition {
  /** All entries; the one at index i has position i + 1. */
  readonly entries: KeptEntry[];
  /** Per run, the positions of its entries. */
  readonly runs: Map<string, Position[]>;
  readonly messages: MessageWindow;
  readonly followers: Set<Wakeup>;
}

/** The reference journal: all in memory, facts as text, so that nothing is shared with those who write and read. */
export class MemoryJournal implements Journal {
  readonly supports = { durable: false };
  readonly partitions: number;
  readonly #partitions: readonly Partition[];
  #closed = false;

  constructor(partitions: number) {
    this.partitions = partitions;
    this.#partitions = Array.from({ length: partitions }, () => ({
      entries: [],
      runs: new Map(),
      messages: new MessageWindow(),
      followers: new Set(),
    }));
  }

  partition_of(run: RunKey): number {
    return hash(run_mark(run)) % this.partitions;
  }

  async append(run: RunKey, entries: readonly NewEntry[]): Promise<readonly Position[]> {
    this.#check_open();
    const partition = this.#partition(this.partition_of(run));
    const { mark, message_ids, facts, tenant_id, run_id } = draft_append(run, entries);
    const history = partition.runs.get(mark) ?? [];
    partition.runs.set(mark, history);
    const positions = partition.messages.positions(mark, message_ids, (index) => {
      const [message_id = '', fact = ''] = [message_ids[index], facts[index]];
      const position = partition.entries.push({ tenant_id, run_id, message_id, fact });
      history.push(position);
      return position;
    });
    for (const follower of partition.followers) follower.ring();
    return positions;
  }

  async *read(run: RunKey, after: Position = 0): AsyncGenerator<Entry> {
    this.#check_open();
    const { entries, runs } = this.#partition(this.partition_of(run));
    for (const position of runs.get(run_mark(run)) ?? []) {
      this.#check_open();
      if (position > after) yield* copies_of(entries, position - 1, 1);
    }
  }

  async *follow(partition: number, from: Position, signal: AbortSignal): AsyncGenerator<readonly Entry[]> {
    this.#check_open();
    const { entries, followers } = this.#partition(partition);
    const start = entries.length;
    const wakeup = new Wakeup();
    const stop = () => wakeup.ring();
    followers.add(wakeup);
    signal.addEventListener('abort', stop);
    try {
      let at = from;
      let caught_up = false;
      while (!signal.aborted && !this.#closed) {
        if (at >= start && !caught_up) {
          caught_up = true;
          yield [];
        } else if (at < entries.length) {
          const batch = copies_of(entries, at, entries_per_batch);
          at += batch.length;
          yield batch;
        } else {
          await wakeup.wait();
        }
      }
    } finally {
      followers.delete(wakeup);
      signal.removeEventListener('abort', stop);
    }
  }

  async end(partition: number): Promise<Position> {
    this.#check_open();
    return this.#partition(partition).entries.length;
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const { followers } of this.#partitions) {
      for (const follower of followers) follower.ring();
    }
  }

  #partition(index: number): Partition {
    const partition = this.#partitions[index];
    if (partition === undefined) throw new RangeError(`Partition ${index}: there are ${this.partitions}, from 0`);
    return partition;
  }

  #check_open(): void {
    if (this.#closed) throw closed_error('journal');
  }
}

function copies_of(entries: readonly KeptEntry[], start: number, count: number): Entry[] {
  return entries.slice(start, start + count).map(({ tenant_id, run_id, message_id, fact }, index) => {
    return { position: start + index + 1, tenant_id, run_id, message_id, fact: JSON.parse(fact) };
  });
}

/** FNV-1a: the same on every machine, so a run stays in its partition. */
function hash(text: string): number {
  let hashed = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) {
    hashed = Math.imul(hashed ^ text.charCodeAt(index), 0x01000193);
  }
  return hashed >>> 0;
}

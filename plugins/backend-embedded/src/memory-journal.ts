import { closedError, type Entry, type Journal, type NewEntry, type Position, type RunKey } from '@llmteam/contracts';
import { draftAppend, runKeyText } from './append-draft.js';
import { MessageWindow } from './message-window.js';
import { Wakeup } from './wakeup.js';

/** The maximum number of entries per batch for a follower. */
const entriesPerBatch = 1_000;

interface KeptEntry extends RunKey {
  readonly message_id: string;
  /** JSON text. */
  readonly fact: string;
}

interface Partition {
  /** All entries; index i has position i + 1. Null where one was removed. */
  readonly entries: (KeptEntry | null)[];
  /** The positions of each run's entries. */
  readonly runs: Map<string, Position[]>;
  readonly messages: MessageWindow;
  readonly followers: Set<Wakeup>;
}

/** The reference journal, in memory. Facts are kept as text so that no objects are shared with writers or readers. */
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

  partitionOf(run: RunKey): number {
    return hash(runKeyText(run)) % this.partitions;
  }

  async append(run: RunKey, entries: readonly NewEntry[]): Promise<readonly Position[]> {
    this.#checkOpen();
    const partition = this.#partition(this.partitionOf(run));
    const { runKey, messageIds, facts, tenant_id, run_id } = draftAppend(run, entries);
    const history = partition.runs.get(runKey) ?? [];
    partition.runs.set(runKey, history);
    const positions = partition.messages.positions(runKey, messageIds, (index) => {
      const [messageId = '', fact = ''] = [messageIds[index], facts[index]];
      const position = partition.entries.push({ tenant_id, run_id, message_id: messageId, fact });
      history.push(position);
      return position;
    });
    for (const follower of partition.followers) follower.ring();
    return positions;
  }

  async *read(run: RunKey, after: Position = 0): AsyncGenerator<Entry> {
    this.#checkOpen();
    const { entries, runs } = this.#partition(this.partitionOf(run));
    for (const position of runs.get(runKeyText(run)) ?? []) {
      this.#checkOpen();
      if (position > after) yield* copiesOf(entries, position - 1, 1);
    }
  }

  async *follow(partition: number, from: Position, signal: AbortSignal): AsyncGenerator<readonly Entry[]> {
    this.#checkOpen();
    const { entries, followers } = this.#partition(partition);
    const start = entries.length;
    const wakeup = new Wakeup();
    const stop = () => wakeup.ring();
    followers.add(wakeup);
    signal.addEventListener('abort', stop);
    try {
      let at = from;
      let caughtUp = false;
      while (!signal.aborted && !this.#closed) {
        if (at >= start && !caughtUp) {
          caughtUp = true;
          yield [];
        } else if (at < entries.length) {
          const batch = copiesOf(entries, at, entriesPerBatch);
          at = Math.min(at + entriesPerBatch, entries.length);
          if (batch.length > 0) yield batch;
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
    this.#checkOpen();
    return this.#partition(partition).entries.length;
  }

  async remove(run: RunKey, before: Position = Number.POSITIVE_INFINITY): Promise<void> {
    this.#checkOpen();
    const { entries, runs, messages } = this.#partition(this.partitionOf(run));
    const runKey = runKeyText(run);
    const positions = runs.get(runKey) ?? [];
    for (const position of positions) if (position < before) entries[position - 1] = null;
    const kept = positions.filter((position) => position >= before);
    if (kept.length === 0) runs.delete(runKey);
    else runs.set(runKey, kept);
    messages.forgetRun(runKey, before);
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

  #checkOpen(): void {
    if (this.#closed) throw closedError('journal');
  }
}

function copiesOf(entries: readonly (KeptEntry | null)[], start: number, count: number): Entry[] {
  return entries.slice(start, start + count).flatMap((kept, index) => {
    if (kept === null) return [];
    const { tenant_id, run_id, message_id, fact } = kept;
    return [{ position: start + index + 1, tenant_id, run_id, message_id, fact: JSON.parse(fact) }];
  });
}

/** FNV-1a: stable across machines, so a run stays in its partition. */
function hash(text: string): number {
  let hashed = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) {
    hashed = Math.imul(hashed ^ text.charCodeAt(index), 0x01000193);
  }
  return hashed >>> 0;
}

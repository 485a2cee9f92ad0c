import { closedError, type Entry, type Journal, type NewEntry, type RunKey } from '@llmteam/contracts';
import type { Space } from './space.js';

export class MemoryJournal implements Journal {
  readonly supports = { durable: false };
  readonly partitions: number;
  private readonly closing = new AbortController();

  constructor(private readonly space: Space) {
    this.partitions = space.partitions.length;
  }

  partitionOf({ tenant_id, run_id }: RunKey): number {
    let hash = 0;
    for (const sign of `${tenant_id}/${run_id}`) hash = (hash * 31 + (sign.codePointAt(0) ?? 0)) >>> 0;
    return hash % this.partitions;
  }

  async append(run: RunKey, entries: readonly NewEntry[]): Promise<readonly number[]> {
    const partition = this.partition(this.partitionOf(run));
    // First all texts: a fact that is not JSON must leave nothing behind (J1).
    const texts = entries.map(({ fact }) => JSON.stringify(fact));
    const positions = entries.map(({ message_id }, place) => {
      const message = messageKey(run, message_id);
      const earlier = partition.known.get(message);
      if (earlier !== undefined) return earlier;
      partition.end += 1;
      partition.known.set(message, partition.end);
      const { tenant_id, run_id } = run;
      partition.entries.push({ tenant_id, run_id, message_id, position: partition.end, fact: texts[place] ?? '' });
      return partition.end;
    });
    if (positions.length > 0) this.space.appended.announce();
    return positions;
  }

  async *read(run: RunKey, after = 0): AsyncGenerator<Entry> {
    const { entries } = this.partition(this.partitionOf(run));
    for (const entry of entries.filter((one) => isOf(one, run) && one.position > after)) yield copy(entry);
  }

  async *follow(partition: number, from: number, signal: AbortSignal): AsyncGenerator<readonly Entry[]> {
    const followed = this.partition(partition);
    const stop = AbortSignal.any([signal, this.closing.signal]);
    const existing = followed.end;
    let last = from;
    let hasCaughtUp = false;
    while (!stop.aborted) {
      const first = followed.entries.findLastIndex(({ position }) => position <= last) + 1;
      const batch = followed.entries.slice(first).map(copy);
      last = Math.max(last, batch.at(-1)?.position ?? 0);
      if (batch.length > 0) yield batch;
      else if (hasCaughtUp) await this.space.appended.next(stop);
      if (hasCaughtUp || (batch.length > 0 && last < existing)) continue;
      hasCaughtUp = true;
      yield [];
    }
  }

  async end(partition: number): Promise<number> {
    return this.partition(partition).end;
  }

  async remove(run: RunKey, before = Number.POSITIVE_INFINITY): Promise<void> {
    const partition = this.partition(this.partitionOf(run));
    partition.entries = partition.entries.filter((entry) => !isOf(entry, run) || entry.position >= before);
  }

  async close(): Promise<void> {
    this.closing.abort();
  }

  private partition(number: number): Space['partitions'][number] {
    const partition = this.space.partitions[number];
    if (this.closing.signal.aborted || partition === undefined) throw closedError('journal');
    return partition;
  }
}

function messageKey({ tenant_id, run_id }: RunKey, messageId: string): string {
  return JSON.stringify([tenant_id, run_id, messageId]);
}

function isOf(entry: RunKey, run: RunKey): boolean {
  return entry.tenant_id === run.tenant_id && entry.run_id === run.run_id;
}

function copy({ fact, ...entry }: Space['partitions'][number]['entries'][number]): Entry {
  return { ...entry, fact: JSON.parse(fact) };
}

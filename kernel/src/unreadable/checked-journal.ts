import {
  type Entry,
  type FollowOptions,
  type Journal,
  LlmteamError,
  type NewEntry,
  type Position,
  type RunKey,
  readableParts,
  type UnreadableMessage,
} from '@llmteam/contracts';
import { type FactFault, factFaults } from './fact-fault.js';

/** A journal decorator: an entry whose fact is none is a message that cannot be read (J10). */
export class CheckedJournal implements Journal {
  private readonly faultOf: FactFault = factFaults();

  constructor(private readonly inner: Journal) {}

  get supports(): Journal['supports'] {
    return this.inner.supports;
  }

  get partitions(): number {
    return this.inner.partitions;
  }

  partitionOf(run: RunKey): number {
    return this.inner.partitionOf(run);
  }

  append(run: RunKey, entries: readonly NewEntry[]): Promise<readonly Position[]> {
    return this.inner.append(run, entries);
  }

  async *read(run: RunKey, after?: Position): AsyncIterable<Entry> {
    for await (const entry of this.inner.read(run, after)) {
      const fault = this.faultOf(entry.fact);
      if (fault !== null) throw new LlmteamError('STORE_CORRUPT', `${inHistoryOf(run)}: ${reasonOf(entry, fault)}`);
      yield entry;
    }
  }

  async *follow(
    partition: number,
    from: Position,
    signal: AbortSignal,
    options: FollowOptions = {},
  ): AsyncIterable<readonly Entry[]> {
    for await (const batch of this.inner.follow(partition, from, signal, options)) {
      const items = batch.map((entry) => this.look(entry));
      if (items.every((item, index) => item === batch[index])) yield batch;
      else yield* readableParts(items, options.unreadable);
    }
  }

  end(partition: number): Promise<Position> {
    return this.inner.end(partition);
  }

  remove(run: RunKey, before?: Position): Promise<void> {
    return this.inner.remove(run, before);
  }

  close(): Promise<void> {
    return this.inner.close();
  }

  private look(entry: Entry): Entry | UnreadableMessage {
    const fault = this.faultOf(entry.fact);
    if (fault === null) return entry;
    const { tenant_id, run_id, position } = entry;
    return { position, runs: [{ tenant_id, run_id }], reason: reasonOf(entry, fault) };
  }
}

export function inHistoryOf({ run_id }: RunKey): string {
  return `the history of run '${run_id}' cannot be read`;
}

export function reasonOf({ position }: Entry, fault: string): string {
  return `entry ${position}: ${fault}`;
}

/**
 * Purpose: a journal decorator that stores values larger than `caps.inline_value_bytes` in Blobs and restores them for readers.
 * Owns: which members of a fact are eligible. Invariant: a reader sees exactly the fact that was appended.
 */
import {
  type Blobs,
  caps,
  type Entry,
  type Fact,
  type Journal,
  type Json,
  type NewEntry,
  type Position,
  type RunKey,
} from '@llmteam/contracts';
import { isSmall } from './rough-size.js';

/** The member that may hold user data, by fact type; each port in `ports` is stored separately. */
const dataMembers: Partial<Record<Fact['type'], string>> = {
  'run.requested': 'input',
  'step.reported': 'ports',
  'step.memoized': 'value',
  'signal.received': 'payload',
  'task.answered': 'answer',
  'child.ended': 'output',
  'run.ended': 'output',
};

type Slots = Record<string, Json>;

export class LargeValueJournal implements Journal {
  constructor(
    private readonly inner: Journal,
    private readonly blobs: Blobs,
  ) {}

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
    if (entries.every((entry) => isInline(entry.fact))) return this.inner.append(run, entries);
    return this.appendLarge(run, entries);
  }

  private async appendLarge(run: RunKey, entries: readonly NewEntry[]): Promise<readonly Position[]> {
    const small = await Promise.all(
      entries.map(async (entry) => ({ ...entry, fact: await this.moveToBlobs(entry.fact) })),
    );
    return this.inner.append(run, small);
  }

  private async moveToBlobs(fact: Fact): Promise<Fact> {
    const member = dataMembers[fact.type];
    if (member === undefined || isInline(fact)) return fact;
    const large: Record<string, string> = {};
    const copy: Slots = { ...(fact as unknown as Slots) };
    const owner = member === 'ports' ? { ...(copy.ports as Slots) } : copy;
    for (const name of member === 'ports' ? Object.keys(owner) : [member]) {
      const value = owner[name] ?? null;
      if (isSmall(value, caps.inline_value_bytes)) continue;
      large[member === 'ports' ? `/ports/${name}` : `/${name}`] = await this.store(value);
      owner[name] = null;
    }
    if (member === 'ports') copy.ports = owner;
    return { ...(copy as unknown as Fact), large };
  }

  private store(value: Json): Promise<string> {
    return this.blobs.put(new TextEncoder().encode(JSON.stringify(value)));
  }

  async *read(run: RunKey, after?: Position): AsyncIterable<Entry> {
    for await (const entry of this.inner.read(run, after)) {
      yield entry.fact.large === undefined ? entry : await this.restore(entry);
    }
  }

  async *follow(...given: Parameters<Journal['follow']>): AsyncIterable<readonly Entry[]> {
    for await (const batch of this.inner.follow(...given)) {
      if (batch.every((entry) => entry.fact.large === undefined)) yield batch;
      else yield await Promise.all(batch.map((entry) => this.restore(entry)));
    }
  }

  private async restore(entry: Entry): Promise<Entry> {
    const { large, ...fact } = entry.fact as Fact & { ports?: Slots };
    if (large === undefined) return entry;
    const whole = fact as unknown as Slots;
    for (const [pointer, hash] of Object.entries(large)) {
      const value = JSON.parse(new TextDecoder().decode(await this.blobs.get(hash))) as Json;
      const port = pointer.startsWith('/ports/') ? pointer.slice('/ports/'.length) : null;
      if (port === null) whole[pointer.slice(1)] = value;
      else whole.ports = { ...(whole.ports as Slots), [port]: value };
    }
    return { ...entry, fact: whole as unknown as Fact };
  }

  end(partition: number): Promise<Position> {
    return this.inner.end(partition);
  }

  close(): Promise<void> {
    return this.inner.close();
  }
}

function isInline(fact: Fact): boolean {
  const member = dataMembers[fact.type];
  if (member === undefined) return true;
  const value = (fact as unknown as Slots)[member];
  return value === undefined || isSmall(value, caps.inline_value_bytes);
}

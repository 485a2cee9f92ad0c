/**
 * Purpose: a journal decorator that stores values larger than `caps.inline_value_bytes` in Blobs and restores them for readers.
 * Owns: which members of a fact are eligible, and the blobs: each begins with a line that names its run, so it belongs to that run alone
 * and is removed with it.
 * Invariant: a reader sees exactly the fact that was appended.
 */
import {
  type Blobs,
  caps,
  type Entry,
  type Fact,
  isLlmteamError,
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

/** No JSON text begins with it. */
const ownerMark = '#';

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
      entries.map(async (entry) => ({ ...entry, fact: await this.moveToBlobs(run, entry.fact) })),
    );
    return this.inner.append(run, small);
  }

  private async moveToBlobs(run: RunKey, fact: Fact): Promise<Fact> {
    const member = dataMembers[fact.type];
    if (member === undefined || isInline(fact)) return fact;
    const large: Record<string, string> = {};
    const copy: Slots = { ...(fact as unknown as Slots) };
    const owner = member === 'ports' ? { ...(copy.ports as Slots) } : copy;
    for (const name of member === 'ports' ? Object.keys(owner) : [member]) {
      const value = owner[name] ?? null;
      if (isSmall(value, caps.inline_value_bytes)) continue;
      large[member === 'ports' ? `/ports/${name}` : `/${name}`] = await this.store(run, value);
      owner[name] = null;
    }
    if (member === 'ports') copy.ports = owner;
    return { ...(copy as unknown as Fact), large };
  }

  private store({ tenant_id, run_id }: RunKey, value: Json): Promise<string> {
    const owner = JSON.stringify([tenant_id, run_id]);
    return this.blobs.put(new TextEncoder().encode(`${ownerMark}${owner}\n${JSON.stringify(value)}`));
  }

  async *read(run: RunKey, after?: Position): AsyncIterable<Entry> {
    for await (const entry of this.inner.read(run, after)) {
      const whole = entry.fact.large === undefined ? entry : await this.unlessRemoved(entry);
      if (whole !== null) yield whole;
    }
  }

  async *follow(...args: Parameters<Journal['follow']>): AsyncIterable<readonly Entry[]> {
    for await (const batch of this.inner.follow(...args)) {
      if (batch.every((entry) => entry.fact.large === undefined)) yield batch;
      else {
        const whole = await Promise.all(batch.map((entry) => this.unlessRemoved(entry)));
        const kept = whole.filter((entry) => entry !== null);
        if (kept.length > 0) yield kept;
      }
    }
  }

  /** Null if the entry was removed, with its blobs, after it was read. */
  private async unlessRemoved(entry: Entry): Promise<Entry | null> {
    try {
      return await this.restore(entry);
    } catch (error) {
      if (!isLlmteamError(error) || error.code !== 'BLOB_MISSING') throw error;
      for await (const { position } of this.inner.read(entry)) if (position === entry.position) throw error;
      return null;
    }
  }

  private async restore(entry: Entry): Promise<Entry> {
    const { large, ...fact } = entry.fact as Fact & { ports?: Slots };
    if (large === undefined) return entry;
    const whole = fact as unknown as Slots;
    for (const [pointer, hash] of Object.entries(large)) {
      const text = new TextDecoder().decode(await this.blobs.get(hash));
      const value = JSON.parse(text.startsWith(ownerMark) ? text.slice(text.indexOf('\n') + 1) : text) as Json;
      const port = pointer.startsWith('/ports/') ? pointer.slice('/ports/'.length) : null;
      if (port === null) whole[pointer.slice(1)] = value;
      else whole.ports = { ...(whole.ports as Slots), [port]: value };
    }
    return { ...entry, fact: whole as unknown as Fact };
  }

  /** The history goes first: a value without its blob would stop whoever follows the partition. */
  async remove(run: RunKey, before: Position = Number.POSITIVE_INFINITY): Promise<void> {
    const hashes = new Set<string>();
    for await (const { position, fact } of this.inner.read(run)) {
      if (position < before) for (const hash of Object.values(fact.large ?? {})) hashes.add(hash);
    }
    await (before === Number.POSITIVE_INFINITY ? this.inner.remove(run) : this.inner.remove(run, before));
    for (const hash of hashes) await this.removeOwned(hash);
  }

  /** Blobs of earlier releases name no run: others may use them. */
  private async removeOwned(hash: string): Promise<void> {
    try {
      const [first] = await this.blobs.get(hash);
      if (first === ownerMark.charCodeAt(0)) await this.blobs.remove(hash);
    } catch (error) {
      if (!isLlmteamError(error) || error.code !== 'BLOB_MISSING') throw error;
    }
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

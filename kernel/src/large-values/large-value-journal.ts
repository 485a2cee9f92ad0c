/**
 * Purpose: a journal decorator that stores values larger than `caps.inline_value_bytes` in Blobs and restores them for readers.
 * Owns: which members of a fact are eligible, and the blobs: each begins with a line that names its run, so it belongs to that run alone
 * and is removed with it.
 * Invariant: a reader sees exactly the fact that was appended. An entry whose values cannot be restored is a message that cannot be read
 * (J10).
 */
import {
  type Blobs,
  caps,
  type Entry,
  type Fact,
  type FollowOptions,
  isLlmteamError,
  type Journal,
  type Json,
  LlmteamError,
  type NewEntry,
  type Position,
  type RunKey,
  readableParts,
  type UnreadableMessage,
} from '@llmteam/contracts';
import { inHistoryOf, reasonOf } from '../unreadable/checked-journal.js';
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
      const whole = await this.restoredOrNot(entry);
      if (whole === null) continue;
      if ('reason' in whole) throw new LlmteamError('STORE_CORRUPT', `${inHistoryOf(run)}: ${whole.reason}`);
      yield whole;
    }
  }

  async *follow(
    partition: number,
    from: Position,
    signal: AbortSignal,
    options: FollowOptions = {},
  ): AsyncIterable<readonly Entry[]> {
    for await (const batch of this.inner.follow(partition, from, signal, options)) {
      if (batch.every((entry) => entry.fact.large === undefined)) yield batch;
      else {
        const items = await Promise.all(batch.map((entry) => this.restoredOrNot(entry)));
        yield* readableParts(
          items.filter((item) => item !== null),
          options.unreadable,
        );
      }
    }
  }

  /** Null if the entry was removed, with its blobs, after it was read. */
  private async restoredOrNot(entry: Entry): Promise<Entry | UnreadableMessage | null> {
    if (entry.fact.large === undefined) return entry;
    try {
      return await this.restore(entry);
    } catch (error) {
      if (!isLlmteamError(error) || (error.code !== 'BLOB_MISSING' && error.code !== 'STORE_CORRUPT')) throw error;
      if (!(await this.isThere(entry))) return null;
      const { tenant_id, run_id, position } = entry;
      return { position, runs: [{ tenant_id, run_id }], reason: reasonOf(entry, error.message) };
    }
  }

  private async isThere({ position, tenant_id, run_id }: Entry): Promise<boolean> {
    try {
      for await (const entry of this.inner.read({ tenant_id, run_id }, position - 1))
        return entry.position === position;
      return false;
    } catch (error) {
      if (!isLlmteamError(error) || error.code !== 'STORE_CORRUPT') throw error;
      return true;
    }
  }

  private async restore(entry: Entry): Promise<Entry> {
    const { large, ...fact } = entry.fact as Fact & { ports?: Slots };
    if (large === undefined) return entry;
    const whole = fact as unknown as Slots;
    for (const [pointer, hash] of Object.entries(large ?? {})) {
      if (typeof hash !== 'string') throw new LlmteamError('STORE_CORRUPT', `'${pointer}' is not the hash of a value`);
      const value = await this.load(hash);
      const port = pointer.startsWith('/ports/') ? pointer.slice('/ports/'.length) : null;
      if (port === null && pointer !== `/${dataMembers[fact.type]}`) {
        throw new LlmteamError('STORE_CORRUPT', `there is no place for the large value '${pointer}'`);
      }
      if (port === null) whole[pointer.slice(1)] = value;
      else whole.ports = { ...(whole.ports as Slots), [port]: value };
    }
    return { ...entry, fact: whole as unknown as Fact };
  }

  private async load(hash: string): Promise<Json> {
    const text = new TextDecoder().decode(await this.blobs.get(hash));
    try {
      return JSON.parse(text.startsWith(ownerMark) ? text.slice(text.indexOf('\n') + 1) : text) as Json;
    } catch (cause) {
      throw new LlmteamError('STORE_CORRUPT', `the large value ${hash} is not JSON`, { cause });
    }
  }

  /** The history goes first: a value without its blob would stop whoever follows the partition. */
  async remove(run: RunKey, before: Position = Number.POSITIVE_INFINITY): Promise<void> {
    const hashes = await this.hashesIn(run, before);
    await (before === Number.POSITIVE_INFINITY ? this.inner.remove(run) : this.inner.remove(run, before));
    for (const hash of hashes) await this.removeOwned(hash);
  }

  /** As far as the history can be read. */
  private async hashesIn(run: RunKey, before: Position): Promise<ReadonlySet<string>> {
    const hashes = new Set<string>();
    try {
      for await (const { position, fact } of this.inner.read(run)) {
        if (position < before) for (const hash of Object.values(fact.large ?? {})) hashes.add(String(hash));
      }
    } catch (error) {
      if (!isLlmteamError(error) || error.code !== 'STORE_CORRUPT') throw error;
    }
    return hashes;
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

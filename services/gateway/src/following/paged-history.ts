/**
 * Purpose: lists that are read from the histories of runs, in pages.
 * Owns: readings that stopped at the end of a page, so that the next page costs what it holds. Any other page is read from the beginning.
 * Invariant: a page takes the memory of its own items, not of the whole history.
 */
import type { RunKey } from '@llmteam/contracts';
import { LRUCache } from 'lru-cache';
import type { ReplayGate } from './replay-gate.js';

/** Reads what a run holds of one kind, in order. */
export interface Reading<T> {
  /** The next item; null at the end. */
  next(): Promise<T | null>;
  /** Whether `next` after the end finds what was added since. */
  readonly goesOn: boolean;
}

export interface HistoryPage<R> {
  /** A JSON array of the items: each was made into text as it was read. */
  readonly json: string;
  /** The index after the last item. */
  readonly end: number;
  /** Whether there are more items. */
  readonly isCut: boolean;
  readonly reading: R;
}

export interface PageRequest {
  /** Index of the first item. */
  readonly first: number;
  readonly limit: number;
  /** Aborts when nobody waits for the page any more. */
  readonly signal: AbortSignal;
}

interface Stopped<T, R> {
  readonly reading: R;
  /** Read, but not on the page. */
  readonly ahead: T | null;
}

/** Each holds the state of a run. */
const mostStopped = 4;
const stoppedMs = 60_000;
/** Characters. A page is cut short beyond this: its client may be slow to take it. */
const pageSize = 1024 * 1024;

export class PagedHistory<T, R extends Reading<T> = Reading<T>> {
  private readonly stopped = new LRUCache<string, Stopped<T, R>>({ max: mostStopped, ttl: stoppedMs });
  private drops = 0;

  constructor(
    private readonly gate: ReplayGate,
    private readonly open: (run: RunKey) => R,
  ) {}

  /** The items from index `first` on. Throws the reason of the signal if it aborts while others are read. */
  page(run: RunKey, { first, limit, signal }: PageRequest): Promise<HistoryPage<R>> {
    return this.gate.pass(run.tenant_id, async () => {
      signal.throwIfAborted();
      const drops = this.drops;
      const { reading, ahead } = this.take(run, first) ?? (await skip(this.open(run), first));
      const { texts, rest } = await collect(reading, ahead, limit);
      const end = first + texts.length;
      const goesOn = drops === this.drops && (rest !== null || reading.goesOn);
      if (goesOn) this.stopped.set(placeOf(run, end), { reading, ahead: rest });
      return { json: `[${texts.join()}]`, end, isCut: rest !== null, reading };
    });
  }

  /** Forgets what was read of runs: one was removed, and may begin anew. */
  drop(): void {
    this.drops++;
    this.stopped.clear();
  }

  /** A reading serves one page at a time. */
  private take(run: RunKey, first: number): Stopped<T, R> | undefined {
    const place = placeOf(run, first);
    const stopped = this.stopped.get(place);
    this.stopped.delete(place);
    return stopped;
  }
}

async function skip<T, R extends Reading<T>>(reading: R, count: number): Promise<Stopped<T, R>> {
  for (let left = count; left > 0; left--) if ((await reading.next()) === null) break;
  return { reading, ahead: null };
}

async function collect<T>(
  reading: Reading<T>,
  ahead: T | null,
  limit: number,
): Promise<{ readonly texts: string[]; readonly rest: T | null }> {
  const texts: string[] = [];
  let size = 0;
  let item = ahead ?? (await reading.next());
  for (; item !== null; item = await reading.next()) {
    if (texts.length === limit || size > pageSize) break;
    const text = JSON.stringify(item);
    texts.push(text);
    size += text.length;
  }
  return { texts, rest: item };
}

function placeOf({ tenant_id, run_id }: RunKey, next: number): string {
  return `${tenant_id}/${run_id}/${next}`;
}

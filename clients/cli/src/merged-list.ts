/**
 * Purpose: merges the lists of several stores into one, newest first.
 * Owns: its cursor, which identifies the last row shown. It contains no store cursors, so stores may come and go between pages.
 */
import { LlmteamError, type Page } from '@llmteam/contracts';

export interface Place {
  /** Epoch milliseconds. */
  readonly at: number;
  readonly id: string;
}

export interface MergedPage<T> {
  readonly rows: readonly T[];
  readonly cursor: string | null;
}

/** Maximum page size of a store. */
const maxPageRows = 1_000;

/** The first `limit` + 1 rows of one store after a place. */
export async function rowsAfter<T>(
  read: (page: { cursor?: string; limit: number }) => Promise<Page<T>>,
  placeOf: (row: T) => Place,
  after: Place | null,
  limit: number,
): Promise<T[]> {
  const rows: T[] = [];
  let cursor: string | null = null;
  do {
    const size = after === null ? Math.min(limit + 1, maxPageRows) : maxPageRows;
    const page: Page<T> = await read({ limit: size, ...(cursor !== null && { cursor }) });
    rows.push(...page.rows.filter((row) => after === null || compare(placeOf(row), after) > 0));
    cursor = page.cursor;
  } while (cursor !== null && rows.length <= limit);
  return rows.slice(0, limit + 1);
}

export function merge<T>(lists: readonly (readonly T[])[], placeOf: (row: T) => Place, limit: number): MergedPage<T> {
  const sorted = lists.flat().sort((a, b) => compare(placeOf(a), placeOf(b)));
  // An ended run may be in two stores.
  const all = sorted.filter((row, place) => {
    const before = sorted[place - 1];
    return before === undefined || compare(placeOf(before), placeOf(row)) !== 0;
  });
  const rows = all.slice(0, limit);
  const last = rows.at(-1);
  return { rows, cursor: all.length <= limit || last === undefined ? null : cursorOf(placeOf(last)) };
}

/** Newest first, ties by id: the order of every store. */
function compare(a: Place, b: Place): number {
  if (a.at !== b.at) return b.at - a.at;
  if (a.id === b.id) return 0;
  return a.id < b.id ? -1 : 1;
}

function cursorOf({ at, id }: Place): string {
  return Buffer.from(JSON.stringify([at, id])).toString('base64url');
}

/** @throws LlmteamError `USAGE` if it is not a cursor returned by a list */
export function placeOfCursor(cursor: string | undefined): Place | null {
  if (cursor === undefined) return null;
  try {
    const [at, id]: unknown[] = JSON.parse(Buffer.from(cursor, 'base64url').toString());
    if (typeof at === 'number' && typeof id === 'string') return { at, id };
  } catch (cause) {
    throw notACursor(cause);
  }
  throw notACursor(undefined);
}

function notACursor(cause: unknown): LlmteamError {
  return new LlmteamError('USAGE', "--cursor is not a cursor printed by 'list'", { cause });
}

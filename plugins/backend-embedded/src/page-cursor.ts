import { LlmteamError, type Page } from '@llmteam/contracts';

const defaultLimit = 50;
const largestLimit = 1_000;

/** Where the next page starts: after the row with this time and id. */
export interface Place {
  readonly at: number;
  readonly id: string;
}

/** Throws `USAGE` unless the limit is absent or an integer from 1 to 1,000. */
export function pageLimit(limit: number | undefined): number {
  if (limit === undefined) return defaultLimit;
  if (Number.isInteger(limit) && limit >= 1 && limit <= largestLimit) return limit;
  throw new LlmteamError('USAGE', `limit is ${limit}, expected an integer from 1 to ${largestLimit}`);
}

/** Decodes a cursor; null if there is none. Throws `USAGE` if it was not issued for a list of `kind`. */
export function placeOf(kind: string, cursor: string | undefined): Place | null {
  if (cursor === undefined) return null;
  const place = decoded(kind, cursor);
  if (place !== null && cursor === cursorOf(kind, place)) return place;
  throw new LlmteamError('USAGE', `cursor was not issued by a list of ${kind}`);
}

function decoded(kind: string, cursor: string): Place | null {
  try {
    const parsed: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString());
    if (!Array.isArray(parsed)) return null;
    const [name, at, id]: unknown[] = parsed;
    return name === kind && typeof at === 'number' && typeof id === 'string' ? { at, id } : null;
  } catch {
    return null;
  }
}

function cursorOf(kind: string, { at, id }: Place): string {
  return Buffer.from(JSON.stringify([kind, at, id])).toString('base64url');
}

/** Builds a page from up to `limit + 1` rows; the extra row means that there is a next page. */
export function pageOf<T>(kind: string, rows: readonly T[], limit: number, place: (row: T) => Place): Page<T> {
  const last = rows[limit - 1];
  if (rows.length <= limit || last === undefined) return { rows, cursor: null };
  return { rows: rows.slice(0, limit), cursor: cursorOf(kind, place(last)) };
}

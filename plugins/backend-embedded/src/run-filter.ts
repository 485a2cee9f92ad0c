import {
  LlmteamError,
  type Page,
  type RunQuery,
  type RunRow,
  runsPerIdPrefix,
  type WaitMatch,
} from '@llmteam/contracts';
import { type Place, pageLimit, pageOf, placeOf } from './page-cursor.js';

/** A page of rows in memory, newest first, ties by id. */
export function pageOfRows<T>(
  kind: string,
  rows: readonly T[],
  query: { readonly cursor?: string; readonly limit?: number },
  place: (row: T) => Place,
): Page<T> {
  const limit = pageLimit(query.limit);
  const from = placeOf(kind, query.cursor);
  const after = rows
    .filter((row) => from === null || newestFirst(place(row), from) > 0)
    .sort((a, b) => newestFirst(place(a), place(b)));
  return pageOf(kind, after.slice(0, limit + 1), limit, place);
}

/** Whether a run has everything that a query names, except for the tenant and the place in the list. */
export function hasAll(query: RunQuery, row: RunRow): boolean {
  const { since = Number.NEGATIVE_INFINITY, until = Number.POSITIVE_INFINITY, metadata = {} } = query;
  return (
    row.run_id.startsWith(query.run_id_prefix ?? '') &&
    matches(query.segment_id, row.segment_id) &&
    isOneOf(query.status, row.status) &&
    matches(query.correlation_id, row.correlation_id) &&
    matches(query.parent_run_id, row.parent_run_id) &&
    row.started_at >= since &&
    row.started_at < until &&
    (query.waits === undefined || query.waits.some((match) => waitsFor(match, row))) &&
    Object.entries(metadata).every(([key, value]) => Object.hasOwn(row.metadata, key) && row.metadata[key] === value)
  );
}

function waitsFor({ kind, only, except = [] }: WaitMatch, { status, ended_at, waits = [] }: RunRow): boolean {
  if (ended_at !== null) return false;
  if (kind === 'paused') return status === 'paused';
  const isWanted = (key: string): boolean => only?.includes(key) ?? !except.includes(key);
  return waits.some((key) => kindOf(key) === kind && isWanted(key));
}

/** The kind of a key of what a run waits for: `worker` of `worker:fetch@1`. */
export function kindOf(key: string): string {
  return key.split(':', 1)[0] ?? '';
}

export function matches<T>(wanted: T | undefined, value: T): boolean {
  return wanted === undefined || wanted === value;
}

export function isOneOf<T extends string>(wanted: T | readonly T[] | undefined, value: T): boolean {
  return wanted === undefined || statusesOf(wanted).includes(value);
}

/** One status, or any of several, as a list without repetitions. */
export function statusesOf<T extends string>(wanted: T | readonly T[]): readonly T[] {
  return typeof wanted === 'string' ? [wanted] : [...new Set(wanted)];
}

/** @throws LlmteamError `LIMIT_EXCEEDED` if the prefix matches too many runs */
export function checkPrefix(prefix: string, found: number): void {
  if (found <= runsPerIdPrefix) return;
  throw new LlmteamError(
    'LIMIT_EXCEEDED',
    `more than ${runsPerIdPrefix} run ids begin with '${prefix}'; give more of it`,
  );
}

function newestFirst(a: Place, b: Place): number {
  return a.at === b.at ? compare(a.id, b.id) : b.at - a.at;
}

export function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

/**
 * Purpose: reads the audit trail: forwards as it was written, or backwards, newest first, with filters.
 * Owns: the cursor of the list, which names the last record shown. Pages only ever follow, so it stays valid.
 */
import { type Json, type KvEntry, type KvStore, LlmteamError, type Page } from '@llmteam/contracts';
import { readHead } from './audit-head.js';
import { type AuditPage, type AuditRecord, beginning, type Link, pageKey, pageOf, pagesPrefix } from './audit-page.js';

export interface AuditQuery {
  readonly tenant_id: string;
  /** The public prefix of the API key. */
  readonly key?: string;
  readonly action?: string;
  /** Only records of this time or later; epoch milliseconds. */
  readonly since?: number;
  readonly cursor?: string;
  /** Default 50. */
  readonly limit?: number;
}

const pagesAtATime = 500;
const getsAtATime = 50;
/** A list that finds little stops here, with a cursor. */
const mostPagesPerList = 2_000;
/** Gateways write by their own clocks. */
const clockToleranceMs = 60_000;
const defaultLimit = 50;

/** The stored pages of a tenant in order, whatever is stored. */
export async function* readStoredPages(kv: Pick<KvStore, 'list'>, tenantId: string): AsyncGenerator<KvEntry> {
  const prefix = pagesPrefix(tenantId);
  let after: string | undefined;
  for (;;) {
    const limit = { limit: pagesAtATime };
    const found = await kv.list(prefix, after === undefined ? limit : { ...limit, after });
    yield* found;
    after = found.at(-1)?.key;
    if (found.length < pagesAtATime) return;
  }
}

/** The records of a tenant, oldest first. */
export async function* readAudit(kv: Pick<KvStore, 'list'>, tenantId: string): AsyncGenerator<AuditRecord> {
  for await (const { value } of readStoredPages(kv, tenantId)) yield* pageOf(value)?.records ?? [];
}

/** The last page: the head record leads to it, or, in trails of earlier releases, all pages. */
export async function readLast(kv: Pick<KvStore, 'get' | 'list'>, tenantId: string): Promise<Link> {
  const head = await readHead(kv, tenantId);
  const named = head === null || head.page < 1 ? null : await readPage(kv, tenantId, head.page);
  let last: Link = beginning;
  if (named === null) {
    for await (const { value } of readStoredPages(kv, tenantId)) last = pageOf(value) ?? last;
    return last;
  }
  // The head may be behind by pages whose writers are about to write it, or have crashed.
  for (let next: AuditPage | null = named; next !== null; next = await readPage(kv, tenantId, last.page + 1))
    last = next;
  return last;
}

/** Newest first. A page of the list may be short although there are more: only the last one has no cursor. @throws LlmteamError `USAGE` */
export async function listAudit(
  kv: Pick<KvStore, 'get' | 'list'>,
  { tenant_id, cursor, limit = defaultLimit, ...filter }: AuditQuery,
): Promise<Page<AuditRecord>> {
  const rows: AuditRecord[] = [];
  const before = cursor === undefined ? null : placeOf(cursor);
  const last = await readLast(kv, tenant_id);
  const first = Math.min(before?.page ?? last.page, last.page);
  const lowest = Math.max(0, first - mostPagesPerList);
  for await (const page of readBackwards(kv, tenant_id, first, lowest)) {
    if (isBefore(page, filter.since)) return { rows, cursor: null };
    for (const { row, record } of newestFirst(page, before)) {
      if (!isWanted(row, filter)) continue;
      if (rows.length === limit) return { rows, cursor: cursorOf({ page: page.page, record: record + 1 }) };
      rows.push(row);
    }
  }
  return { rows, cursor: lowest === 0 ? null : cursorOf({ page: lowest, record: Number.MAX_SAFE_INTEGER }) };
}

/** From page `first` down to the one after `lowest`. */
async function* readBackwards(
  kv: Pick<KvStore, 'get'>,
  tenantId: string,
  first: number,
  lowest: number,
): AsyncGenerator<AuditPage> {
  for (let from = first; from > lowest; from -= getsAtATime) {
    const numbers = Array.from({ length: Math.min(getsAtATime, from - lowest) }, (_, place) => from - place);
    const pages = await Promise.all(numbers.map((page) => readPage(kv, tenantId, page)));
    for (const page of pages) if (page !== null) yield page;
  }
}

/** The records of a page that come before a place, with their numbers. */
function newestFirst({ page, records }: AuditPage, before: Place | null): { row: AuditRecord; record: number }[] {
  const shown = before?.page === page ? records.slice(0, before.record) : records;
  return shown.map((row, record) => ({ row, record })).reverse();
}

type Filter = Pick<AuditQuery, 'key' | 'action' | 'since'>;

function isWanted(row: AuditRecord, { key, action, since }: Filter): boolean {
  const isByKey = key === undefined || row.key === key;
  return isByKey && (action === undefined || row.action === action) && (since === undefined || row.at >= since);
}

function isBefore({ records }: AuditPage, since: number | undefined): boolean {
  return since !== undefined && records.length > 0 && records.every(({ at }) => at < since - clockToleranceMs);
}

async function readPage(kv: Pick<KvStore, 'get'>, tenantId: string, page: number): Promise<AuditPage | null> {
  const found = await kv.get(pageKey(tenantId, page));
  return found === null ? null : pageOf(found.value);
}

/** The next record is the one before this place. */
interface Place {
  readonly page: number;
  readonly record: number;
}

function cursorOf({ page, record }: Place): string {
  return Buffer.from(JSON.stringify(['audit', page, record])).toString('base64url');
}

function placeOf(cursor: string): Place {
  const [kind, page, record] = decoded(cursor);
  const isPlace = Number.isSafeInteger(page) && Number.isSafeInteger(record) && Number(page) > 0 && Number(record) >= 0;
  if (kind === 'audit' && isPlace) return { page: Number(page), record: Number(record) };
  throw new LlmteamError('USAGE', 'cursor was not issued by a list of audit records');
}

function decoded(cursor: string): readonly Json[] {
  try {
    const value: Json = JSON.parse(Buffer.from(cursor, 'base64url').toString());
    return Array.isArray(value) ? value : [];
  } catch {
    return [];
  }
}

/** Verifies an audit trail: pages that were changed, removed, inserted or cut off at the end are found. */
import type { KvStore } from '@llmteam/contracts';
import { type AuditHead, readHead, sealOf } from './audit-head.js';
import { type AuditPage, beginning, hashOf, noHash, pageOf } from './audit-page.js';
import { readStoredPages } from './audit-reading.js';
import { AuditSeals, isKeyed } from './audit-seals.js';

export interface AuditVerdict {
  readonly intact: boolean;
  readonly pages: number;
  readonly records: number;
  /** Pages that are sealed with a key. The others can be forged by whoever can write to the store. */
  readonly keyed_pages: number;
  /** The hash of the last page; null if there is none. Keep it elsewhere, and expect it the next time. */
  readonly head: string | null;
  /** What is wrong and with which page; null if the trail is intact. */
  readonly fault: string | null;
}

export interface Expectations {
  /** With the keys that the trail was written with. */
  readonly seals?: AuditSeals;
  /** The `head` of an earlier verdict: the trail must still contain it. */
  readonly expectHead?: string;
}

interface Walk {
  last: Pick<AuditPage, 'page' | 'hash' | 'scheme'>;
  records: number;
  keyed: number;
  /** Pages that have a head record. */
  headed: number;
  hasExpected: boolean;
  /** The page that the head record names. */
  atHead: Pick<AuditPage, 'hash' | 'scheme'> | null;
}

export async function verifyAudit(
  kv: Pick<KvStore, 'get' | 'list'>,
  tenantId: string,
  { seals = new AuditSeals(), expectHead }: Expectations = {},
): Promise<AuditVerdict> {
  // Before the pages: those that are written meanwhile are not missed.
  const head = await readHead(kv, tenantId);
  const hasExpected = expectHead === undefined || expectHead === noHash;
  const walk: Walk = { last: beginning, records: 0, keyed: 0, headed: 0, hasExpected, atHead: null };
  for await (const { value } of readStoredPages(kv, tenantId)) {
    const page = pageOf(value);
    const fault =
      page === null ? `page ${walk.last.page + 1} is not a page` : faultOf(tenantId, page, walk.last, seals);
    if (page === null || fault !== null) return verdictOf(walk, fault);
    walk.records += page.records.length;
    walk.keyed += isKeyed(page.scheme) ? 1 : 0;
    walk.headed += page.scheme === undefined ? 0 : 1;
    walk.hasExpected ||= page.hash === expectHead;
    if (page.page === head?.page) walk.atHead = page;
    walk.last = page;
  }
  return verdictOf(walk, headFault(tenantId, head, walk, seals) ?? expectationFault(walk));
}

function verdictOf({ last, records, keyed }: Walk, fault: string | null): AuditVerdict {
  const head = last.page === 0 ? null : last.hash;
  return { intact: fault === null, pages: last.page, records, keyed_pages: keyed, head, fault };
}

function faultOf(tenantId: string, page: AuditPage, last: Walk['last'], seals: AuditSeals): string | null {
  if (page.page !== last.page + 1) return `page ${last.page + 1} is missing`;
  if (page.previous !== last.hash) return `page ${page.page} does not follow page ${last.page}`;
  if (isKeyed(last.scheme) && !isKeyed(page.scheme)) return `page ${page.page} is not keyed, unlike page ${last.page}`;
  const hash = hashOf(tenantId, page, seals);
  if (hash === null && isKeyed(page.scheme)) {
    return `page ${page.page} was written with a key that is not configured (${page.scheme})`;
  }
  return page.hash === hash ? null : `page ${page.page} was changed`;
}

function headFault(tenantId: string, head: AuditHead | null, walk: Walk, seals: AuditSeals): string | null {
  // A crash may have come between the first page and its head record.
  if (head === null) return walk.headed > 1 ? 'the head record is missing' : null;
  const seal = sealOf(tenantId, head, seals);
  if (seal === null && isKeyed(head.scheme)) {
    return `the head record was written with a key that is not configured (${head.scheme})`;
  }
  if (seal !== head.seal || head.page < 1) return 'the head record was changed';
  if (head.page > walk.last.page) return `pages ${walk.last.page + 1} to ${head.page} are missing at the end`;
  if (walk.atHead?.hash !== head.hash) return `page ${head.page} is not the one that the head record names`;
  return isKeyed(walk.atHead.scheme) && !isKeyed(head.scheme) ? 'the head record is not keyed, unlike its page' : null;
}

function expectationFault({ hasExpected }: Walk): string | null {
  return hasExpected ? null : 'no page has the expected head: pages were cut off at the end, or all were rewritten';
}

/**
 * Purpose: the audit trail of a tenant: an append-only list of pages, each with the hash of the previous one.
 * Owns: order and hashes. Records that arrive while a page is being written are batched into the next one.
 * Does not own: which operations are recorded (the route table).
 * Invariants:
 *   U1 A page is written once, by compare-and-swap on its own key: of racing gateways one wins and the others append after it.
 *   U2 An acknowledged record is in the chain.
 */
import { createHash } from 'node:crypto';
import { type Clock, isLlmteamError, type Json, type KvStore, LlmteamError } from '@llmteam/contracts';

export interface AuditRecord {
  /** Epoch milliseconds. */
  readonly at: number;
  /** The public prefix of the API key. */
  readonly key: string;
  readonly name: string;
  readonly action: string;
  /** The path of the request, without its query. */
  readonly target: string;
  readonly status: number;
  readonly request_id: string;
}

interface AuditPage {
  readonly page: number;
  readonly records: readonly AuditRecord[];
  /** The hash of the previous page; 64 zeros on the first. */
  readonly previous: string;
  /** The SHA-256 of the fields above. */
  readonly hash: string;
}

export interface AuditVerdict {
  readonly intact: boolean;
  readonly pages: number;
  readonly records: number;
  /** What is wrong and with which page; null if the trail is intact. */
  readonly fault: string | null;
}

interface Waiting {
  readonly record: AuditRecord;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

interface Chain {
  waiting: Waiting[];
  isWriting: boolean;
  /** null if it has to be read from the KvStore. */
  last: { readonly page: number; readonly hash: string } | null;
}

const noHash = '0'.repeat(64);
const recordsPerPage = 500;
const pagesAtATime = 500;
const mostRaces = 1_000;

export class AuditLog {
  private readonly chains = new Map<string, Chain>();

  constructor(private readonly kv: Pick<KvStore, 'put' | 'list'>) {}

  /** Resolves once the record is stored. */
  append(tenantId: string, record: AuditRecord): Promise<void> {
    const chain = this.chains.get(tenantId) ?? { waiting: [], isWriting: false, last: null };
    this.chains.set(tenantId, chain);
    return new Promise((resolve, reject) => {
      chain.waiting.push({ record, resolve, reject });
      if (!chain.isWriting) void this.write(tenantId, chain);
    });
  }

  private async write(tenantId: string, chain: Chain): Promise<void> {
    chain.isWriting = true;
    while (chain.waiting.length > 0) {
      const group = chain.waiting.splice(0, recordsPerPage);
      try {
        await this.writePage(
          tenantId,
          chain,
          group.map(({ record }) => record),
        );
        for (const { resolve } of group) resolve();
      } catch (error) {
        chain.last = null;
        for (const { reject } of group) reject(error);
      }
    }
    chain.isWriting = false;
  }

  private async writePage(tenantId: string, chain: Chain, records: readonly AuditRecord[]): Promise<void> {
    for (let races = 0; races < mostRaces; races++) {
      chain.last ??= await this.readLast(tenantId);
      const page = nextPage(chain.last, records);
      try {
        await this.kv.put(pageKey(tenantId, page.page), page as unknown as Json, { ifRevision: 0 });
        chain.last = page;
        return;
      } catch (error) {
        if (!isLlmteamError(error) || error.code !== 'REVISION_CONFLICT') throw error;
        chain.last = null;
      }
    }
    throw new LlmteamError('STORE_FAILED', `the audit trail of tenant '${tenantId}' changes too fast`);
  }

  private async readLast(tenantId: string): Promise<{ page: number; hash: string }> {
    let last = { page: 0, hash: noHash };
    for await (const page of readPages(this.kv, tenantId)) last = page;
    return last;
  }
}

/** The records of a tenant, oldest first. */
export async function* readAudit(kv: Pick<KvStore, 'list'>, tenantId: string): AsyncGenerator<AuditRecord> {
  for await (const { records } of readPages(kv, tenantId)) yield* records;
}

/** Detects pages that were changed, removed or inserted. Removal of the last pages is not detected; keep the last hash elsewhere for that. */
export async function verifyAudit(kv: Pick<KvStore, 'list'>, tenantId: string): Promise<AuditVerdict> {
  let last = { page: 0, hash: noHash };
  let records = 0;
  for await (const page of readPages(kv, tenantId)) {
    const fault = faultOf(page, last);
    if (fault !== null) return { intact: false, pages: last.page, records, fault };
    records += page.records.length;
    last = page;
  }
  return { intact: true, pages: last.page, records, fault: null };
}

function faultOf(page: AuditPage, last: { page: number; hash: string }): string | null {
  if (page.page !== last.page + 1) return `page ${last.page + 1} is missing`;
  if (page.previous !== last.hash) return `page ${page.page} does not follow page ${last.page}`;
  return page.hash === hashOf(page) ? null : `page ${page.page} was changed`;
}

async function* readPages(kv: Pick<KvStore, 'list'>, tenantId: string): AsyncGenerator<AuditPage> {
  const prefix = `audit/${tenantId}/`;
  let after: string | undefined;
  for (;;) {
    const limit = { limit: pagesAtATime };
    const found = await kv.list(prefix, after === undefined ? limit : { ...limit, after });
    for (const { value } of found) yield value as unknown as AuditPage;
    after = found.at(-1)?.key;
    if (found.length < pagesAtATime) return;
  }
}

function nextPage(last: { page: number; hash: string }, records: readonly AuditRecord[]): AuditPage {
  const page = { page: last.page + 1, records, previous: last.hash };
  return { ...page, hash: hashOf(page) };
}

function hashOf({ page, records, previous }: Omit<AuditPage, 'hash'>): string {
  const fields = records.map(({ at, key, name, action, target, status, request_id }) => {
    return [at, key, name, action, target, status, request_id];
  });
  return createHash('sha256')
    .update(JSON.stringify([page, previous, fields]))
    .digest('hex');
}

function pageKey(tenantId: string, page: number): string {
  return `audit/${tenantId}/${String(page).padStart(12, '0')}`;
}

/** Stamps a record with the gateway's clock. */
export function auditRecord(clock: Clock, record: Omit<AuditRecord, 'at'>): AuditRecord {
  return { at: clock.now(), ...record };
}

/**
 * Purpose: who changed what, for a tenant: an append-only list in which every page carries the hash of the one before.
 * Owns: order and hashes. Records that come while a page is being written go into the next one, so load costs no more writes.
 * Does not own: what is worth a record (the route table).
 * Invariants:
 *   U1 A page is written once, by compare-and-swap on its own key: of gateways that race one wins, the others come after it.
 *   U2 A record that was acknowledged is in the chain.
 */
import { createHash } from 'node:crypto';
import { type Clock, is_llmteam_error, type Json, LlmteamError, type Registry } from '@llmteam/contracts';

export interface AuditRecord {
  /** Epoch milliseconds. */
  readonly at: number;
  /** Public prefix of the key. */
  readonly key: string;
  readonly name: string;
  readonly action: string;
  /** What it was done to: a path without query. */
  readonly target: string;
  readonly status: number;
  readonly request_id: string;
}

interface AuditPage {
  readonly page: number;
  readonly records: readonly AuditRecord[];
  /** Hash of the page before; 64 zeros for the first. */
  readonly previous: string;
  /** SHA-256 over all the above. */
  readonly hash: string;
}

export interface AuditVerdict {
  readonly intact: boolean;
  readonly pages: number;
  readonly records: number;
  /** What is wrong, and with which page. */
  readonly fault: string | null;
}

interface Waiting {
  readonly record: AuditRecord;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

interface Chain {
  waiting: Waiting[];
  is_writing: boolean;
  /** null: to be read from the registry. */
  last: { readonly page: number; readonly hash: string } | null;
}

const no_hash = '0'.repeat(64);
const records_per_page = 500;
const pages_at_a_time = 500;
const most_races = 1_000;

export class AuditLog {
  private readonly chains = new Map<string, Chain>();

  constructor(private readonly registry: Pick<Registry, 'put' | 'list'>) {}

  /** Resolves once the record is kept. */
  append(tenant_id: string, record: AuditRecord): Promise<void> {
    const chain = this.chains.get(tenant_id) ?? { waiting: [], is_writing: false, last: null };
    this.chains.set(tenant_id, chain);
    return new Promise((resolve, reject) => {
      chain.waiting.push({ record, resolve, reject });
      if (!chain.is_writing) void this.write(tenant_id, chain);
    });
  }

  private async write(tenant_id: string, chain: Chain): Promise<void> {
    chain.is_writing = true;
    while (chain.waiting.length > 0) {
      const group = chain.waiting.splice(0, records_per_page);
      try {
        await this.write_page(
          tenant_id,
          chain,
          group.map(({ record }) => record),
        );
        for (const { resolve } of group) resolve();
      } catch (error) {
        chain.last = null;
        for (const { reject } of group) reject(error);
      }
    }
    chain.is_writing = false;
  }

  private async write_page(tenant_id: string, chain: Chain, records: readonly AuditRecord[]): Promise<void> {
    for (let races = 0; races < most_races; races++) {
      chain.last ??= await this.read_last(tenant_id);
      const page = next_page(chain.last, records);
      try {
        await this.registry.put(page_key(tenant_id, page.page), page as unknown as Json, { if_revision: 0 });
        chain.last = page;
        return;
      } catch (error) {
        if (!is_llmteam_error(error) || error.code !== 'REVISION_CONFLICT') throw error;
        chain.last = null;
      }
    }
    throw new LlmteamError('STORE_FAILED', `the audit trail of tenant '${tenant_id}' changes too fast`);
  }

  private async read_last(tenant_id: string): Promise<{ page: number; hash: string }> {
    let last = { page: 0, hash: no_hash };
    for await (const page of read_pages(this.registry, tenant_id)) last = page;
    return last;
  }
}

/** Records of a tenant, oldest first. */
export async function* read_audit(registry: Pick<Registry, 'list'>, tenant_id: string): AsyncGenerator<AuditRecord> {
  for await (const { records } of read_pages(registry, tenant_id)) yield* records;
}

/** Looks for pages that were changed, taken out or put in. Pages cut off at the end are not found: keep the last hash elsewhere. */
export async function verify_audit(registry: Pick<Registry, 'list'>, tenant_id: string): Promise<AuditVerdict> {
  let last = { page: 0, hash: no_hash };
  let records = 0;
  for await (const page of read_pages(registry, tenant_id)) {
    const fault = fault_of(page, last);
    if (fault !== null) return { intact: false, pages: last.page, records, fault };
    records += page.records.length;
    last = page;
  }
  return { intact: true, pages: last.page, records, fault: null };
}

function fault_of(page: AuditPage, last: { page: number; hash: string }): string | null {
  if (page.page !== last.page + 1) return `page ${last.page + 1} is missing`;
  if (page.previous !== last.hash) return `page ${page.page} does not follow page ${last.page}`;
  return page.hash === hash_of(page) ? null : `page ${page.page} was changed`;
}

async function* read_pages(registry: Pick<Registry, 'list'>, tenant_id: string): AsyncGenerator<AuditPage> {
  const prefix = `audit/${tenant_id}/`;
  let after: string | undefined;
  for (;;) {
    const limit = { limit: pages_at_a_time };
    const found = await registry.list(prefix, after === undefined ? limit : { ...limit, after });
    for (const { value } of found) yield value as unknown as AuditPage;
    after = found.at(-1)?.key;
    if (found.length < pages_at_a_time) return;
  }
}

function next_page(last: { page: number; hash: string }, records: readonly AuditRecord[]): AuditPage {
  const page = { page: last.page + 1, records, previous: last.hash };
  return { ...page, hash: hash_of(page) };
}

function hash_of({ page, records, previous }: Omit<AuditPage, 'hash'>): string {
  const fields = records.map(({ at, key, name, action, target, status, request_id }) => {
    return [at, key, name, action, target, status, request_id];
  });
  return createHash('sha256')
    .update(JSON.stringify([page, previous, fields]))
    .digest('hex');
}

function page_key(tenant_id: string, page: number): string {
  return `audit/${tenant_id}/${String(page).padStart(12, '0')}`;
}

/** The clock is the gateway's: records are in the order they were written. */
export function audit_record(clock: Clock, record: Omit<AuditRecord, 'at'>): AuditRecord {
  return { at: clock.now(), ...record };
}

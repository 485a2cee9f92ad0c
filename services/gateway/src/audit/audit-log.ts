/**
 * Purpose: the audit trail of a tenant: an append-only list of pages, each with the hash of the previous one.
 * Owns: the order of pages. Records that arrive while a page is being written are batched into the next one.
 * Does not own: which operations are recorded (the route table), reading (audit-reading.ts), verifying (audit-verify.ts).
 * Invariants:
 *   U1 A page is written once, by compare-and-swap on its own key: of racing gateways one wins and the others append after it.
 *   U2 An acknowledged record is in the chain, and the head record names its page or a later one.
 */
import { type Clock, isLlmteamError, type Json, type KvStore, LlmteamError } from '@llmteam/contracts';
import { writeHead } from './audit-head.js';
import { type AuditRecord, type Link, nextPage, pageKey } from './audit-page.js';
import { readLast } from './audit-reading.js';
import { AuditSeals } from './audit-seals.js';

interface Waiting {
  readonly record: AuditRecord;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

interface Chain {
  waiting: Waiting[];
  isWriting: boolean;
  /** null if it has to be read from the KvStore. */
  last: Link | null;
}

const recordsPerPage = 500;
const mostRaces = 1_000;

export class AuditLog {
  private readonly chains = new Map<string, Chain>();

  constructor(
    private readonly kv: Pick<KvStore, 'get' | 'put' | 'list'>,
    private readonly seals: AuditSeals = new AuditSeals(),
  ) {}

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
        const records = group.map(({ record }) => record);
        const page = await this.writePage(tenantId, chain, records);
        await writeHead(this.kv, tenantId, page, this.seals);
        for (const { resolve } of group) resolve();
      } catch (error) {
        chain.last = null;
        for (const { reject } of group) reject(error);
      }
    }
    chain.isWriting = false;
  }

  private async writePage(tenantId: string, chain: Chain, records: readonly AuditRecord[]): Promise<Link> {
    for (let races = 0; races < mostRaces; races++) {
      chain.last ??= await readLast(this.kv, tenantId);
      const page = nextPage(tenantId, chain.last, records, this.seals);
      try {
        await this.kv.put(pageKey(tenantId, page.page), page as unknown as Json, { ifRevision: 0 });
        chain.last = page;
        return page;
      } catch (error) {
        if (!isLlmteamError(error) || error.code !== 'REVISION_CONFLICT') throw error;
        chain.last = null;
      }
    }
    throw new LlmteamError('STORE_FAILED', `the audit trail of tenant '${tenantId}' changes too fast`);
  }
}

/** Stamps a record with the gateway's clock. */
export function auditRecord(clock: Clock, record: Omit<AuditRecord, 'at'>): AuditRecord {
  return { at: clock.now(), ...record };
}

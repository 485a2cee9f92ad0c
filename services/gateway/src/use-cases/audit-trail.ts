import type { AuditEntry, AuditEntryPage, KvStore } from '@llmteam/contracts';
import type { AuditRecord } from '../audit/audit-page.js';
import { type AuditQuery, listAudit } from '../audit/audit-reading.js';

/** The audit trail of a tenant, for reading. */
export class AuditTrail {
  constructor(private readonly kv: Pick<KvStore, 'get' | 'list'>) {}

  /** @throws LlmteamError `USAGE` if the cursor is not from this list */
  list(query: AuditQuery): Promise<AuditEntryPage> {
    return auditEntries(this.kv, query);
  }
}

/** A page of the trail as the API and the command line show it. @throws LlmteamError `USAGE` */
export async function auditEntries(kv: Pick<KvStore, 'get' | 'list'>, query: AuditQuery): Promise<AuditEntryPage> {
  const { rows, cursor } = await listAudit(kv, query);
  return { records: rows.map(entryOf), cursor };
}

function entryOf({ at, key, name, action, target, status, request_id }: AuditRecord): AuditEntry {
  return { at: new Date(at).toISOString(), key, name, action, target, status, request_id };
}

/**
 * Purpose: the head record of a tenant's audit trail: its last page, so that pages that are cut off at the end are missed.
 * Invariants:
 *   H1 The head never goes back: it is written by compare-and-swap, and only if it names a later page.
 *   H2 It is written after its page; after a crash in between it is behind until the next page is written, never ahead.
 */
import { isLlmteamError, type Json, type KvStore, LlmteamError } from '@llmteam/contracts';
import type { Link } from './audit-page.js';
import type { AuditSeals } from './audit-seals.js';

export interface AuditHead extends Link {
  readonly scheme: string;
  /** The hash of the fields above and the tenant. */
  readonly seal: string;
}

const mostRaces = 1_000;

export async function readHead(kv: Pick<KvStore, 'get'>, tenantId: string): Promise<AuditHead | null> {
  const found = await kv.get(headKey(tenantId));
  return found === null ? null : headOf(found.value);
}

/** Does nothing if the head already names this page or a later one. */
export async function writeHead(
  kv: Pick<KvStore, 'get' | 'put'>,
  tenantId: string,
  { page, hash }: Link,
  seals: AuditSeals,
): Promise<void> {
  const { scheme } = seals;
  const head: AuditHead = { page, hash, scheme, seal: sealOf(tenantId, { page, hash, scheme }, seals) ?? '' };
  for (let races = 0; races < mostRaces; races++) {
    const found = await kv.get(headKey(tenantId));
    if (found !== null && headOf(found.value).page >= page) return;
    try {
      await kv.put(headKey(tenantId), head as unknown as Json, { ifRevision: found?.revision ?? 0 });
      return;
    } catch (error) {
      if (!isLlmteamError(error) || error.code !== 'REVISION_CONFLICT') throw error;
    }
  }
  throw new LlmteamError('STORE_FAILED', `the audit trail of tenant '${tenantId}' changes too fast`);
}

/** The seal that a head should have; null if it takes a key that is not known. */
export function sealOf(tenantId: string, head: Omit<AuditHead, 'seal'>, seals: AuditSeals): string | null {
  return seals.seal(head.scheme, JSON.stringify(['audit head', head.scheme, tenantId, head.page, head.hash]));
}

/** A value of another shape becomes a head that no page fits. */
function headOf(value: Json): AuditHead {
  const { page, hash, scheme, seal } = (value ?? {}) as Partial<Record<keyof AuditHead, Json>>;
  return { page: typeof page === 'number' ? page : -1, hash: String(hash), scheme: String(scheme), seal: String(seal) };
}

/** Not among the pages, which are listed by their prefix. */
function headKey(tenantId: string): string {
  return `audit_heads/${tenantId}`;
}

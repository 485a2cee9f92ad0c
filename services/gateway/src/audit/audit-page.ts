import type { Json } from '@llmteam/contracts';
import { type AuditSeals, plainScheme } from './audit-seals.js';

export interface AuditRecord {
  /** Epoch milliseconds. */
  readonly at: number;
  /** The public prefix of the API key. */
  readonly key: string;
  readonly name: string;
  readonly action: string;
  /** The path of the request, without its query, or of what it made. */
  readonly target: string;
  readonly status: number;
  readonly request_id: string;
}

export interface AuditPage {
  readonly page: number;
  readonly records: readonly AuditRecord[];
  /** The hash of the previous page; 64 zeros on the first. */
  readonly previous: string;
  /** How `hash` was computed (audit-seals.ts). Absent in pages of earlier releases: plain SHA-256, without the tenant. */
  readonly scheme?: string;
  readonly hash: string;
}

/** The end of a trail, or of the part of it that was read. */
export interface Link {
  readonly page: number;
  readonly hash: string;
}

export const noHash = '0'.repeat(64);
/** Before the first page. */
export const beginning: Link = { page: 0, hash: noHash };

/** Pages of a tenant by number. */
export function pageKey(tenantId: string, page: number): string {
  return `${pagesPrefix(tenantId)}${String(page).padStart(12, '0')}`;
}

export function pagesPrefix(tenantId: string): string {
  return `audit/${tenantId}/`;
}

export function nextPage(tenantId: string, last: Link, records: readonly AuditRecord[], seals: AuditSeals): AuditPage {
  const page = { page: last.page + 1, records, previous: last.hash, scheme: seals.scheme };
  return { ...page, hash: hashOf(tenantId, page, seals) ?? '' };
}

/** The hash that a page should have; null if it takes a key that is not known. */
export function hashOf(tenantId: string, page: Omit<AuditPage, 'hash'>, seals: AuditSeals): string | null {
  const { records, previous, scheme } = page;
  const fields = records.map(({ at, key, name, action, target, status, request_id }) => {
    return [at, key, name, action, target, status, request_id];
  });
  if (scheme === undefined) return seals.seal(plainScheme, JSON.stringify([page.page, previous, fields]));
  return seals.seal(scheme, JSON.stringify(['audit page', scheme, tenantId, page.page, previous, fields]));
}

/** A stored value as a page; null if it does not have the shape of one. */
export function pageOf(value: Json): AuditPage | null {
  const page = value as unknown as AuditPage | null;
  const isPage =
    typeof page === 'object' &&
    typeof page?.page === 'number' &&
    typeof page.previous === 'string' &&
    typeof page.hash === 'string' &&
    ['string', 'undefined'].includes(typeof page.scheme) &&
    Array.isArray(page.records) &&
    page.records.every((record: unknown) => typeof record === 'object' && record !== null);
  return isPage ? page : null;
}

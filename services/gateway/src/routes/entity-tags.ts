import { LlmteamError } from '@llmteam/contracts';
import type { RevisionPrecondition } from '../use-cases/tenant-segments.js';

/** A revision as an entity tag (RFC 9110). */
export function entityTag(revision: number): string {
  return `"${revision}"`;
}

/** The precondition that `If-Match` and `If-None-Match` state; it throws `PRECONDITION_FAILED`. */
export function preconditionOf(ifMatch: string | undefined, ifNoneMatch: string | undefined): RevisionPrecondition {
  return (current) => {
    if (ifNoneMatch !== undefined && matches(ifNoneMatch, current)) throw failed(current);
    if (ifMatch !== undefined && !matches(ifMatch, current)) throw failed(current);
    return ifMatch === undefined && ifNoneMatch === undefined ? undefined : (current ?? 0);
  };
}

/** Whether a list of entity tags contains that of the revision; `*` matches any revision there is. */
export function matches(tags: string, current: number | null): boolean {
  if (current === null) return false;
  if (tags.trim() === '*') return true;
  return tags.split(',').some((tag) => tag.trim() === entityTag(current));
}

function failed(current: number | null): LlmteamError {
  const state = current === null ? 'no segment is stored' : `the current ETag is ${entityTag(current)}`;
  return new LlmteamError('PRECONDITION_FAILED', state);
}

import { LlmteamError } from '@llmteam/contracts';

/** RFC 9110: a revision as an entity tag. */
export function entityTag(revision: number): string {
  return `"${revision}"`;
}

/**
 * The revision that a change asks for, by `If-Match` and `If-None-Match`: undefined: whatever there is; 0: none.
 * @throws LlmteamError `PRECONDITION_FAILED` if it is another one already
 */
export function wantedRevision(
  ifMatch: string | undefined,
  ifNoneMatch: string | undefined,
  present: number | null,
): number | undefined {
  if (ifNoneMatch !== undefined && matches(ifNoneMatch, present)) throw failed(present);
  if (ifMatch !== undefined && !matches(ifMatch, present)) throw failed(present);
  if (ifMatch !== undefined) return present ?? 0;
  return ifNoneMatch === undefined ? undefined : (present ?? 0);
}

/** Whether a list of tags holds that of the revision; `*` is any there is. */
export function matches(tags: string, present: number | null): boolean {
  if (present === null) return false;
  if (tags.trim() === '*') return true;
  return tags.split(',').some((tag) => tag.trim() === entityTag(present));
}

function failed(present: number | null): LlmteamError {
  const state = present === null ? 'nothing is stored' : `the present ETag is ${entityTag(present)}`;
  return new LlmteamError('PRECONDITION_FAILED', state);
}

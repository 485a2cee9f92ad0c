import { LlmteamError } from '@llmteam/contracts';

/** RFC 9110: a revision as an entity tag. */
export function entity_tag(revision: number): string {
  return `"${revision}"`;
}

/**
 * The revision that a change asks for, by `If-Match` and `If-None-Match`: undefined: whatever there is; 0: none.
 * @throws LlmteamError `PRECONDITION_FAILED` if it is another one already
 */
export function wanted_revision(
  if_match: string | undefined,
  if_none_match: string | undefined,
  present: number | null,
): number | undefined {
  if (if_none_match !== undefined && matches(if_none_match, present)) throw failed(present);
  if (if_match !== undefined && !matches(if_match, present)) throw failed(present);
  if (if_match !== undefined) return present ?? 0;
  return if_none_match === undefined ? undefined : (present ?? 0);
}

/** Whether a list of tags holds that of the revision; `*` is any there is. */
export function matches(tags: string, present: number | null): boolean {
  if (present === null) return false;
  if (tags.trim() === '*') return true;
  return tags.split(',').some((tag) => tag.trim() === entity_tag(present));
}

function failed(present: number | null): LlmteamError {
  const state = present === null ? 'nothing is stored' : `the present ETag is ${entity_tag(present)}`;
  return new LlmteamError('PRECONDITION_FAILED', state);
}

/** Judging, storing and removing the segments of a tenant. */
import { is_llmteam_error, type Json, LlmteamError, type Problem } from '@llmteam/contracts';
import {
  define_segment,
  type KnownRefs,
  type PublishedSegment,
  parse_json,
  type ValidatedText,
  validate_text,
} from '@llmteam/kernel';
import { wanted_revision } from './entity-tags.js';
import type { Services } from './services.js';

type Parts = Pick<Services, 'segments' | 'catalog' | 'compiler' | 'refs' | 'clock' | 'limits'>;

/** References count if the resource is configured, or the tenant has stored the segment. @throws LlmteamError `JSON_INVALID` */
export async function validate_for(tenant_id: string, text: string, services: Parts): Promise<ValidatedText> {
  const { catalog, compiler, refs, segments, limits } = services;
  const value = parse_json(text, { max_bytes: limits.segment_bytes });
  const named = segment_refs(value);
  const stored = new Set<string>();
  for (const id of named) if (await is_stored(tenant_id, id, segments)) stored.add(id);
  const is_all_known = [...named].every((id) => stored.has(id));
  const suggestions = is_all_known ? [] : (await segments.list(tenant_id, undefined, 500)).map((one) => one.segment_id);
  const own_id = id_of(value);
  const segment_ref: NonNullable<KnownRefs['segment_ref']> = {
    has: (name) => name === own_id || stored.has(name),
    names: () => suggestions,
  };
  return validate_text(text, { catalog, compiler, refs: { ...refs, segment_ref } });
}

export interface Preconditions {
  readonly if_match: string | undefined;
  readonly if_none_match: string | undefined;
}

/** @throws LlmteamError `JSON_INVALID`, `SEGMENT_INVALID` with all problems, `PRECONDITION_FAILED` */
export async function store_segment(
  tenant_id: string,
  text: string,
  services: Parts,
  { if_match, if_none_match }: Preconditions,
): Promise<{ readonly stored: PublishedSegment; readonly warnings: readonly Problem[] }> {
  const { segment, problems } = await validate_for(tenant_id, text, services);
  if (segment === null) {
    const errors = problems.filter(({ severity }) => severity === 'error').length;
    throw new LlmteamError('SEGMENT_INVALID', `the segment has ${errors} problem${errors === 1 ? '' : 's'}`, {
      details: { problems: [...problems] },
    });
  }
  const present = await present_revision(tenant_id, segment.segment_id, services);
  const if_revision = wanted_revision(if_match, if_none_match, present);
  const definition = define_segment(segment, services.catalog);
  const options = { at: services.clock.now(), ...(if_revision !== undefined && { if_revision }) };
  const stored = await precondition(services.segments.publish(tenant_id, definition, options));
  return { stored, warnings: problems };
}

/** @throws LlmteamError `SEGMENT_UNKNOWN`, `PRECONDITION_FAILED` */
export async function remove_segment(
  tenant_id: string,
  segment_id: string,
  present: number | null,
  if_match: string | undefined,
  { segments }: Pick<Services, 'segments'>,
): Promise<void> {
  if (present === null) throw new LlmteamError('SEGMENT_UNKNOWN', `no segment '${segment_id}' is stored`);
  await precondition(segments.remove(tenant_id, segment_id, wanted_revision(if_match, undefined, present)));
}

/** null: none is stored. */
export async function present_revision(
  tenant_id: string,
  segment_id: string,
  { segments }: Pick<Services, 'segments'>,
): Promise<number | null> {
  try {
    return (await segments.find(tenant_id, segment_id)).revision;
  } catch (thrown) {
    if (is_llmteam_error(thrown) && thrown.code === 'SEGMENT_UNKNOWN') return null;
    throw thrown;
  }
}

/** Somebody was quicker: what the request asked for is not so any more. */
async function precondition<T>(change: Promise<T>): Promise<T> {
  try {
    return await change;
  } catch (cause) {
    if (!is_llmteam_error(cause) || cause.code !== 'REVISION_CONFLICT') throw cause;
    throw new LlmteamError('PRECONDITION_FAILED', 'the segment was changed in the meantime', { cause });
  }
}

async function is_stored(tenant_id: string, segment_id: string, segments: Services['segments']): Promise<boolean> {
  return (await present_revision(tenant_id, segment_id, { segments })) !== null;
}

function id_of(value: Json): string | null {
  const id = typeof value === 'object' && value !== null && 'segment_id' in value ? value.segment_id : null;
  return typeof id === 'string' ? id : null;
}

/** Most segments name none; one with more than this names too many. */
const most_refs = 1_000;
const id_pattern = /^[a-z][a-z0-9_]{0,63}$/;

function segment_refs(root: Json): Set<string> {
  const refs = new Set<string>();
  const todo: Json[] = [root];
  for (let value = todo.pop(); value !== undefined && refs.size < most_refs; value = todo.pop()) {
    if (typeof value !== 'object' || value === null) continue;
    for (const [key, member] of Object.entries<Json>(value as Readonly<Record<string, Json>>)) {
      if (key === 'segment_ref' && typeof member === 'string' && id_pattern.test(member)) refs.add(member);
      else if (typeof member === 'object') todo.push(member);
    }
  }
  return refs;
}

/** Judging, storing and removing the segments of a tenant. */
import { isLlmteamError, type Json, LlmteamError, type Problem } from '@llmteam/contracts';
import {
  defineSegment,
  type KnownRefs,
  type PublishedSegment,
  parseJson,
  type ValidatedText,
  validateText,
} from '@llmteam/kernel';
import { wantedRevision } from './entity-tags.js';
import type { Services } from './services.js';

type Parts = Pick<Services, 'segments' | 'catalog' | 'compiler' | 'refs' | 'clock' | 'limits'>;

/** References count if the resource is configured, or the tenant has stored the segment. @throws LlmteamError `JSON_INVALID` */
export async function validateFor(tenantId: string, text: string, services: Parts): Promise<ValidatedText> {
  const { catalog, compiler, refs, segments, limits } = services;
  const value = parseJson(text, { maxBytes: limits.segment_bytes });
  const named = segmentRefs(value);
  const stored = new Set<string>();
  for (const id of named) if (await isStored(tenantId, id, segments)) stored.add(id);
  const isAllKnown = [...named].every((id) => stored.has(id));
  const suggestions = isAllKnown ? [] : (await segments.list(tenantId, undefined, 500)).map((one) => one.segment_id);
  const ownId = idOf(value);
  const segmentRef: NonNullable<KnownRefs['segment_ref']> = {
    has: (name) => name === ownId || stored.has(name),
    names: () => suggestions,
  };
  return validateText(text, { catalog, compiler, refs: { ...refs, segment_ref: segmentRef } });
}

export interface Preconditions {
  readonly ifMatch: string | undefined;
  readonly ifNoneMatch: string | undefined;
}

/** @throws LlmteamError `JSON_INVALID`, `SEGMENT_INVALID` with all problems, `PRECONDITION_FAILED` */
export async function storeSegment(
  tenantId: string,
  text: string,
  services: Parts,
  { ifMatch, ifNoneMatch }: Preconditions,
): Promise<{ readonly stored: PublishedSegment; readonly warnings: readonly Problem[] }> {
  const { segment, problems } = await validateFor(tenantId, text, services);
  if (segment === null) {
    const errors = problems.filter(({ severity }) => severity === 'error').length;
    throw new LlmteamError('SEGMENT_INVALID', `the segment has ${errors} problem${errors === 1 ? '' : 's'}`, {
      details: { problems: [...problems] },
    });
  }
  const present = await presentRevision(tenantId, segment.segment_id, services);
  const ifRevision = wantedRevision(ifMatch, ifNoneMatch, present);
  const definition = defineSegment(segment, services.catalog);
  const options = { at: services.clock.now(), ...(ifRevision !== undefined && { ifRevision }) };
  const stored = await precondition(services.segments.publish(tenantId, definition, options));
  return { stored, warnings: problems };
}

/** @throws LlmteamError `SEGMENT_UNKNOWN`, `PRECONDITION_FAILED` */
export async function removeSegment(
  tenantId: string,
  segmentId: string,
  present: number | null,
  ifMatch: string | undefined,
  { segments }: Pick<Services, 'segments'>,
): Promise<void> {
  if (present === null) throw new LlmteamError('SEGMENT_UNKNOWN', `no segment '${segmentId}' is stored`);
  await precondition(segments.remove(tenantId, segmentId, wantedRevision(ifMatch, undefined, present)));
}

/** null: none is stored. */
export async function presentRevision(
  tenantId: string,
  segmentId: string,
  { segments }: Pick<Services, 'segments'>,
): Promise<number | null> {
  try {
    return (await segments.find(tenantId, segmentId)).revision;
  } catch (thrown) {
    if (isLlmteamError(thrown) && thrown.code === 'SEGMENT_UNKNOWN') return null;
    throw thrown;
  }
}

/** Somebody was quicker: what the request asked for is not so any more. */
async function precondition<T>(change: Promise<T>): Promise<T> {
  try {
    return await change;
  } catch (cause) {
    if (!isLlmteamError(cause) || cause.code !== 'REVISION_CONFLICT') throw cause;
    throw new LlmteamError('PRECONDITION_FAILED', 'the segment was changed in the meantime', { cause });
  }
}

async function isStored(tenantId: string, segmentId: string, segments: Services['segments']): Promise<boolean> {
  return (await presentRevision(tenantId, segmentId, { segments })) !== null;
}

function idOf(value: Json): string | null {
  const id = typeof value === 'object' && value !== null && 'segment_id' in value ? value.segment_id : null;
  return typeof id === 'string' ? id : null;
}

/** Most segments name none; one with more than this names too many. */
const mostRefs = 1_000;
const idPattern = /^[a-z][a-z0-9_]{0,63}$/;

function segmentRefs(root: Json): Set<string> {
  const refs = new Set<string>();
  const todo: Json[] = [root];
  for (let value = todo.pop(); value !== undefined && refs.size < mostRefs; value = todo.pop()) {
    if (typeof value !== 'object' || value === null) continue;
    for (const [key, member] of Object.entries<Json>(value as Readonly<Record<string, Json>>)) {
      if (key === 'segment_ref' && typeof member === 'string' && idPattern.test(member)) refs.add(member);
      else if (typeof member === 'object') todo.push(member);
    }
  }
  return refs;
}

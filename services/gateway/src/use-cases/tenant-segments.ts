import {
  type Clock,
  type Definition,
  isLlmteamError,
  type Json,
  LlmteamError,
  type Problem,
  type Segment,
  type SegmentPage,
} from '@llmteam/contracts';
import {
  type CheckingCompiler,
  type Definitions,
  defineSegment,
  type KnownRefs,
  type PublishedSegment,
  type SegmentStore,
  type StepCatalog,
  type StoredSegment,
  type ValidatedText,
  type ValidationContext,
  validateTextInSlices,
} from '@llmteam/kernel';
import type { TenantLimits } from '../limits/tenant-limits.js';

/** The configured resources that segments may refer to. */
export type ConfiguredRefs = Omit<KnownRefs, 'segment_ref'>;

/** The resources that a tenant may use. */
export type RefsOfTenant = (tenantId: string) => ConfiguredRefs;

/**
 * Given the current revision (null if there is none), returns the one a change must replace: undefined means any, 0 means none.
 * Throws if the change does not apply to the current revision.
 */
export type RevisionPrecondition = (current: number | null) => number | undefined;

export interface TenantSegmentsDeps {
  readonly segments: SegmentStore;
  readonly definitions: Definitions;
  readonly catalog: StepCatalog;
  readonly compiler: CheckingCompiler;
  readonly refs: RefsOfTenant;
  readonly clock: Clock;
  readonly tenants: Pick<TenantLimits, 'admitSegment'>;
}

export interface StoreResult {
  readonly stored: PublishedSegment;
  readonly warnings: readonly Problem[];
}

/** The segments of a tenant: validated, stored, read and removed. */
export class TenantSegments {
  constructor(private readonly deps: TenantSegmentsDeps) {}

  /**
   * A reference is valid if the resource is configured for the tenant, or the tenant has stored the segment.
   * @throws LlmteamError `JSON_INVALID`, `RATE_LIMITED`
   */
  async validate(tenantId: string, text: string): Promise<ValidatedText> {
    await this.deps.tenants.admitSegment(tenantId, Buffer.byteLength(text));
    return validateTextInSlices(text, (value) => this.contextFor(tenantId, value));
  }

  private async contextFor(tenantId: string, value: Json): Promise<ValidationContext> {
    const { catalog, compiler, refs, segments } = this.deps;
    const named = segmentRefs(value);
    const stored = new Set<string>();
    for (const id of named) if ((await this.currentRevision(tenantId, id)) !== null) stored.add(id);
    const isAllKnown = [...named].every((id) => stored.has(id));
    const suggestions = isAllKnown ? [] : (await segments.list(tenantId, undefined, 500)).map((one) => one.segment_id);
    const ownId = idOf(value);
    const segmentRef: NonNullable<KnownRefs['segment_ref']> = {
      has: (name) => name === ownId || stored.has(name),
      names: () => suggestions,
    };
    const pinned = ownId === null ? {} : await this.pinnedIn(tenantId, ownId);
    return { catalog, compiler, pinned, refs: { ...refs(tenantId), segment_ref: segmentRef } };
  }

  /** The versions of a segment as it is stored; none if it is not. */
  private async pinnedIn(tenantId: string, segmentId: string): Promise<Definition['step_types']> {
    const { segments, definitions } = this.deps;
    try {
      const { definition } = await segments.find(tenantId, segmentId);
      return (await definitions.get(definition)).step_types;
    } catch (thrown) {
      // Storing it again repairs a definition that was lost.
      if (isLlmteamError(thrown) && ['SEGMENT_UNKNOWN', 'BLOB_MISSING'].includes(thrown.code)) return {};
      throw thrown;
    }
  }

  /** @throws LlmteamError `JSON_INVALID`, `SEGMENT_INVALID` with all problems, `PRECONDITION_FAILED`, `RATE_LIMITED` */
  async store(tenantId: string, text: string, precondition: RevisionPrecondition): Promise<StoreResult> {
    const { catalog, clock, segments } = this.deps;
    const { segment, problems } = await this.validate(tenantId, text);
    if (segment === null) {
      const errors = problems.filter(({ severity }) => severity === 'error').length;
      throw new LlmteamError('SEGMENT_INVALID', `the segment has ${errors} problem${errors === 1 ? '' : 's'}`, {
        details: { problems: [...problems] },
      });
    }
    const ifRevision = precondition(await this.currentRevision(tenantId, segment.segment_id));
    const definition = defineSegment(segment, catalog, await this.pinnedIn(tenantId, segment.segment_id));
    const options = { at: clock.now(), ...(ifRevision !== undefined && { ifRevision }) };
    const stored = await conditionally(segments.publish(tenantId, definition, options));
    return { stored, warnings: problems };
  }

  /** A page of segments sorted by id, from the one after `after`. */
  async list(tenantId: string, after: string | undefined, limit: number): Promise<SegmentPage> {
    const found = await this.deps.segments.list(tenantId, after, limit + 1);
    const page = found.slice(0, limit);
    const listed = page.map(({ stored_at, ...rest }) => ({ ...rest, stored_at: new Date(stored_at).toISOString() }));
    const next = found.length > limit ? (page.at(-1)?.segment_id ?? null) : null;
    return { segments: listed, cursor: next };
  }

  /** The current revision, or the given one. @throws LlmteamError `SEGMENT_UNKNOWN` */
  find(tenantId: string, segmentId: string, revision?: number): Promise<StoredSegment> {
    return this.deps.segments.find(tenantId, segmentId, revision);
  }

  async read({ definition }: StoredSegment): Promise<Segment> {
    const { segment } = await this.deps.definitions.get(definition);
    return segment;
  }

  /** @throws LlmteamError `SEGMENT_UNKNOWN`, `PRECONDITION_FAILED` */
  async remove(tenantId: string, segmentId: string, precondition: RevisionPrecondition): Promise<void> {
    const current = await this.currentRevision(tenantId, segmentId);
    if (current === null) throw new LlmteamError('SEGMENT_UNKNOWN', `no segment '${segmentId}' is stored`);
    await conditionally(this.deps.segments.remove(tenantId, segmentId, precondition(current)));
  }

  /** null if the segment is not stored. */
  private async currentRevision(tenantId: string, segmentId: string): Promise<number | null> {
    try {
      return (await this.deps.segments.find(tenantId, segmentId)).revision;
    } catch (thrown) {
      if (isLlmteamError(thrown) && thrown.code === 'SEGMENT_UNKNOWN') return null;
      throw thrown;
    }
  }
}

/** Another change came first, so the precondition no longer holds. */
async function conditionally<T>(change: Promise<T>): Promise<T> {
  try {
    return await change;
  } catch (cause) {
    if (!isLlmteamError(cause) || cause.code !== 'REVISION_CONFLICT') throw cause;
    throw new LlmteamError('PRECONDITION_FAILED', 'the segment was changed in the meantime', { cause });
  }
}

function idOf(value: Json): string | null {
  const id = typeof value === 'object' && value !== null && 'segment_id' in value ? value.segment_id : null;
  return typeof id === 'string' ? id : null;
}

/** Bounds the lookups that one segment can cause; most refer to no other segment. */
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

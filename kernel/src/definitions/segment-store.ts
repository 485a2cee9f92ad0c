/**
 * Purpose: a tenant's segments by id and revision, as `segment_ref` and the gateway refer to them.
 * Owns: the order of writes. The head of a segment is a single value changed by compare-and-swap; the revision it replaces is stored
 * first, so neither a crash nor a race can lose one.
 * Does not own: definitions (stored by content hash in Blobs); runs, which keep the definition they were started with.
 */
import { type Definition, isLlmteamError, type JsonObject, type KvStore, LlmteamError } from '@llmteam/contracts';
import type { Definitions } from './definitions.js';

export interface StoredSegment {
  readonly segment_id: string;
  /** Content hash of the definition. */
  readonly definition: string;
  /** Increases with every publication. */
  readonly revision: number;
  readonly name: string;
  /** Epoch milliseconds; 0 if unknown. */
  readonly stored_at: number;
}

export interface PublishedSegment extends StoredSegment {
  /** No segment with that id was stored before. */
  readonly isNew: boolean;
}

export interface PublishOptions {
  /** Publish only if this is the current revision; 0 means only if the segment does not exist. */
  readonly ifRevision?: number;
  /** Epoch milliseconds. */
  readonly at?: number;
}

/** Older revisions are deleted. */
const revisionsKept = 100;
const maxAttempts = 100;

export class SegmentStore {
  constructor(
    private readonly kv: KvStore,
    private readonly definitions: Definitions,
  ) {}

  /** Publishing the same definition again is a no-op. @throws LlmteamError `REVISION_CONFLICT` if `ifRevision` is not current. */
  async publish(tenantId: string, definition: Definition, options: PublishOptions = {}): Promise<PublishedSegment> {
    const hash = await this.definitions.put(definition);
    for (let attempt = 0; ; attempt++) {
      try {
        return await this.replace(tenantId, definition, hash, options);
      } catch (error) {
        const isRace = isLlmteamError(error) && error.code === 'REVISION_CONFLICT';
        if (!isRace || options.ifRevision !== undefined || attempt >= maxAttempts) throw error;
      }
    }
  }

  private async replace(
    tenantId: string,
    { segment }: Definition,
    definition: string,
    { ifRevision, at = 0 }: PublishOptions,
  ): Promise<PublishedSegment> {
    const { segment_id, name } = segment;
    const head = headKey(tenantId, segment_id);
    const present = await this.kv.get(head);
    if (ifRevision !== undefined && ifRevision !== (present?.revision ?? 0)) {
      const state = present === null ? 'is not stored' : `has revision ${present.revision}`;
      throw new LlmteamError('REVISION_CONFLICT', `segment '${segment_id}' ${state}, expected ${ifRevision}`);
    }
    if (present !== null) {
      const stored = storedSegment(segment_id, present.revision, present.value);
      if (stored.definition === definition) return { ...stored, isNew: false };
      await this.keep(tenantId, segment_id, present.revision, present.value as JsonObject);
    }
    const value = { definition, name, at };
    const revision = await this.kv.put(head, value, { ifRevision: present?.revision ?? 0 });
    return { ...storedSegment(segment_id, revision, value), isNew: present === null };
  }

  private async keep(tenantId: string, segmentId: string, revision: number, value: JsonObject): Promise<void> {
    await this.kv.put(revisionKey(tenantId, segmentId, revision), value);
    const kept = await this.kv.list(revisionPrefix(tenantId, segmentId));
    for (const { key } of kept.slice(0, Math.max(0, kept.length - revisionsKept))) await this.kv.delete(key);
  }

  /** The given revision, by default the current one. @throws LlmteamError `SEGMENT_UNKNOWN` */
  async find(tenantId: string, segmentId: string, revision?: number): Promise<StoredSegment> {
    const present = await this.kv.get(headKey(tenantId, segmentId));
    if (present === null) throw unknown(segmentId);
    if (revision === undefined || revision === present.revision) {
      return storedSegment(segmentId, present.revision, present.value);
    }
    const earlier = await this.kv.get(revisionKey(tenantId, segmentId, revision));
    if (earlier === null) throw unknown(segmentId);
    return storedSegment(segmentId, revision, earlier.value);
  }

  /** Ordered by id, starting after `after`. */
  async list(tenantId: string, after: string | undefined, limit: number): Promise<StoredSegment[]> {
    const prefix = headKey(tenantId, '');
    const options = after === undefined ? { limit } : { limit, after: prefix + after };
    const found = await this.kv.list(prefix, options);
    return found.map(({ key, revision, value }) => storedSegment(key.slice(prefix.length), revision, value));
  }

  /** Segments of all tenants, for the operator. */
  async listAll(limit: number): Promise<(StoredSegment & { readonly tenant_id: string })[]> {
    const prefix = 'segments/';
    const found = await this.kv.list(prefix, { limit });
    return found.map(({ key, revision, value }) => {
      const at = key.lastIndexOf('/');
      const tenantId = key.slice(prefix.length, at);
      return { tenant_id: tenantId, ...storedSegment(key.slice(at + 1), revision, value) };
    });
  }

  /**
   * Deletes a segment and its revisions; its runs are not affected.
   * @throws LlmteamError `SEGMENT_UNKNOWN`; `REVISION_CONFLICT` if `ifRevision` is not current
   */
  async remove(tenantId: string, segmentId: string, ifRevision?: number): Promise<void> {
    const head = headKey(tenantId, segmentId);
    if ((await this.kv.get(head)) === null) throw unknown(segmentId);
    await this.kv.delete(head, ifRevision === undefined ? {} : { ifRevision });
    for (const { key } of await this.kv.list(revisionPrefix(tenantId, segmentId))) {
      await this.kv.delete(key);
    }
  }
}

function unknown(segmentId: string): LlmteamError {
  return new LlmteamError('SEGMENT_UNKNOWN', `no segment '${segmentId}' is stored`);
}

function headKey(tenantId: string, segmentId: string): string {
  return `segments/${tenantId}/${segmentId}`;
}

function revisionPrefix(tenantId: string, segmentId: string): string {
  return `segment_revisions/${tenantId}/${segmentId}/`;
}

/** Zero-padded, so that keys sort by revision. */
function revisionKey(tenantId: string, segmentId: string, revision: number): string {
  return revisionPrefix(tenantId, segmentId) + String(revision).padStart(16, '0');
}

function storedSegment(segmentId: string, revision: number, value: unknown): StoredSegment {
  const { definition, name, at } = value as JsonObject;
  return {
    segment_id: segmentId,
    revision,
    definition: String(definition),
    name: typeof name === 'string' ? name : segmentId,
    stored_at: typeof at === 'number' ? at : 0,
  };
}

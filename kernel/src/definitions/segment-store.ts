/**
 * Purpose: the segments of a tenant by id and revision: what `segment_ref` and the gateway name.
 * Owns: the order of writes. The head of a segment is one value, changed by compare-and-swap; what it replaces is kept first, so no
 * crash and no race loses a revision.
 * Does not own: definitions (by content, in Blobs); runs, which go on with the definition they were started with.
 */
import { type Definition, is_llmteam_error, type JsonObject, LlmteamError, type Registry } from '@llmteam/contracts';
import type { Definitions } from './definitions.js';

export interface StoredSegment {
  readonly segment_id: string;
  /** Content hash of the definition. */
  readonly definition: string;
  /** Grows with every publication. */
  readonly revision: number;
  readonly name: string;
  /** Epoch milliseconds; 0: not known. */
  readonly stored_at: number;
}

export interface PublishedSegment extends StoredSegment {
  /** There was none of that id. */
  readonly is_new: boolean;
}

export interface PublishOptions {
  /** Only if this is the present revision; 0: only if there is none. */
  readonly if_revision?: number;
  /** Epoch milliseconds. */
  readonly at?: number;
}

/** Older ones are dropped. */
const revisions_kept = 100;
const most_races = 100;

export class SegmentStore {
  constructor(
    private readonly registry: Registry,
    private readonly definitions: Definitions,
  ) {}

  /** The same definition again changes nothing. @throws LlmteamError `REVISION_CONFLICT` if `if_revision` is not the present one. */
  async publish(tenant_id: string, definition: Definition, options: PublishOptions = {}): Promise<PublishedSegment> {
    const hash = await this.definitions.put(definition);
    for (let races = 0; ; races++) {
      try {
        return await this.replace(tenant_id, definition, hash, options);
      } catch (error) {
        const is_race = is_llmteam_error(error) && error.code === 'REVISION_CONFLICT';
        if (!is_race || options.if_revision !== undefined || races >= most_races) throw error;
      }
    }
  }

  private async replace(
    tenant_id: string,
    { segment }: Definition,
    definition: string,
    { if_revision, at = 0 }: PublishOptions,
  ): Promise<PublishedSegment> {
    const { segment_id, name } = segment;
    const head = head_key(tenant_id, segment_id);
    const present = await this.registry.get(head);
    if (if_revision !== undefined && if_revision !== (present?.revision ?? 0)) {
      const state = present === null ? 'is not stored' : `has revision ${present.revision}`;
      throw new LlmteamError('REVISION_CONFLICT', `segment '${segment_id}' ${state}, expected ${if_revision}`);
    }
    if (present !== null) {
      const stored = stored_segment(segment_id, present.revision, present.value);
      if (stored.definition === definition) return { ...stored, is_new: false };
      await this.keep(tenant_id, segment_id, present.revision, present.value as JsonObject);
    }
    const value = { definition, name, at };
    const revision = await this.registry.put(head, value, { if_revision: present?.revision ?? 0 });
    return { ...stored_segment(segment_id, revision, value), is_new: present === null };
  }

  private async keep(tenant_id: string, segment_id: string, revision: number, value: JsonObject): Promise<void> {
    await this.registry.put(revision_key(tenant_id, segment_id, revision), value);
    const kept = await this.registry.list(revision_prefix(tenant_id, segment_id));
    for (const { key } of kept.slice(0, Math.max(0, kept.length - revisions_kept))) await this.registry.delete(key);
  }

  /** The present revision, or the one asked for. @throws LlmteamError `SEGMENT_UNKNOWN` */
  async find(tenant_id: string, segment_id: string, revision?: number): Promise<StoredSegment> {
    const present = await this.registry.get(head_key(tenant_id, segment_id));
    if (present === null) throw unknown(segment_id);
    if (revision === undefined || revision === present.revision) {
      return stored_segment(segment_id, present.revision, present.value);
    }
    const earlier = await this.registry.get(revision_key(tenant_id, segment_id, revision));
    if (earlier === null) throw unknown(segment_id);
    return stored_segment(segment_id, revision, earlier.value);
  }

  /** By id, after the one named. */
  async list(tenant_id: string, after: string | undefined, limit: number): Promise<StoredSegment[]> {
    const prefix = head_key(tenant_id, '');
    const options = after === undefined ? { limit } : { limit, after: prefix + after };
    const found = await this.registry.list(prefix, options);
    return found.map(({ key, revision, value }) => stored_segment(key.slice(prefix.length), revision, value));
  }

  /**
   * Forgets a segment and its revisions; runs of it go on.
   * @throws LlmteamError `SEGMENT_UNKNOWN`; `REVISION_CONFLICT` if `if_revision` is not the present one
   */
  async remove(tenant_id: string, segment_id: string, if_revision?: number): Promise<void> {
    const head = head_key(tenant_id, segment_id);
    if ((await this.registry.get(head)) === null) throw unknown(segment_id);
    await this.registry.delete(head, if_revision === undefined ? {} : { if_revision });
    for (const { key } of await this.registry.list(revision_prefix(tenant_id, segment_id))) {
      await this.registry.delete(key);
    }
  }
}

function unknown(segment_id: string): LlmteamError {
  return new LlmteamError('SEGMENT_UNKNOWN', `no segment '${segment_id}' is stored`);
}

function head_key(tenant_id: string, segment_id: string): string {
  return `segments/${tenant_id}/${segment_id}`;
}

function revision_prefix(tenant_id: string, segment_id: string): string {
  return `segment_revisions/${tenant_id}/${segment_id}/`;
}

/** Padded, so that keys are in the order of revisions. */
function revision_key(tenant_id: string, segment_id: string, revision: number): string {
  return revision_prefix(tenant_id, segment_id) + String(revision).padStart(16, '0');
}

function stored_segment(segment_id: string, revision: number, value: unknown): StoredSegment {
  const { definition, name, at } = value as JsonObject;
  return {
    segment_id,
    revision,
    definition: String(definition),
    name: typeof name === 'string' ? name : segment_id,
    stored_at: typeof at === 'number' ? at : 0,
  };
}

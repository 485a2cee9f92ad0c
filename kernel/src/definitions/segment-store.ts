import { type Definition, type JsonObject, LlmteamError, type Registry } from '@llmteam/contracts';
import type { Definitions } from './definitions.js';

export interface StoredSegment {
  readonly segment_id: string;
  /** Content hash of the definition. */
  readonly definition: string;
  /** Changes with every publication. */
  readonly revision: number;
}

/** The segments of a tenant by id: what `segment_ref` and the gateway name. */
export class SegmentStore {
  constructor(
    private readonly registry: Registry,
    private readonly definitions: Definitions,
  ) {}

  /** @throws LlmteamError `REVISION_CONFLICT` if `if_revision` is not the present one. */
  async publish(tenant_id: string, definition: Definition, if_revision?: number): Promise<StoredSegment> {
    const hash = await this.definitions.put(definition);
    const { segment_id } = definition.segment;
    const present = await this.registry.get(key_of(tenant_id, segment_id));
    if (present !== null && hash_of(present.value) === hash && if_revision === undefined) {
      return { segment_id, definition: hash, revision: present.revision };
    }
    const options = if_revision === undefined ? {} : { if_revision };
    const revision = await this.registry.put(key_of(tenant_id, segment_id), { definition: hash }, options);
    return { segment_id, definition: hash, revision };
  }

  /** @throws LlmteamError `SEGMENT_UNKNOWN` */
  async find(tenant_id: string, segment_id: string): Promise<StoredSegment> {
    const found = await this.registry.get(key_of(tenant_id, segment_id));
    if (found === null) throw new LlmteamError('SEGMENT_UNKNOWN', `no segment '${segment_id}' is stored`);
    return { segment_id, definition: hash_of(found.value), revision: found.revision };
  }
}

function key_of(tenant_id: string, segment_id: string): string {
  return `segments/${tenant_id}/${segment_id}`;
}

function hash_of(value: unknown): string {
  return String((value as JsonObject).definition);
}

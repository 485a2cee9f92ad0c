/**
 * Purpose: stores API keys in the KvStore under their public prefix, the secret as a SHA-256.
 * Does not own: authenticating requests (key-ring.ts). A revoked key stays listed.
 */
import { type Clock, isLlmteamError, type Json, type KvStore, LlmteamError, type Role } from '@llmteam/contracts';
import { makeApiKey } from './api-key.js';

export const keysPrefix = 'api_keys/';

export interface ApiKeyRecord {
  readonly prefix: string;
  /** SHA-256 of the key, in hex. */
  readonly hash: string;
  readonly tenant_id: string;
  readonly role: Role;
  /** The owner's name, shown in lists and tasks. */
  readonly name: string;
  /** As requested; absent in keys of earlier releases. */
  readonly act_for_others?: boolean;
  /** Epoch milliseconds. */
  readonly created_at: number;
  readonly expires_at: number | null;
  readonly revoked_at: number | null;
}

/** A key as listed, without its hash. */
export interface ApiKeyListing extends Omit<ApiKeyRecord, 'hash'> {
  /** What counts: role `admin` always may. */
  readonly act_for_others: boolean;
}

export interface NewKeyRequest {
  readonly tenant_id: string;
  readonly role: Role;
  readonly name: string;
  /** Default false. */
  readonly act_for_others?: boolean;
  /** Epoch milliseconds; null if the key never expires. */
  readonly expires_at: number | null;
}

const names = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;

export class KeyStore {
  constructor(
    private readonly kv: Pick<KvStore, 'get' | 'put' | 'list'>,
    private readonly clock: Pick<Clock, 'now'>,
  ) {}

  /** Returns the key itself, which is not stored anywhere. @throws LlmteamError `USAGE` */
  async create(request: NewKeyRequest): Promise<{ readonly key: string; readonly listing: ApiKeyListing }> {
    const { tenant_id, name, expires_at } = request;
    if (!names.test(tenant_id)) throw new LlmteamError('USAGE', `'${tenant_id}' is not a valid tenant name`);
    if (!names.test(name)) throw new LlmteamError('USAGE', `'${name}' is not a valid key name`);
    const now = this.clock.now();
    if (expires_at !== null && expires_at <= now) throw new LlmteamError('USAGE', 'the expiry time is in the past');
    const { key, prefix, hash } = makeApiKey();
    const record: ApiKeyRecord = { prefix, hash, ...request, created_at: now, revoked_at: null };
    await this.kv.put(keysPrefix + prefix, asJson(record), { ifRevision: 0 });
    return { key, listing: listingOf(record) };
  }

  /** The keys of one tenant, or of all, sorted by prefix. */
  async list(tenantId?: string): Promise<ApiKeyListing[]> {
    const found = await this.kv.list(keysPrefix);
    const records = found.map(({ value }) => recordOf(value));
    return records.filter((record) => tenantId === undefined || record.tenant_id === tenantId).map(listingOf);
  }

  /** Idempotent; takes effect in every gateway within a second. @throws LlmteamError `KEY_UNKNOWN` */
  async revoke(prefix: string): Promise<ApiKeyListing> {
    const found = await this.kv.get(keysPrefix + prefix);
    if (found === null) throw new LlmteamError('KEY_UNKNOWN', `there is no key '${prefix}'`);
    const record = recordOf(found.value);
    if (record.revoked_at !== null) return listingOf(record);
    const revoked: ApiKeyRecord = { ...record, revoked_at: this.clock.now() };
    try {
      await this.kv.put(keysPrefix + prefix, asJson(revoked), { ifRevision: found.revision });
    } catch (error) {
      if (!isLlmteamError(error) || error.code !== 'REVISION_CONFLICT') throw error;
      // Somebody else revoked it: a key changes in no other way.
      return this.revoke(prefix);
    }
    return listingOf(revoked);
  }

  /** null if there is no such key. */
  async find(prefix: string): Promise<ApiKeyListing | null> {
    const found = await this.kv.get(keysPrefix + prefix);
    return found === null ? null : listingOf(recordOf(found.value));
  }
}

export function recordOf(value: Json): ApiKeyRecord {
  return value as unknown as ApiKeyRecord;
}

function asJson(record: ApiKeyRecord): Json {
  return { ...record };
}

/** Whether the key may name other persons, and act on tasks of others. */
export function actsForOthers({ role, act_for_others }: ApiKeyRecord): boolean {
  return role === 'admin' || act_for_others === true;
}

function listingOf(record: ApiKeyRecord): ApiKeyListing {
  const { hash: _, ...listing } = record;
  return { ...listing, act_for_others: actsForOthers(record) };
}

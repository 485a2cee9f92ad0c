/**
 * Purpose: the API keys of a tenant, for callers with a key.
 * Invariants:
 *   N1 No key makes a key with more rights than its own: actions, acting for others, lifetime.
 *   N2 A key of another tenant is unknown.
 */
import {
  type CreateKeyBody,
  isLlmteamError,
  type KeyCreated,
  type KeyIdentity,
  type KeyListing,
  type KeyPage,
  LlmteamError,
} from '@llmteam/contracts';
import { wrong } from '../errors/request-invalid.js';
import type { Principal } from '../keys/key-ring.js';
import type { ApiKeyListing, KeyStore } from '../keys/key-store.js';
import { actions, may } from '../keys/permissions.js';

export class TenantKeys {
  constructor(private readonly keys: KeyStore) {}

  /** @throws LlmteamError `KEY_UNKNOWN` if the key vanished meanwhile */
  async identity(principal: Principal): Promise<KeyIdentity> {
    const own = await this.find(principal, principal.key);
    return { ...keyListingOf(own), permissions: actions.filter((action) => may(principal.role, action)) };
  }

  async list({ tenant_id }: Principal, after: string | undefined, limit: number): Promise<KeyPage> {
    const all = await this.keys.list(tenant_id);
    const rest = after === undefined ? all : all.filter(({ prefix }) => prefix > after);
    const page = rest.slice(0, limit);
    return { keys: page.map(keyListingOf), cursor: rest.length > limit ? (page.at(-1)?.prefix ?? null) : null };
  }

  /** @throws LlmteamError `FORBIDDEN`, `REQUEST_INVALID` */
  async create(principal: Principal, body: CreateKeyBody): Promise<KeyCreated> {
    const own = await this.find(principal, principal.key);
    const { role, name, act_for_others = false } = body;
    const expiresAt = body.expires_at === undefined ? own.expires_at : momentOf(body.expires_at);
    checkRights(principal, own, body, expiresAt);
    const request = { tenant_id: principal.tenant_id, role, name, act_for_others, expires_at: expiresAt };
    const { key, listing } = await this.keys.create(request).catch((thrown: unknown) => {
      if (!isLlmteamError(thrown) || thrown.code !== 'USAGE') throw thrown;
      // The schema allows no other mistake.
      throw wrong('body', '/expires_at', 'SCHEMA_VIOLATION', thrown.message);
    });
    return { key, ...keyListingOf(listing) };
  }

  /** Idempotent. @throws LlmteamError `KEY_UNKNOWN` */
  async revoke(principal: Principal, prefix: string): Promise<void> {
    await this.find(principal, prefix);
    await this.keys.revoke(prefix);
  }

  private async find({ tenant_id }: Principal, prefix: string): Promise<ApiKeyListing> {
    const found = await this.keys.find(prefix);
    if (found?.tenant_id === tenant_id) return found;
    throw new LlmteamError('KEY_UNKNOWN', `there is no key '${prefix}'`);
  }
}

function checkRights(principal: Principal, own: ApiKeyListing, body: CreateKeyBody, expiresAt: number | null): void {
  const excess = actions.find((action) => may(body.role, action) && !may(principal.role, action));
  if (excess !== undefined) throw forbidden(`the role '${body.role}' allows '${excess}', which your key does not`);
  if (body.act_for_others === true && !principal.act_for_others) throw forbidden('your key may not act for others');
  const isLonger = own.expires_at !== null && (expiresAt === null || expiresAt > own.expires_at);
  if (isLonger) throw forbidden(`your key expires at ${iso(own.expires_at)}, and the new one would outlive it`);
}

function forbidden(message: string): LlmteamError {
  return new LlmteamError('FORBIDDEN', message);
}

function momentOf(time: string | null): number | null {
  return time === null ? null : Date.parse(time);
}

/** A key as the API and the command line show it. */
export function keyListingOf({ created_at, expires_at, revoked_at, ...rest }: ApiKeyListing): KeyListing {
  const { prefix, tenant_id, role, name, act_for_others } = rest;
  return {
    ...{ prefix, tenant_id, role, name, act_for_others },
    created_at: new Date(created_at).toISOString(),
    expires_at: expires_at === null ? null : iso(expires_at),
    revoked_at: revoked_at === null ? null : iso(revoked_at),
  };
}

function iso(at: number | null): string {
  return new Date(at ?? 0).toISOString();
}

import { type Json, type KvEntry, LlmteamError } from '@llmteam/contracts';

/** A value as stored in the bucket. */
export interface StoredValue extends KvEntry {
  /** Epoch milliseconds by the server's clock; null if it never expires. */
  readonly expires_at: number | null;
}

/** The stored text, as JSON. */
interface Envelope {
  readonly value: Json;
  readonly ttl_ms?: number;
}

export function valueText(value: Json, ttlMs: number | undefined): string {
  const envelope: Envelope = ttlMs === undefined ? { value } : { value, ttl_ms: ttlMs };
  return JSON.stringify(envelope);
}

/** @throws LlmteamError `STORE_CORRUPT` */
export function storedValue(key: string, revision: number, storedAt: number, text: string): StoredValue {
  const { value, ttl_ms } = parse(key, text);
  return { key, value, revision, expires_at: ttl_ms === undefined ? null : storedAt + ttl_ms };
}

export function isExpired({ expires_at }: StoredValue, now: number): boolean {
  return expires_at !== null && expires_at <= now;
}

/** The value as callers see it. */
export function publicValue({ key, value, revision }: StoredValue): KvEntry {
  return { key, value, revision };
}

function parse(key: string, text: string): Envelope {
  try {
    return JSON.parse(text) as Envelope;
  } catch (cause) {
    throw new LlmteamError('STORE_CORRUPT', `the stored value of key '${key}' is not JSON`, { cause });
  }
}

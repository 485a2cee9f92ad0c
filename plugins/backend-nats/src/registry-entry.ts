import { type Json, LlmteamError, type RegistryValue } from '@llmteam/contracts';

/** What a bucket holds under a key. */
export interface StoredValue extends RegistryValue {
  /** Epoch milliseconds by the server's clock; null: it stays. */
  readonly expires_at: number | null;
}

interface Envelope {
  readonly value: Json;
  readonly ttl_ms?: number;
}

export function value_text(value: Json, ttl_ms: number | undefined): string {
  const envelope: Envelope = ttl_ms === undefined ? { value } : { value, ttl_ms };
  return JSON.stringify(envelope);
}

/** @throws LlmteamError `STORE_CORRUPT` */
export function stored_value(key: string, revision: number, stored_at: number, text: string): StoredValue {
  const { value, ttl_ms } = parse(key, text);
  return { key, value, revision, expires_at: ttl_ms === undefined ? null : stored_at + ttl_ms };
}

export function is_expired({ expires_at }: StoredValue, now: number): boolean {
  return expires_at !== null && expires_at <= now;
}

/** As callers see it. */
export function public_value({ key, value, revision }: StoredValue): RegistryValue {
  return { key, value, revision };
}

function parse(key: string, text: string): Envelope {
  try {
    return JSON.parse(text) as Envelope;
  } catch (cause) {
    throw new LlmteamError('STORE_CORRUPT', `the registry's value of '${key}' is not JSON`, { cause });
  }
}

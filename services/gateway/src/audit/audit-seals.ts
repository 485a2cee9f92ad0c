/**
 * Purpose: the hashes of the audit trail: HMACs under a configured key, which nobody can compute who can merely write to the store, or plain
 * SHA-256 without one.
 * Owns: the schemes. A hash names its scheme, and with it the key, so keys can be changed.
 */
import { createHash, createHmac } from 'node:crypto';
import { LlmteamError } from '@llmteam/contracts';

export const plainScheme = 'sha256';
const keyedScheme = 'hmac-sha256:';
const fewestCharacters = 16;

export class AuditSeals {
  /** Of what is written now. */
  readonly scheme: string;
  private readonly keys = new Map<string, string>();

  /** The first key seals; the others only verify. @throws LlmteamError `CONFIG_INVALID` if a key is too short */
  constructor(keys: readonly string[] = []) {
    for (const key of keys) {
      if (key.length < fewestCharacters) {
        throw new LlmteamError(
          'CONFIG_INVALID',
          `gateway.audit_key: a key has at least ${fewestCharacters} characters`,
        );
      }
      this.keys.set(schemeOf(key), key);
    }
    const [first] = this.keys.keys();
    this.scheme = first ?? plainScheme;
  }

  /** The hash of a text, in hex; null if the scheme is unknown or takes a key that is not here. */
  seal(scheme: string, text: string): string | null {
    if (scheme === plainScheme) return createHash('sha256').update(text).digest('hex');
    const key = this.keys.get(scheme);
    return key === undefined ? null : createHmac('sha256', key).update(text).digest('hex');
  }
}

export function isKeyed(scheme: string | undefined): boolean {
  return scheme?.startsWith(keyedScheme) === true;
}

/** Identifies a key without revealing it. */
function schemeOf(key: string): string {
  return keyedScheme + createHmac('sha256', key).update('the id of an audit key').digest('hex').slice(0, 16);
}

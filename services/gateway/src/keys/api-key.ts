/**
 * The format of API keys: `llmteam_<public prefix>_<secret>`.
 * The prefix identifies the key in lists, logs and the audit trail; only the SHA-256 of the whole key is stored.
 */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

const prefixLetters = 'abcdefghijkmnpqrstuvwxyz23456789';
const prefixLength = 12;
const secretBytes = 32;
const pattern = /^llmteam_([a-z0-9]{12})_[A-Za-z0-9_-]{43}$/;

export interface NewApiKey {
  /** Shown once. */
  readonly key: string;
  readonly prefix: string;
  readonly hash: string;
}

export function makeApiKey(): NewApiKey {
  // 32 letters divide the 256 byte values evenly, so the prefix is unbiased.
  const prefix = [...randomBytes(prefixLength)].map((byte) => prefixLetters[byte % prefixLetters.length]).join('');
  const key = `llmteam_${prefix}_${randomBytes(secretBytes).toString('base64url')}`;
  return { key, prefix, hash: hashApiKey(key) };
}

/** The public prefix, or null if the text is not in the format of a key. */
export function prefixOf(key: string): string | null {
  return pattern.exec(key)?.[1] ?? null;
}

export function hashApiKey(key: string): string {
  return createHash('sha256').update(key).digest('hex');
}

/** Compares in constant time. */
export function isSameHash(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one, 'hex'), Buffer.from(other, 'hex')];
  return a.length === b.length && timingSafeEqual(a, b);
}

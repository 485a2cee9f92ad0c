import { type Json, LlmteamError } from '@llmteam/contracts';

/** The maximum size of one value, in characters of JSON text. */
const valueCharacters = 16 * 1024 * 1024;
const keyCharacters = 1_024;

/** Serializes a value. Throws `TypeError` if it is not JSON, `LIMIT_EXCEEDED` above 16 Mi characters. */
export function valueText(key: string, value: Json): string {
  const text: string | undefined = JSON.stringify(value);
  if (text === undefined) throw new TypeError(`The value of ${key} must be JSON, not ${typeof value}`);
  if (text.length <= valueCharacters) return text;
  const size = `${text.length} characters of JSON, at most ${valueCharacters} are allowed`;
  throw new LlmteamError('LIMIT_EXCEEDED', `The value of key ${key} has ${size}`);
}

/** No key contains this character, so it is the upper bound of the keys with a prefix. */
export const beyondAllKeys = '\u{10ffff}';

/** Keys are stored as UTF-8 text, so they must not contain NUL or lone surrogates. */
export function checkKey(key: string): void {
  if (key.length > 0 && key.length <= keyCharacters && !/[\0\p{Surrogate}\u{10ffff}]/u.test(key)) return;
  throw new TypeError(`A key must be 1 to ${keyCharacters} characters of valid text, got ${JSON.stringify(key)}`);
}

export function revisionConflict(key: string, revision: number, expected: number): LlmteamError {
  const state = revision === 0 ? 'is absent' : `has revision ${revision}`;
  return new LlmteamError('REVISION_CONFLICT', `Key ${key} ${state}, expected revision ${expected}`);
}

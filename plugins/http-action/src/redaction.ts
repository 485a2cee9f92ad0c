/**
 * Purpose: a service may repeat what it was sent. The values of a client's headers belong to the operator and must not end up in an
 * error, which is journaled.
 */

import type { Json } from '@llmteam/contracts';

/** Headers that never hold a secret; their values may be common words. */
const harmless: ReadonlySet<string> = new Set([
  ...['accept', 'accept-charset', 'accept-encoding', 'accept-language', 'cache-control', 'content-type', 'user-agent'],
]);
/** Shorter values are not real secrets, and hiding them would garble the text. */
const shortestSecret = 4;
const redacted = '[redacted]';

export interface Redactor {
  redact(text: string): string;
  /** In every string, key and number. */
  redactJson(value: Json): Json;
  /** For a text that was cut: also drops the beginning of a secret at its end. */
  redactStart(text: string): string;
}

/** Replaces every spelling of the headers' values, and of the credentials after their scheme. */
export function redactorOf(clientHeaders: Readonly<Record<string, string>>): Redactor {
  const values = Object.entries(clientHeaders).filter(([name]) => !harmless.has(name.toLowerCase()));
  const secrets = values.flatMap(([, value]) => [value, ...credentialsIn(value)]).filter(isLongEnough);
  // Longest first, because one secret may contain another.
  const spellings = [...new Set(secrets.flatMap(spellingsOf))].sort((a, b) => b.length - a.length);
  const redact = (text: string) => spellings.reduce((rest, secret) => rest.replaceAll(secret, redacted), text);
  return {
    redact,
    redactJson: (value) => changed(value, redact),
    redactStart: (text) => withoutBeginning(redact(text), spellings),
  };
}

function changed(value: Json, redact: (text: string) => string): Json {
  if (typeof value === 'string') return redact(value);
  if (typeof value === 'number') return redact(String(value)) === String(value) ? value : redacted;
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((item: Json) => changed(item, redact));
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [redact(key), changed(part, redact)]));
}

function withoutBeginning(text: string, spellings: readonly string[]): string {
  const lengths = spellings.map((secret) => {
    let length = Math.min(secret.length - 1, text.length);
    while (length >= shortestSecret && !text.endsWith(secret.slice(0, length))) length -= 1;
    return length < shortestSecret ? 0 : length;
  });
  const longest = Math.max(0, ...lengths);
  return longest === 0 ? text : text.slice(0, -longest) + redacted;
}

function isLongEnough(secret: string): boolean {
  return secret.length >= shortestSecret;
}

/** For `Bearer abc` it is `abc`; for `Basic` also what that encodes, and the password in it. */
function credentialsIn(value: string): string[] {
  const [, scheme = '', credentials] = /^([a-z]+)\s+(\S+)$/i.exec(value) ?? [];
  if (credentials === undefined) return [];
  if (scheme.toLowerCase() !== 'basic') return [credentials];
  const pair = Buffer.from(credentials, 'base64').toString('utf8');
  return [credentials, pair, pair.slice(pair.indexOf(':') + 1)];
}

/** As it is, in JSON (where some also escape slashes), in JSON nested in a string, and in a URL. */
function spellingsOf(secret: string): string[] {
  const escaped = JSON.stringify(secret).slice(1, -1);
  const inJson = [escaped, escaped.replaceAll('/', '\\/')];
  return [secret, ...inJson, ...inJson.map((text) => JSON.stringify(text).slice(1, -1)), encodeURIComponent(secret)];
}

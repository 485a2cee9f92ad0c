/**
 * Purpose: no secret in a log line, whoever logs what.
 * By key: a text under a key that names a secret, or in `headers`, at any depth. By value: every configured secret, wherever it stands.
 * Works on the line of JSON, after everything else: nothing can be added behind it.
 */
import { isSecretKey } from './secrets.js';

const redacted = '"[redacted]"';

/**
 * One text of JSON, and what follows if it is a key: the colon, and the text under it. Every text of the line is matched, one after the
 * other, so no match begins in the middle of one; no part can match in two ways, so the time is linear.
 */
const text = /"((?:[^"\\]|\\.)*)"(?:(:)("(?:[^"\\]|\\.)*")?)?/g;
const headers = /("[a-z_-]*headers":)\{((?:"(?:[^"\\]|\\.)*"|[^{}"])*)\}/gi;

export function makeRedactor(secrets: readonly string[]): (line: string) => string {
  const withoutSecrets = hideSecrets(secrets);
  return (line) => {
    const withoutHeaders = line.replace(
      headers,
      (_, key: string, fields: string) => `${key}{${withoutValues(fields)}}`,
    );
    const byKey = withoutHeaders.replace(text, (whole, key: string, _, value: string | undefined) => {
      return value !== undefined && isSecretKey(key) ? `"${key}":${redacted}` : whole;
    });
    return withoutSecrets(byKey);
  };
}

/** By value alone, for text of any kind. */
export function hideSecrets(secrets: readonly string[]): (text: string) => string {
  // The longest first: one secret may be part of another.
  const hidden = [...new Set(secrets.flatMap(spellings))].sort((a, b) => b.length - a.length);
  return (whole) => hidden.reduce((rest, secret) => rest.replaceAll(secret, '[redacted]'), whole);
}

function withoutValues(fields: string): string {
  return fields.replace(text, (_, key: string, colon: string | undefined, value: string | undefined) => {
    if (colon === undefined) return redacted;
    return `"${key}":${value === undefined ? '' : redacted}`;
  });
}

/** As the secret stands in JSON, in JSON within a text, and in an address. */
function spellings(secret: string): string[] {
  const escaped = JSON.stringify(secret).slice(1, -1);
  return [escaped, JSON.stringify(escaped).slice(1, -1), encodeURIComponent(secret)];
}

/**
 * Purpose: keeps secrets out of log lines, whoever logs them.
 * By key: strings under a secret key or in `headers`, at any depth. By value: every configured secret, wherever it occurs.
 * Works on the serialized JSON line as the last step, so that nothing can bypass it.
 */
import { SecretRedactor } from '@llmteam/kernel';
import { isSecretKey } from './secrets.js';

const redacted = '"[redacted]"';

/**
 * One JSON string and, if it is a key, the colon and its string value. All strings of the line are matched in order, so no match
 * starts inside another string; the pattern is unambiguous, so it runs in linear time.
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

/** Redacts by value only, for any text. */
export function hideSecrets(secrets: readonly string[]): (text: string) => string {
  const redactor = new SecretRedactor();
  redactor.add(secrets);
  return (whole) => redactor.text(whole);
}

function withoutValues(fields: string): string {
  return fields.replace(text, (_, key: string, colon: string | undefined, value: string | undefined) => {
    if (colon === undefined) return redacted;
    return `"${key}":${value === undefined ? '' : redacted}`;
  });
}

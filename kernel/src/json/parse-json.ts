import { Buffer } from 'node:buffer';
import { type Json, LlmteamError } from '@llmteam/contracts';
import { finish, type Work } from '../slices/slices.js';
import { type JsonLimits, jsonLimits } from './json-limits.js';
import { JsonScanner } from './json-scanner.js';

/**
 * Parses untrusted JSON. Skips a leading byte order mark and accepts lone surrogates. Apart from invalid JSON, it refuses texts
 * that exceed the limits (default: the caps), the key `__proto__`, duplicate keys in an object, and numbers that a double does not
 * hold: integers beyond ±(2^53 - 1) whose digits would change, and 1e400.
 *
 * @throws LlmteamError `JSON_INVALID`, with `{line, column}` in `details` and in the message. Both start at 1; columns are counted in
 * UTF-16 code units.
 */
export function parseJson(text: string, options: Partial<JsonLimits> = {}): Json {
  return finish(parsing(text, options));
}

/** Does what {@link parseJson} does, with pauses. */
export function* parsing(text: string, options: Partial<JsonLimits> = {}): Work<Json> {
  const limits = { ...jsonLimits, ...options };
  checkBytes(text, limits.maxBytes);
  const body = withoutByteOrderMark(text);
  yield* new JsonScanner(body, limits, null).scan();
  return JSON.parse(body);
}

/** The text without its byte order mark. */
export function withoutByteOrderMark(text: string): string {
  return text.startsWith('\uFEFF') ? text.slice(1) : text;
}

function checkBytes(text: string, maxBytes: number): void {
  if (text.length * 3 <= maxBytes) return;
  const bytes = Buffer.byteLength(text);
  if (bytes <= maxBytes) return;
  const message = `the text has ${bytes} bytes (at most ${maxBytes} are allowed) at line 1, column 1`;
  throw new LlmteamError('JSON_INVALID', message, { details: { line: 1, column: 1 } });
}

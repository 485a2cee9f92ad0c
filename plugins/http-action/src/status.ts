import { type JsonObject, LlmteamError } from '@llmteam/contracts';
import type { ExpectedStatus } from './config.js';

export function is_expected(status: number, expected: ExpectedStatus | readonly ExpectedStatus[] = '2xx'): boolean {
  const list = Array.isArray(expected) ? expected : [expected];
  return list.some((one) => one === status || one === `${Math.floor(status / 100)}xx`);
}

/** Refusals that pass: time-out, too early, too many requests. */
const passing_refusals: readonly number[] = [408, 425, 429];

/** `retry_after_seconds` is for the retry policy: no attempt before it makes sense. */
export function status_error(status: number, place: string, retry_after_seconds: number | undefined): LlmteamError {
  const refused = status >= 400 && status < 500 && !passing_refusals.includes(status);
  const details: JsonObject = retry_after_seconds === undefined ? { status } : { status, retry_after_seconds };
  return new LlmteamError(refused ? 'HTTP_CLIENT_ERROR' : 'HTTP_STATUS', `${place} answered with status ${status}`, {
    details,
  });
}

/** Seconds from `now_ms` on (RFC 9110, section 10.2.3), within 0 … `max_seconds`; undefined: it says nothing. */
export function retry_after(
  header: string | string[] | undefined,
  now_ms: number,
  max_seconds: number,
): number | undefined {
  if (typeof header !== 'string') return undefined;
  const text = header.trim();
  const seconds = /^\d+$/.test(text) ? Number(text) : Math.ceil((http_date(text) - now_ms) / 1_000);
  return Number.isNaN(seconds) ? undefined : Math.min(Math.max(seconds, 0), max_seconds);
}

/** Only the three date forms of HTTP, all of which begin with a week day; `Date.parse` alone takes `-5` for a year. */
function http_date(text: string): number {
  return /^(Mon|Tue|Wed|Thu|Fri|Sat|Sun)/.test(text) ? Date.parse(text) : Number.NaN;
}

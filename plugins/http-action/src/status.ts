import { type JsonObject, LlmteamError } from '@llmteam/contracts';
import type { ExpectedStatus } from './config.js';
import { maxRetryAfterSeconds } from './limits.js';

export function isExpected(status: number, expected: ExpectedStatus | readonly ExpectedStatus[] = '2xx'): boolean {
  const list = Array.isArray(expected) ? expected : [expected];
  return list.some((one) => one === status || one === `${Math.floor(status / 100)}xx`);
}

/** Transient 4xx: timeout, too early, too many requests. */
const transientClientErrors: readonly number[] = [408, 425, 429];

/** `details` are those of `errorDetails`; the retry policy makes no attempt before `retry_after_seconds`. */
export function statusError(place: string, details: JsonObject & { readonly status: number }): LlmteamError {
  const { status } = details;
  const refused = status >= 400 && status < 500 && !transientClientErrors.includes(status);
  return new LlmteamError(refused ? 'HTTP_CLIENT_ERROR' : 'HTTP_STATUS', `${place} answered with status ${status}`, {
    details,
  });
}

/** Seconds from `nowMs` (RFC 9110, section 10.2.3), 0 … `maxRetryAfterSeconds`; undefined if absent or invalid. */
export function retryAfter(header: string | string[] | undefined, nowMs: number): number | undefined {
  if (typeof header !== 'string') return undefined;
  const text = header.trim();
  const seconds = /^\d+$/.test(text) ? Number(text) : Math.ceil((httpDate(text) - nowMs) / 1_000);
  return Number.isNaN(seconds) ? undefined : Math.min(Math.max(seconds, 0), maxRetryAfterSeconds);
}

/** Accepts only HTTP's three date formats, which all start with a weekday; `Date.parse` alone takes `-5` for a year. */
function httpDate(text: string): number {
  return /^(Mon|Tue|Wed|Thu|Fri|Sat|Sun)/.test(text) ? Date.parse(text) : Number.NaN;
}

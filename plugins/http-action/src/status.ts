import { type JsonObject, LlmteamError } from '@llmteam/contracts';
import type { ExpectedStatus } from './config.js';

export function isExpected(status: number, expected: ExpectedStatus | readonly ExpectedStatus[] = '2xx'): boolean {
  const list = Array.isArray(expected) ? expected : [expected];
  return list.some((one) => one === status || one === `${Math.floor(status / 100)}xx`);
}

/** Refusals that pass: time-out, too early, too many requests. */
const passingRefusals: readonly number[] = [408, 425, 429];

/** `retry_after_seconds` is for the retry policy: no attempt before it makes sense. */
export function statusError(status: number, place: string, retryAfterSeconds: number | undefined): LlmteamError {
  const refused = status >= 400 && status < 500 && !passingRefusals.includes(status);
  const details: JsonObject =
    retryAfterSeconds === undefined ? { status } : { status, retry_after_seconds: retryAfterSeconds };
  return new LlmteamError(refused ? 'HTTP_CLIENT_ERROR' : 'HTTP_STATUS', `${place} answered with status ${status}`, {
    details,
  });
}

/** Seconds from `nowMs` on (RFC 9110, section 10.2.3), within 0 … `maxSeconds`; undefined: it says nothing. */
export function retryAfter(
  header: string | string[] | undefined,
  nowMs: number,
  maxSeconds: number,
): number | undefined {
  if (typeof header !== 'string') return undefined;
  const text = header.trim();
  const seconds = /^\d+$/.test(text) ? Number(text) : Math.ceil((httpDate(text) - nowMs) / 1_000);
  return Number.isNaN(seconds) ? undefined : Math.min(Math.max(seconds, 0), maxSeconds);
}

/** Only the three date forms of HTTP, all of which begin with a week day; `Date.parse` alone takes `-5` for a year. */
function httpDate(text: string): number {
  return /^(Mon|Tue|Wed|Thu|Fri|Sat|Sun)/.test(text) ? Date.parse(text) : Number.NaN;
}

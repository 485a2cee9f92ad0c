import { isLlmteamError, type JsonObject, LlmteamError } from '@llmteam/contracts';
import type { OpenaiConfig } from './openai-config.js';

const longestMessage = 500;
/** Shorter ones would black out the rest of the message instead. */
const shortestSecret = 4;
const longestRetryAfterSeconds = 3_600;
/** 4xx that pass: time-out, conflict, too early, too many requests. */
const passingRefusals: readonly number[] = [408, 409, 425, 429];

/** What the SDK tells of a call that failed. Its class is not asked for: the SDK may not even be loaded. */
interface CallError {
  readonly statusCode?: number;
  readonly responseHeaders?: Readonly<Record<string, string>>;
}

/**
 * `LLM_FAILED` (may be repeated: network, 429, 5xx, an answer that cannot be read) or `LLM_REFUSED` (may not: other 3xx
 * and 4xx), with `details.status` and perhaps `details.retry_after_seconds`. Neither it nor its cause holds a secret of
 * the config.
 */
export function modelError(thrown: unknown, config: OpenaiConfig, nowMs: number): LlmteamError {
  const own = findCause(thrown, isLlmteamError);
  if (own !== undefined) return own as LlmteamError;
  const { statusCode, responseHeaders } = (findCause(thrown, hasStatus) ?? {}) as CallError;
  const failedStatus = statusCode !== undefined && statusCode >= 300 ? statusCode : undefined;
  const message = redacted(messageOf(thrown), config).slice(0, longestMessage);
  const retryAfterSeconds = retryAfter(responseHeaders ?? {}, nowMs);
  const details: JsonObject = {
    ...(failedStatus !== undefined && { status: failedStatus }),
    ...(retryAfterSeconds !== undefined && { retry_after_seconds: retryAfterSeconds }),
  };
  const refused = failedStatus !== undefined && failedStatus < 500 && !passingRefusals.includes(failedStatus);
  const shownStatus = failedStatus === undefined ? '' : ` (status ${failedStatus})`;
  return new LlmteamError(refused ? 'LLM_REFUSED' : 'LLM_FAILED', `model '${config.model}'${shownStatus}: ${message}`, {
    // Not the SDK's error itself: it carries the prompt, and the body of the response as it came.
    cause: new Error(message),
    details,
  });
}

function hasStatus(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'statusCode' in value && typeof value.statusCode === 'number';
}

/** The first of an error and its causes that `fits`. */
function findCause(thrown: unknown, fits: (value: unknown) => boolean): unknown {
  let current = thrown;
  for (let depth = 0; depth < 10 && current !== undefined; depth += 1) {
    if (fits(current)) return current;
    current = current instanceof Error ? current.cause : undefined;
  }
  return undefined;
}

/** The SDK's errors whose message quotes the whole response. */
const quoting: readonly string[] = ['AI_JSONParseError', 'AI_TypeValidationError'];

/** Errors within a stream are objects of the service, not of JavaScript. */
function messageOf(thrown: unknown): string {
  if (thrown instanceof Error && quoting.includes(thrown.name)) return 'the response is not what the protocol says';
  if (typeof thrown === 'object' && thrown !== null && 'message' in thrown && typeof thrown.message === 'string') {
    return thrown.message === '' ? 'no reason given' : thrown.message;
  }
  return typeof thrown === 'string' ? thrown : 'no reason given';
}

/** Services quote what they were sent. */
function redacted(text: string, { api_key = '', headers = {} }: OpenaiConfig): string {
  const secrets = [api_key, ...Object.values(headers)].filter(({ length }) => length >= shortestSecret);
  return secrets.reduce((shown, secret) => shown.replaceAll(secret, '[redacted]'), text);
}

/** RFC 9110, section 10.2.3, and the milliseconds some services give beside it. Within 0 … 1 h. */
function retryAfter(headers: Readonly<Record<string, string>>, nowMs: number): number | undefined {
  const milliseconds = headers['retry-after-ms'];
  const text = headers['retry-after']?.trim() ?? '';
  const seconds = [
    milliseconds !== undefined && /^\d+$/.test(milliseconds) ? Math.ceil(Number(milliseconds) / 1_000) : Number.NaN,
    /^\d+$/.test(text) ? Number(text) : Number.NaN,
    /^(Mon|Tue|Wed|Thu|Fri|Sat|Sun)/.test(text) ? Math.ceil((Date.parse(text) - nowMs) / 1_000) : Number.NaN,
  ].find((value) => !Number.isNaN(value));
  return seconds === undefined ? undefined : Math.min(Math.max(seconds, 0), longestRetryAfterSeconds);
}

import { isLlmteamError, type JsonObject, LlmteamError, type ModelRequest } from '@llmteam/contracts';
import type { OpenaiConfig } from './openai-config.js';
import { reasonIn } from './service-reason.js';

const longestMessage = 500;
const longestRetryAfterSeconds = 3_600;
/** Transient 4xx: timeout, conflict, too early, too many requests. */
const transientClientErrors: readonly number[] = [408, 409, 425, 429];

/** The SDK's error for a failed call, recognized by shape: the SDK may not be loaded. */
interface CallError {
  readonly statusCode?: number;
  readonly responseHeaders?: Readonly<Record<string, string>>;
}

/**
 * Returns `LLM_FAILED` (recoverable: network, 429, 5xx, an unreadable answer) or `LLM_REFUSED` (not recoverable: other 3xx
 * and 4xx), with `details.status` and optionally `details.retry_after_seconds`. Neither the error nor its cause contains a
 * configured secret.
 */
export function modelError(
  thrown: unknown,
  { model }: OpenaiConfig,
  redact: ModelRequest['redact'],
  nowMs: number,
): LlmteamError {
  const own = findCause(thrown, isLlmteamError);
  if (own !== undefined) return own as LlmteamError;
  const { statusCode, responseHeaders } = (findCause(thrown, hasStatus) ?? {}) as CallError;
  const failedStatus = statusCode !== undefined && statusCode >= 300 ? statusCode : undefined;
  const message = shownMessage(messageOf(thrown), redact);
  const retryAfterSeconds = retryAfter(responseHeaders ?? {}, nowMs);
  const details: JsonObject = {
    ...(failedStatus !== undefined && { status: failedStatus }),
    ...(retryAfterSeconds !== undefined && { retry_after_seconds: retryAfterSeconds }),
  };
  const refused = failedStatus !== undefined && failedStatus < 500 && !transientClientErrors.includes(failedStatus);
  const shownStatus = failedStatus === undefined ? '' : ` (status ${failedStatus})`;
  return new LlmteamError(refused ? 'LLM_REFUSED' : 'LLM_FAILED', `model '${model}'${shownStatus}: ${message}`, {
    // Not the SDK's error: it contains the prompt and the raw response body.
    cause: new Error(message),
    details,
  });
}

function hasStatus(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'statusCode' in value && typeof value.statusCode === 'number';
}

/** The first in the chain of an error and its causes that `matches`. */
function findCause(thrown: unknown, matches: (value: unknown) => boolean): unknown {
  let current = thrown;
  for (let depth = 0; depth < 10 && current !== undefined; depth += 1) {
    if (matches(current)) return current;
    current = current instanceof Error ? current.cause : undefined;
  }
  return undefined;
}

/** SDK errors whose message quotes the whole response. */
const quoting: readonly string[] = ['AI_JSONParseError', 'AI_TypeValidationError'];

/** The parsed response behind an SDK error, if it is an error of the service. */
function reasonBehind(thrown: unknown): string | undefined {
  const source = findCause(thrown, (error) => reasonIn(responseOf(error)) !== undefined);
  return reasonIn(responseOf(source));
}

function responseOf(error: unknown): unknown {
  if (!(error instanceof Error)) return undefined;
  if ('value' in error) return error.value;
  return 'data' in error ? error.data : undefined;
}

/** Errors in a stream are plain objects sent by the service, not instances of `Error`. */
function messageOf(thrown: unknown): string {
  const reason = reasonBehind(thrown);
  if (reason !== undefined) return reason;
  if (thrown instanceof Error && quoting.includes(thrown.name)) return 'the response violates the protocol';
  if (typeof thrown === 'object' && thrown !== null && 'message' in thrown && typeof thrown.message === 'string') {
    return thrown.message === '' ? 'no reason given' : thrown.message;
  }
  return typeof thrown === 'string' ? thrown : 'no reason given';
}

/** A text of the service as part of a message. Services may echo credentials: they are redacted before the cut could split them. */
export function shownMessage(text: string, redact: ModelRequest['redact']): string {
  return redact(text).slice(0, longestMessage);
}

/** RFC 9110, section 10.2.3, or the milliseconds some services send in addition. Clamped to 0 … 1 h. */
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

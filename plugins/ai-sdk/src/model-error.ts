import { isLlmteamError, type JsonObject, LlmteamError, type ModelRequest } from '@llmteam/contracts';
import { retryAfter } from './retry-after.js';
import { reasonIn } from './service-reason.js';

const longestMessage = 500;
/** Transient 4xx: timeout, conflict, too early, too many requests. */
const transientClientErrors: readonly number[] = [408, 409, 425, 429];
/** Errors of the SDK about the request, which no repetition helps. */
const unsuited: readonly string[] = [
  ...['AI_InvalidArgumentError', 'AI_InvalidPromptError', 'AI_LoadAPIKeyError', 'AI_LoadSettingError'],
  ...['AI_NoSuchModelError', 'AI_UnsupportedFunctionalityError'],
];

/** The SDK's error for a failed call, recognized by shape: the SDK may not be loaded. */
interface CallError {
  readonly statusCode?: number;
  readonly responseHeaders?: Readonly<Record<string, string>>;
  readonly responseBody?: unknown;
}

/**
 * Returns `LLM_FAILED` (recoverable: network, 429, 5xx, an unreadable answer) or `LLM_REFUSED` (not recoverable: other 3xx
 * and 4xx, a request that the SDK cannot send), with `details.status` and optionally `details.retry_after_seconds`. Neither the
 * error nor its cause contains a configured secret, the prompt or the raw answer.
 */
export function modelError(
  thrown: unknown,
  model: string,
  redact: ModelRequest['redact'],
  nowMs: number,
): LlmteamError {
  const own = findCause(thrown, isLlmteamError) as LlmteamError | undefined;
  if (own !== undefined && own.code !== 'HTTP_FAILED') return own;
  const { statusCode, responseHeaders, responseBody } = (findCause(thrown, hasStatus) ?? {}) as CallError;
  // A body that is no text was parsed: the answer was there, with an error in it, and the status is the SDK's guess.
  const failedStatus =
    statusCode !== undefined && statusCode >= 300 && typeof responseBody !== 'object' ? statusCode : undefined;
  const message = shownMessage(messageOf(thrown), redact);
  const retryAfterSeconds = retryAfter(responseHeaders ?? {}, nowMs);
  const details: JsonObject = {
    ...(failedStatus !== undefined && { status: failedStatus }),
    ...(retryAfterSeconds !== undefined && { retry_after_seconds: retryAfterSeconds }),
  };
  const shownStatus = failedStatus === undefined ? '' : ` (status ${failedStatus})`;
  const code = isRefusal(failedStatus, thrown) ? 'LLM_REFUSED' : 'LLM_FAILED';
  return new LlmteamError(code, `model '${model}'${shownStatus}: ${message}`, {
    // Not the SDK's error: it contains the prompt and the raw response body.
    cause: new Error(message),
    details,
  });
}

function isRefusal(status: number | undefined, thrown: unknown): boolean {
  if (status !== undefined) return status < 500 && !transientClientErrors.includes(status);
  return thrown instanceof Error && unsuited.includes(thrown.name);
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

/** The parsed response behind an SDK error about it; undefined if there is none. */
export function responseBehind(thrown: unknown): unknown {
  return responseOf(findCause(thrown, (error) => responseOf(error) !== undefined));
}

/** The reason in the response behind an SDK error, if it is an error of the service. */
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
  return typeof thrown === 'string' ? thrown : (reasonIn(thrown) ?? 'no reason given');
}

/** A text of the service as part of a message. Services may echo credentials: they are redacted before the cut could split them. */
export function shownMessage(text: string, redact: ModelRequest['redact']): string {
  return redact(text).slice(0, longestMessage);
}

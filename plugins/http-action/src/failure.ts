/**
 * Purpose: the error of a request that got no usable answer.
 * Owns: naming the limit that was hit and where it is set; whether another attempt may be made.
 * Invariant: a request that may have arrived and is not idempotent is never recoverable.
 */
import { isLlmteamError, LlmteamError } from '@llmteam/contracts';
import type { Limits } from './limits.js';
import { settingName } from './settings.js';

export interface FailedRequest {
  /** Method and URL. */
  readonly place: string;
  readonly limits: Limits;
  readonly isIdempotent: boolean;
  /** Whether any of it may have arrived: the first byte was about to be written to a connection. */
  readonly isSent: boolean;
}

/** Codes of failures that leave open whether the request took effect. */
const uncertain: readonly string[] = ['HTTP_FAILED', 'STEP_TIMEOUT'];

/** Errors with a code pass unchanged, unless they are recoverable and the request must not be sent again. */
export function failureOf(thrown: unknown, request: FailedRequest): LlmteamError {
  if (isLlmteamError(thrown)) return uncertain.includes(thrown.code) ? finalIfSent(thrown, request) : thrown;
  const code = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : 'unknown error';
  const { place, limits } = request;
  if (code === 'UND_ERR_HEADERS_OVERFLOW') {
    const limit = `larger than ${limits.headerBytes} bytes, the limit ${settingName('header_bytes')}`;
    return new LlmteamError('HTTP_RESPONSE_INVALID', `the headers of ${place} are ${limit}`, { cause: thrown });
  }
  const problem = limitWords(code, limits) ?? code;
  return finalIfSent(new LlmteamError('HTTP_FAILED', `${place} failed: ${problem}`, { cause: thrown }), request);
}

export function totalTimeout({ totalMs }: Limits, place: string, cause: unknown): LlmteamError {
  const limit = `the limit ${settingName('timeout_seconds')} for steps without \`timeout_seconds\``;
  return new LlmteamError('HTTP_FAILED', `${place} failed: no complete response within ${totalMs} ms, ${limit}`, {
    cause,
  });
}

function limitWords(code: string, limits: Limits): string | undefined {
  if (code === 'UND_ERR_CONNECT_TIMEOUT') {
    return `no connection within ${limits.connectMs} ms, the limit ${settingName('connect_seconds')}`;
  }
  if (code === 'UND_ERR_BODY_TIMEOUT') {
    return `the response paused for ${limits.idleMs} ms, the limit ${settingName('idle_seconds')}`;
  }
  return undefined;
}

function finalIfSent(error: LlmteamError, { isIdempotent, isSent }: FailedRequest): LlmteamError {
  if (isIdempotent || !isSent || !error.recoverable) return error;
  const why =
    'the request may have arrived and is not sent again; set `idempotent: true` if the service tolerates that';
  return new LlmteamError(error.code, `${error.message}; ${why}`, {
    cause: error.cause ?? error,
    recoverable: false,
    ...(error.details !== undefined && { details: error.details }),
  });
}

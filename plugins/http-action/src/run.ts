import {
  type FiredPorts,
  isLlmteamError,
  type Json,
  type JsonObject,
  LlmteamError,
  type StepContext,
} from '@llmteam/contracts';
import type { HttpActionConfig } from './config.js';
import type { Egress } from './egress.js';
import { send } from './exchange.js';
import type { Limits } from './limits.js';
import { type HttpRequest, requestOf } from './request.js';
import { discardBody, readBody } from './response-body.js';
import { isExpected, retryAfter, statusError } from './status.js';
import { shownUrl } from './target.js';

export interface HttpActionParts {
  readonly egress: Egress;
  readonly limits: Limits;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

interface Outcome {
  readonly status: number;
  readonly value: Json;
  readonly bytes: number;
}

/**
 * Fires `response` and `status`.
 * @throws LlmteamError `HTTP_STATUS`, `HTTP_CLIENT_ERROR` (`details.status`, optionally `details.retry_after_seconds`),
 * `HTTP_FAILED`, `HTTP_RESPONSE_INVALID`, `EGRESS_BLOCKED`, `STEP_CONFIG_INVALID`, `UNKNOWN_REF`, `CANCELLED`
 */
export async function runHttpAction(
  parts: HttpActionParts,
  context: StepContext,
  config: HttpActionConfig,
  input: Json,
): Promise<FiredPorts> {
  const request = requestOf(config, context, input);
  const about = { method: request.method, url: shownUrl(request.target.url) };
  const started = performance.now();
  const durationMs = () => Math.round(performance.now() - started);
  context.record({ event_type: 'action.started', payload: about });
  try {
    const outcome = await withTimeout(parts.limits.totalMs, context.signal, (signal) =>
      call(parts, request, config, signal),
    );
    const payload = { ...about, status: outcome.status, bytes: outcome.bytes };
    context.record({ event_type: 'action.completed', payload, duration_ms: durationMs() });
    return { response: outcome.value, status: outcome.status };
  } catch (thrown) {
    const error = httpError(thrown, placeOf(request));
    context.record({
      event_type: 'action.failed',
      payload: { ...about, ...errorPayload(error) },
      duration_ms: durationMs(),
    });
    throw error;
  }
}

async function call(
  { egress, limits, now }: HttpActionParts,
  request: HttpRequest,
  config: HttpActionConfig,
  signal: AbortSignal,
): Promise<Outcome> {
  const dispatcher = egress.dispatcher(request.target.allow_private_network);
  const place = placeOf(request);
  const response = await send(request, { dispatcher, limits, signal, expected: config.expect_status });
  const status = response.statusCode;
  if (!isExpected(status, config.expect_status)) {
    discardBody(response);
    throw statusError(status, place, retryAfter(response.headers['retry-after'], now(), limits.retryAfterSeconds));
  }
  return { status, ...(await readBody(response, config.response ?? 'json', place, limits)) };
}

/** Runs `work` until it settles, the attempt is aborted or the timeout expires. */
async function withTimeout<T>(
  totalMs: number,
  outer: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const deadline = new AbortController();
  const timer = setTimeout(() => deadline.abort(), totalMs);
  try {
    outer.throwIfAborted();
    const signal = AbortSignal.any([outer, deadline.signal]);
    return await Promise.race([work(signal), rejectOnAbort(signal)]);
  } catch (thrown) {
    if (outer.aborted) throw cancellation(outer);
    if (deadline.signal.aborted) throw timedOut(totalMs, thrown);
    throw thrown;
  } finally {
    clearTimeout(timer);
  }
}

/** Needed because undici ignores the signal while a request waits for its connection. */
function rejectOnAbort(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason), { once: true }));
}

function timedOut(totalMs: number, cause: unknown): LlmteamError {
  return new LlmteamError('HTTP_FAILED', `no complete response within ${totalMs} ms`, { cause });
}

function cancellation({ reason }: AbortSignal): LlmteamError {
  return isLlmteamError(reason)
    ? reason
    : new LlmteamError('CANCELLED', 'the request was cancelled', { cause: reason });
}

/** Maps connection errors by their Node and undici codes. */
function httpError(thrown: unknown, place: string): LlmteamError {
  if (isLlmteamError(thrown)) return thrown;
  const code = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : 'unknown error';
  if (code === 'UND_ERR_HEADERS_OVERFLOW') {
    return new LlmteamError('HTTP_RESPONSE_INVALID', `the headers of ${place} are too large`, { cause: thrown });
  }
  return new LlmteamError('HTTP_FAILED', `${place} failed: ${code}`, { cause: thrown });
}

function errorPayload({ code, details }: LlmteamError): JsonObject {
  const status = details?.status;
  return status === undefined ? { code } : { code, status };
}

function placeOf({ method, target }: HttpRequest): string {
  return `${method} ${shownUrl(target.url)}`;
}

import {
  type FiredPorts,
  is_llmteam_error,
  type Json,
  type JsonObject,
  LlmteamError,
  type StepContext,
} from '@llmteam/contracts';
import type { HttpActionConfig } from './config.js';
import type { Egress } from './egress.js';
import { send } from './exchange.js';
import type { Limits } from './limits.js';
import { type HttpRequest, request_of } from './request.js';
import { discard_body, read_body } from './response-body.js';
import { is_expected, retry_after, status_error } from './status.js';
import { shown_url } from './target.js';

export interface HttpActionParts {
  readonly egress: Egress;
  readonly limits: Limits;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

interface Answer {
  readonly status: number;
  readonly value: Json;
  readonly bytes: number;
}

/**
 * Fires `response` and `status`.
 * @throws LlmteamError `HTTP_STATUS`, `HTTP_CLIENT_ERROR` (`details.status`, perhaps `details.retry_after_seconds`),
 * `HTTP_FAILED`, `HTTP_RESPONSE_INVALID`, `EGRESS_BLOCKED`, `STEP_CONFIG_INVALID`, `UNKNOWN_REF`, `CANCELLED`
 */
export async function run_http_action(
  parts: HttpActionParts,
  context: StepContext,
  config: HttpActionConfig,
  input: Json,
): Promise<FiredPorts> {
  const request = request_of(config, context, input);
  const about = { method: request.method, url: shown_url(request.target.url) };
  const started = performance.now();
  const duration_ms = () => Math.round(performance.now() - started);
  context.record({ event_type: 'action.started', payload: about });
  try {
    const answer = await within_time(parts.limits.total_ms, context.signal, (signal) =>
      call(parts, request, config, signal),
    );
    const payload = { ...about, status: answer.status, bytes: answer.bytes };
    context.record({ event_type: 'action.completed', payload, duration_ms: duration_ms() });
    return { response: answer.value, status: answer.status };
  } catch (thrown) {
    const error = http_error(thrown, place_of(request));
    context.record({
      event_type: 'action.failed',
      payload: { ...about, ...told_of(error) },
      duration_ms: duration_ms(),
    });
    throw error;
  }
}

async function call(
  { egress, limits, now }: HttpActionParts,
  request: HttpRequest,
  config: HttpActionConfig,
  signal: AbortSignal,
): Promise<Answer> {
  const dispatcher = egress.dispatcher(request.target.allow_private_network);
  const place = place_of(request);
  const response = await send(request, { dispatcher, limits, signal, expected: config.expect_status });
  const status = response.statusCode;
  if (!is_expected(status, config.expect_status)) {
    discard_body(response);
    throw status_error(status, place, retry_after(response.headers['retry-after'], now(), limits.retry_after_seconds));
  }
  return { status, ...(await read_body(response, config.response ?? 'json', place, limits)) };
}

/** Runs `work` until it settles, the attempt is aborted or the time is up. */
async function within_time<T>(
  total_ms: number,
  outer: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(), total_ms);
  try {
    outer.throwIfAborted();
    const signal = AbortSignal.any([outer, late.signal]);
    return await Promise.race([work(signal), aborted(signal)]);
  } catch (thrown) {
    if (outer.aborted) throw cancellation(outer);
    if (late.signal.aborted) throw too_late(total_ms, thrown);
    throw thrown;
  } finally {
    clearTimeout(timer);
  }
}

/** Needed beside the signal itself: a request that still waits for its connection does not look at it. */
function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason), { once: true }));
}

function too_late(total_ms: number, cause: unknown): LlmteamError {
  return new LlmteamError('HTTP_FAILED', `no complete response within ${total_ms} ms`, { cause });
}

function cancellation({ reason }: AbortSignal): LlmteamError {
  return is_llmteam_error(reason)
    ? reason
    : new LlmteamError('CANCELLED', 'the request was cancelled', { cause: reason });
}

/** Errors of the connection, by the codes of Node and undici. */
function http_error(thrown: unknown, place: string): LlmteamError {
  if (is_llmteam_error(thrown)) return thrown;
  const code = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : 'unknown error';
  if (code === 'UND_ERR_HEADERS_OVERFLOW') {
    return new LlmteamError('HTTP_RESPONSE_INVALID', `the headers of ${place} are too large`, { cause: thrown });
  }
  return new LlmteamError('HTTP_FAILED', `${place} failed: ${code}`, { cause: thrown });
}

function told_of({ code, details }: LlmteamError): JsonObject {
  const status = details?.status;
  return status === undefined ? { code } : { code, status };
}

function place_of({ method, target }: HttpRequest): string {
  return `${method} ${shown_url(target.url)}`;
}

import {
  type FiredPorts,
  isLlmteamError,
  type Json,
  type JsonObject,
  LlmteamError,
  type StepContext,
} from '@llmteam/contracts';
import { type Egress, shownUrl } from '@llmteam/egress';
import { decoderOf } from './charset.js';
import type { HttpActionConfig } from './config.js';
import { errorDetails } from './error-answer.js';
import { send } from './exchange.js';
import { failureOf, totalTimeout } from './failure.js';
import type { Limits } from './limits.js';
import { type HttpRequest, requestOf } from './request.js';
import { readBody } from './response-body.js';
import { shownHeaders } from './response-headers.js';
import { isExpected, retryAfter, statusError } from './status.js';

export interface HttpActionParts {
  readonly egress: Egress;
  readonly limits: Limits;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

/** One request and its redirects. */
interface Call {
  readonly parts: HttpActionParts;
  readonly request: HttpRequest;
  readonly config: HttpActionConfig;
  /** Method and URL. */
  readonly place: string;
  readonly redact: StepContext['redact'];
  readonly progress: { isSent: boolean };
}

interface Outcome {
  readonly status: number;
  readonly ports: FiredPorts;
  readonly bytes: number;
}

/**
 * Fires `response` and `status`, and `headers` if the config says so.
 * @throws LlmteamError `HTTP_STATUS`, `HTTP_CLIENT_ERROR` (`details`: see `errorDetails`, and optionally `retry_after_seconds`),
 * `HTTP_FAILED`, `HTTP_RESPONSE_INVALID`, `EGRESS_BLOCKED`, `STEP_CONFIG_INVALID`, `UNKNOWN_REF`, `STEP_TIMEOUT`, `CANCELLED`
 */
export async function runHttpAction(
  parts: HttpActionParts,
  context: StepContext,
  config: HttpActionConfig,
  input: Json,
): Promise<FiredPorts> {
  checkCharset(config);
  const request = await requestOf(config, context, input);
  const about = { method: request.method, url: shownUrl(request.target.url) };
  const place = `${about.method} ${about.url}`;
  const redact: Call['redact'] = (text, how) => context.redact(text, how);
  const call: Call = { parts, request, config, place, redact, progress: { isSent: false } };
  const started = performance.now();
  const durationMs = () => Math.round(performance.now() - started);
  context.record({ event_type: 'action.started', payload: about });
  try {
    const { status, ports, bytes } = await withinTime(call, context);
    context.record({
      event_type: 'action.completed',
      payload: { ...about, status, bytes },
      duration_ms: durationMs(),
    });
    return ports;
  } catch (thrown) {
    const { isIdempotent } = request;
    const { isSent } = call.progress;
    const error = failureOf(thrown, { place: call.place, limits: parts.limits, isIdempotent, isSent });
    context.record({
      event_type: 'action.failed',
      payload: { ...about, ...errorPayload(error) },
      duration_ms: durationMs(),
    });
    throw error;
  }
}

/** Before anything is sent: found in the response, it would be too late. */
function checkCharset({ charset }: HttpActionConfig): void {
  if (charset === undefined || decoderOf(charset) !== undefined) return;
  throw new LlmteamError('STEP_CONFIG_INVALID', `\`charset\` ${JSON.stringify(charset)} is unknown`);
}

async function exchange(
  { parts, request, config, place, redact, progress }: Call,
  signal: AbortSignal,
): Promise<Outcome> {
  const { egress, limits, now } = parts;
  const dispatcher = egress.dispatcher(request.target.allow_private_network);
  const onSending = () => {
    progress.isSent = true;
  };
  const response = await send(request, { dispatcher, limits, signal, expected: config.expect_status, onSending });
  const { statusCode: status, headers } = response;
  if (!isExpected(status, config.expect_status)) {
    const seconds = retryAfter(headers['retry-after'], now());
    const details = await errorDetails(response, limits, redact);
    throw statusError(place, {
      ...details,
      status,
      ...(seconds !== undefined && { retry_after_seconds: seconds }),
    });
  }
  const { value, bytes } = await readBody(response, config, place, limits);
  const ports = { response: value, status };
  if (config.response_headers !== true) return { status, ports, bytes };
  return { status, ports: { ...ports, headers: shownHeaders(headers) }, bytes };
}

/** Until it settles or the attempt is aborted; a step without a timeout of its own has that of the settings. */
async function withinTime(call: Call, { signal: outer, timeout_seconds }: StepContext): Promise<Outcome> {
  const { limits } = call.parts;
  const deadline = new AbortController();
  const timer = timeout_seconds === null ? setTimeout(() => deadline.abort(), limits.totalMs) : undefined;
  try {
    outer.throwIfAborted();
    const signal = AbortSignal.any([outer, deadline.signal]);
    return await Promise.race([exchange(call, signal), rejectOnAbort(signal)]);
  } catch (thrown) {
    if (outer.aborted) throw cancellation(outer);
    if (deadline.signal.aborted) throw totalTimeout(limits, call.place, thrown);
    throw thrown;
  } finally {
    clearTimeout(timer);
  }
}

/** Needed because undici ignores the signal while a request waits for its connection. */
function rejectOnAbort(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason), { once: true }));
}

function cancellation({ reason }: AbortSignal): LlmteamError {
  return isLlmteamError(reason)
    ? reason
    : new LlmteamError('CANCELLED', 'the request was cancelled', { cause: reason });
}

function errorPayload({ code, details }: LlmteamError): JsonObject {
  const status = details?.status;
  return status === undefined ? { code } : { code, status };
}

/**
 * Purpose: the trace that a request belongs to (W3C Trace Context), and its span.
 * Owns: what is told of a request. A header that is malformed counts as absent, as the recommendation says.
 */
import type { IncomingHttpHeaders } from 'node:http';
import type { RequestingSpan } from '@llmteam/kernel';
import {
  type Context,
  context as contexts,
  defaultTextMapGetter,
  isSpanContextValid,
  ROOT_CONTEXT,
  type Span,
  type SpanContext,
  SpanKind,
  SpanStatusCode,
  TraceFlags,
  trace,
} from '@opentelemetry/api';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import type { Middleware, Context as Request } from 'koa';

const propagator = new W3CTraceContextPropagator();

/** Starts the span of every request to the API, and gives what is started by it a place in its trace. */
export function traceRequest(): Middleware {
  return async (request, next) => {
    if (!request.path.startsWith('/api/')) return await next();
    const caller = callerOf(request.headers);
    const span = trace.getTracer('llmteam').startSpan(request.method, { kind: SpanKind.SERVER }, caller);
    const within = span.spanContext();
    if (!isSpanContextValid(within)) return await next();
    request.state.span = requestingSpan(within);
    request.set('traceresponse', `00-${within.traceId}-${within.spanId}-0${within.traceFlags & TraceFlags.SAMPLED}`);
    try {
      await contexts.with(trace.setSpan(caller, span), next);
    } finally {
      endSpan(span, request);
    }
  };
}

function callerOf(headers: IncomingHttpHeaders): Context {
  if (headers.traceparent === undefined) return ROOT_CONTEXT;
  return propagator.extract(ROOT_CONTEXT, headers, defaultTextMapGetter);
}

function requestingSpan({ traceId, spanId, traceFlags, traceState }: SpanContext): RequestingSpan {
  const state = traceState?.serialize() ?? '';
  const sampled = (traceFlags & TraceFlags.SAMPLED) !== 0;
  return { trace_id: traceId, span_id: spanId, sampled, ...(state !== '' && { state }) };
}

function endSpan(span: Span, { method, path, status, state }: Request): void {
  if (typeof state.route === 'string') span.updateName(`${method} ${state.route}`);
  span.setAttributes({
    'http.request.method': method,
    'url.path': path,
    ...(typeof state.route === 'string' && { 'http.route': state.route }),
    'http.response.status_code': status,
    ...(typeof state.tenant_id === 'string' && { 'llmteam.tenant_id': state.tenant_id }),
    ...(status >= 500 && { 'error.type': String(status) }),
  });
  if (status >= 500) span.setStatus({ code: SpanStatusCode.ERROR });
  span.end();
}

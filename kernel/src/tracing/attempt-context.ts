import type { Job } from '@llmteam/contracts';
import { type Context, createTraceState, ROOT_CONTEXT, trace } from '@opentelemetry/api';

/** What a handler's spans and requests continue: the span of its attempt, which is exported by who drives the run. Nothing if untraced. */
export function attemptContext({ traceparent, tracestate }: Pick<Job, 'traceparent' | 'tracestate'>): Context {
  const [, traceId, spanId, flags] = traceparent?.split('-') ?? [];
  if (traceId === undefined || spanId === undefined || flags === undefined) return ROOT_CONTEXT;
  const spanContext = { traceId, spanId, traceFlags: Number.parseInt(flags, 16), isRemote: true };
  const isStateless = tracestate === undefined;
  const continued = isStateless ? spanContext : { ...spanContext, traceState: createTraceState(tracestate) };
  return trace.setSpanContext(ROOT_CONTEXT, continued);
}

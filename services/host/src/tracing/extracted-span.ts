/** Loaded only for a caller with a trace. */
import type { RequestingSpan } from '@llmteam/kernel';
import { defaultTextMapGetter, ROOT_CONTEXT, TraceFlags, trace } from '@opentelemetry/api';
import { W3CTraceContextPropagator } from '@opentelemetry/core';

/** The span that W3C Trace Context names; undefined if it is malformed. */
export function extractedSpan(carrier: Readonly<Record<string, string>>): RequestingSpan | undefined {
  const extracted = new W3CTraceContextPropagator().extract(ROOT_CONTEXT, carrier, defaultTextMapGetter);
  const found = trace.getSpanContext(extracted);
  if (found === undefined) return undefined;
  const state = found.traceState?.serialize() ?? '';
  return {
    trace_id: found.traceId,
    span_id: found.spanId,
    sampled: (found.traceFlags & TraceFlags.SAMPLED) !== 0,
    ...(state !== '' && { state }),
  };
}

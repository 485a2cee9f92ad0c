import type { SpanLink, SpanRecord } from '@llmteam/kernel';
import {
  type Attributes,
  createTraceState,
  type HrTime,
  type SpanContext,
  SpanKind,
  SpanStatusCode,
  TraceFlags,
} from '@opentelemetry/api';
import type { Resource } from '@opentelemetry/resources';
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';

/** A span of a run as the exporters of OpenTelemetry take it. */
export function readableSpan(record: SpanRecord, resource: Resource): ReadableSpan {
  const { trace_id, span_id, parent_span_id, state, name, start_at, end_at, error } = record;
  const own = spanContext({ trace_id, span_id }, state);
  const parent = parent_span_id === null ? null : spanContext({ trace_id, span_id: parent_span_id }, state);
  return {
    name,
    kind: SpanKind.INTERNAL,
    spanContext: () => own,
    ...(parent !== null && { parentSpanContext: parent }),
    startTime: hrTime(start_at),
    endTime: hrTime(end_at),
    duration: hrTime(end_at - start_at),
    status: error === null ? { code: SpanStatusCode.UNSET } : { code: SpanStatusCode.ERROR, message: error },
    attributes: record.attributes as Attributes,
    events: record.notes.map(({ name, at, attributes }) => ({
      name,
      time: hrTime(at),
      attributes: attributes as Attributes,
    })),
    links: record.links.map((link) => ({ context: spanContext(link, null) })),
    ended: true,
    resource,
    instrumentationScope: { name: 'llmteam' },
    droppedAttributesCount: 0,
    droppedEventsCount: 0,
    droppedLinksCount: 0,
  };
}

function spanContext({ trace_id, span_id }: SpanLink, state: string | null): SpanContext {
  const traceState = state === null ? {} : { traceState: createTraceState(state) };
  return { traceId: trace_id, spanId: span_id, traceFlags: TraceFlags.SAMPLED, ...traceState };
}

function hrTime(ms: number): HrTime {
  return [Math.floor(ms / 1_000), (ms % 1_000) * 1_000_000];
}

import type { SpanRecord } from '@llmteam/kernel';
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

const unset = { code: SpanStatusCode.UNSET };
/** One object for all spans: the exporter groups them by it. */
const instrumentationScope = { name: 'llmteam' };

/** A span of a run as the exporters of OpenTelemetry take it. */
export function readableSpan(record: SpanRecord, resource: Resource): ReadableSpan {
  const { trace_id, span_id, parent_span_id, state, name, start_at, end_at, error } = record;
  const own = spanContext(trace_id, span_id, state);
  const span = {
    name,
    kind: SpanKind.INTERNAL,
    spanContext: () => own,
    startTime: hrTime(start_at),
    endTime: hrTime(end_at),
    duration: hrTime(end_at - start_at),
    status: error === null ? unset : { code: SpanStatusCode.ERROR, message: error },
    attributes: record.attributes as Attributes,
    events: record.notes.map(({ name, at, attributes }) => ({
      name,
      time: hrTime(at),
      attributes: attributes as Attributes,
    })),
    links: record.links.map((link) => ({ context: spanContext(link.trace_id, link.span_id, null) })),
    ended: true,
    resource,
    instrumentationScope,
    droppedAttributesCount: 0,
    droppedEventsCount: 0,
    droppedLinksCount: 0,
  };
  if (parent_span_id === null) return span;
  return Object.assign(span, { parentSpanContext: spanContext(trace_id, parent_span_id, state) });
}

function spanContext(traceId: string, spanId: string, state: string | null): SpanContext {
  const context = { traceId, spanId, traceFlags: TraceFlags.SAMPLED };
  return state === null ? context : { ...context, traceState: createTraceState(state) };
}

function hrTime(ms: number): HrTime {
  return [Math.floor(ms / 1_000), (ms % 1_000) * 1_000_000];
}

import type { SpanLink } from './span-record.js';

/** `traceparent` of W3C Trace Context, version 00. */
export function traceparent({ trace_id, span_id }: SpanLink, isSampled: boolean): string {
  return `00-${trace_id}-${span_id}-${isSampled ? '01' : '00'}`;
}

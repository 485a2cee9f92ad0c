import type { RunKey, RunRequested } from '@llmteam/contracts';
import type { SpanLink } from './span-record.js';
import { traceIdOf } from './trace-ids.js';

/** The span in whose trace a run is requested. */
export interface RequestingSpan extends SpanLink {
  readonly sampled: boolean;
  /** `tracestate` */
  readonly state?: string;
}

export type TraceOfRun = Pick<RunRequested, 'trace_id' | 'trace'>;

/** What is decided of a run's trace when it is requested: who has a trace decides himself, other runs begin one of their own. */
export function traceOfRun(
  key: RunKey,
  span: RequestingSpan | undefined,
  samples: (traceId: string) => boolean,
): TraceOfRun {
  if (span !== undefined) {
    const { trace_id, span_id, sampled, state } = span;
    return { trace_id, trace: { sampled, parent_span_id: span_id, ...(state !== undefined && { state }) } };
  }
  const traceId = traceIdOf(key);
  return samples(traceId) ? { trace_id: traceId, trace: { sampled: true } } : { trace_id: traceId };
}

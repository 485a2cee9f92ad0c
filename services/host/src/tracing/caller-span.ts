import type { RequestingSpan } from '@llmteam/kernel';

/** `traceparent` and `tracestate` of W3C Trace Context, as a caller gave them. */
export interface CallerHeaders {
  readonly traceparent?: string | undefined;
  readonly tracestate?: string | undefined;
}

/** The span of a caller; undefined if there is none, or if `traceparent` is malformed, which counts as absent. */
export async function callerSpan({ traceparent, tracestate }: CallerHeaders): Promise<RequestingSpan | undefined> {
  if (traceparent === undefined) return undefined;
  const { extractedSpan } = await import('./extracted-span.js');
  return extractedSpan({ traceparent, ...(tracestate !== undefined && { tracestate }) });
}

import type { Metrics } from './metrics.js';
import type { Tracing } from './tracing/tracing.js';

/** Of a process that exports spans. */
export function tracingSeries(metrics: Metrics, tracing: Tracing): void {
  if (tracing.spanExport === undefined) return;
  metrics.counted(
    { name: 'tracing_lost_spans_total', help: 'Spans that were dropped because they could not be delivered.' },
    () => tracing.lostSpans(),
  );
}

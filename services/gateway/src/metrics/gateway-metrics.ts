/**
 * Purpose: the counters and histograms of runs and requests. The gauges are in metrics-page.ts.
 * Owns: names, labels and buckets. Does not own: counting runs (RunMeter), the registry.
 */
import type { RunMeterSink } from '@llmteam/kernel';
import { type Metrics, stepBuckets, stepDuration, stepsExecuted } from '@llmteam/service-host';

export class GatewayMetrics implements RunMeterSink {
  private readonly series: ReturnType<typeof seriesIn>;

  constructor(metrics: Metrics) {
    this.series = seriesIn(metrics);
  }

  runStarted({ segment_id, tenant_id }: Parameters<RunMeterSink['runStarted']>[0]): void {
    this.series.started.add(1, { segment_id, tenant_id });
  }

  runEnded(run: Parameters<RunMeterSink['runEnded']>[0]): void {
    const { segment_id, tenant_id, status, duration_ms, trace_id } = run;
    this.series.completed.add(1, { segment_id, tenant_id, status });
    this.series.segmentDuration.observe(duration_ms / 1000, { segment_id }, trace_id);
  }

  stepExecuted(step: Parameters<RunMeterSink['stepExecuted']>[0]): void {
    const { tenant_id, step_type, duration_ms, trace_id } = step;
    this.series.steps.add(1, { step_type, tenant_id });
    this.series.stepDuration.observe(duration_ms / 1000, { step_type }, trace_id);
  }

  /** `seconds` is null for requests that stay open on purpose, `traceId` for those that are in no sampled trace. */
  requestCompleted(operation: string, status: number, seconds: number | null, traceId: string | null = null): void {
    this.series.requests.add(1, { operation, status: String(status) });
    if (seconds !== null) this.series.requestDuration.observe(seconds, { operation }, traceId);
  }

  readerCutOff(): void {
    this.series.cutOff.add();
  }
}

function seriesIn(metrics: Metrics) {
  return {
    started: metrics.counter({
      name: 'segments_started_total',
      help: 'Runs that were requested',
      labels: ['segment_id', 'tenant_id'],
    }),
    completed: metrics.counter({
      name: 'segments_completed_total',
      help: 'Runs that ended, by how they ended',
      labels: ['segment_id', 'tenant_id', 'status'],
    }),
    steps: metrics.counter(stepsExecuted),
    segmentDuration: metrics.histogram(
      {
        name: 'segment_duration_seconds',
        help: 'From the request of a run to its end',
        labels: ['segment_id'],
      },
      [1, 5, 10, 30, 60, 120, 300, 600],
    ),
    stepDuration: metrics.histogram(stepDuration, stepBuckets),
    requests: metrics.counter({
      name: 'gateway_requests_total',
      help: 'Requests that were answered',
      labels: ['operation', 'status'],
    }),
    requestDuration: metrics.histogram(
      {
        name: 'gateway_request_duration_seconds',
        help: 'From the head of a request to its answer; streams and long polls left out',
        labels: ['operation'],
      },
      [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5],
    ),
    cutOff: metrics.counter({
      name: 'gateway_slow_readers_total',
      help: 'Readers of streams and responses that were cut off because they took nothing',
    }),
  };
}

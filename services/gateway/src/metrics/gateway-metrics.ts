/**
 * Purpose: the counters and histograms of runs and requests. The gauges are in metrics-page.ts.
 * Owns: names, labels and buckets. Does not own: counting runs (RunMeter), the registry.
 */
import type { RunMeterSink } from '@llmteam/kernel';
import { stepBuckets, stepDuration, stepsExecuted } from '@llmteam/service-host';
import { Counter, Histogram, type Registry } from 'prom-client';

export class GatewayMetrics implements RunMeterSink {
  private readonly series: ReturnType<typeof seriesIn>;

  constructor(registry: Registry) {
    this.series = seriesIn(registry);
  }

  runStarted(run: Parameters<RunMeterSink['runStarted']>[0]): void {
    this.series.started.inc({ segment_id: run.segment_id, tenant_id: run.tenant_id });
  }

  runEnded({ segment_id, tenant_id, status, duration_ms }: Parameters<RunMeterSink['runEnded']>[0]): void {
    this.series.completed.inc({ segment_id, tenant_id, status });
    this.series.segmentDuration.observe({ segment_id }, duration_ms / 1000);
  }

  stepExecuted({ tenant_id, step_type, duration_ms }: Parameters<RunMeterSink['stepExecuted']>[0]): void {
    this.series.steps.inc({ step_type, tenant_id });
    this.series.stepDuration.observe({ step_type }, duration_ms / 1000);
  }

  /** `seconds` is null for requests that stay open on purpose. */
  requestCompleted(operation: string, status: number, seconds: number | null): void {
    this.series.requests.inc({ operation, status: String(status) });
    if (seconds !== null) this.series.requestDuration.observe({ operation }, seconds);
  }

  readerCutOff(): void {
    this.series.cutOff.inc();
  }
}

function seriesIn(registry: Registry) {
  const registers = [registry];
  const counter = (name: string, help: string, labelNames: readonly string[]): Counter =>
    new Counter({ name, help, labelNames: [...labelNames], registers });
  const histogram = (
    name: string,
    help: string,
    labelNames: readonly string[],
    buckets: readonly number[],
  ): Histogram => new Histogram({ name, help, labelNames: [...labelNames], buckets: [...buckets], registers });
  return {
    started: counter('llmteam_segments_started_total', 'Runs that were requested', ['segment_id', 'tenant_id']),
    completed: counter('llmteam_segments_completed_total', 'Runs that ended, by how they ended', [
      'segment_id',
      'tenant_id',
      'status',
    ]),
    steps: counter(`llmteam_${stepsExecuted.name}`, stepsExecuted.help, stepsExecuted.labels),
    segmentDuration: histogram(
      'llmteam_segment_duration_seconds',
      'From the request of a run to its end',
      ['segment_id'],
      [1, 5, 10, 30, 60, 120, 300, 600],
    ),
    stepDuration: histogram(`llmteam_${stepDuration.name}`, stepDuration.help, stepDuration.labels, stepBuckets),
    requests: counter('llmteam_gateway_requests_total', 'Requests that were answered', ['operation', 'status']),
    requestDuration: histogram(
      'llmteam_gateway_request_duration_seconds',
      'From the head of a request to its answer; streams and long polls left out',
      ['operation'],
      [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5],
    ),
    cutOff: counter(
      'llmteam_gateway_slow_readers_total',
      'Readers of streams and responses that were cut off because they took nothing',
      [],
    ),
  };
}

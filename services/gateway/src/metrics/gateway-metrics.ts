/**
 * Purpose: `/metrics` in the Prometheus text format: the six series of runs, and those of the gateway itself.
 * Owns: names, labels and buckets. Does not own: counting runs (RunMeter).
 */
import type { RunMeterSink } from '@llmteam/kernel';
import { step_buckets, step_duration, steps_executed } from '@llmteam/service-host';
import { Counter, Gauge, Histogram, Registry } from 'prom-client';

export class GatewayMetrics implements RunMeterSink {
  private readonly registry = new Registry();
  private readonly started = this.counter('llmteam_segments_started_total', 'Runs that were requested', [
    'segment_id',
    'tenant_id',
  ]);
  private readonly completed = this.counter('llmteam_segments_completed_total', 'Runs that ended, by how they ended', [
    'segment_id',
    'tenant_id',
    'status',
  ]);
  private readonly steps = this.counter(`llmteam_${steps_executed.name}`, steps_executed.help, [
    ...steps_executed.labels,
  ]);
  private readonly segment_duration = this.histogram(
    'llmteam_segment_duration_seconds',
    'From the request of a run to its end',
    ['segment_id'],
    [1, 5, 10, 30, 60, 120, 300, 600],
  );
  private readonly step_duration = this.histogram(
    `llmteam_${step_duration.name}`,
    step_duration.help,
    [...step_duration.labels],
    [...step_buckets],
  );
  private readonly requests = this.counter('llmteam_gateway_requests_total', 'Requests that were answered', [
    'operation',
    'status',
  ]);
  private readonly request_duration = this.histogram(
    'llmteam_gateway_request_duration_seconds',
    'From the head of a request to its answer; streams and long polls left out',
    ['operation'],
    [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5],
  );
  private readonly cut_off = this.counter(
    'llmteam_gateway_slow_readers_total',
    'Readers of streams that were cut off because they took nothing',
    [],
  );

  constructor(
    active: () => ReadonlyMap<string, number>,
    open_streams: () => number,
    private readonly of_process?: { text(): Promise<string> },
  ) {
    const running: Gauge = new Gauge({
      name: 'llmteam_running_segments',
      help: 'Runs that have begun and not ended',
      labelNames: ['tenant_id'],
      registers: [this.registry],
      collect: () => {
        for (const [tenant_id, runs] of active()) running.set({ tenant_id }, runs);
      },
    });
    const streams: Gauge = new Gauge({
      name: 'llmteam_gateway_open_streams',
      help: 'Readers that follow runs now',
      registers: [this.registry],
      collect: () => streams.set(open_streams()),
    });
  }

  run_started(run: Parameters<RunMeterSink['run_started']>[0]): void {
    this.started.inc({ segment_id: run.segment_id, tenant_id: run.tenant_id });
  }

  run_ended({ segment_id, tenant_id, status, duration_ms }: Parameters<RunMeterSink['run_ended']>[0]): void {
    this.completed.inc({ segment_id, tenant_id, status });
    this.segment_duration.observe({ segment_id }, duration_ms / 1000);
  }

  step_executed({ tenant_id, step_type, duration_ms }: Parameters<RunMeterSink['step_executed']>[0]): void {
    this.steps.inc({ step_type, tenant_id });
    this.step_duration.observe({ step_type }, duration_ms / 1000);
  }

  /** `seconds` is null for what stays open on purpose. */
  request_answered(operation: string, status: number, seconds: number | null): void {
    this.requests.inc({ operation, status: String(status) });
    if (seconds !== null) this.request_duration.observe({ operation }, seconds);
  }

  reader_cut_off(): void {
    this.cut_off.inc();
  }

  get content_type(): string {
    return this.registry.contentType;
  }

  async text(): Promise<string> {
    const own = await this.registry.metrics();
    return this.of_process === undefined ? own : `${await this.of_process.text()}\n${own}`;
  }

  private counter(name: string, help: string, labels: string[]): Counter {
    return new Counter({ name, help, labelNames: labels, registers: [this.registry] });
  }

  private histogram(name: string, help: string, labels: string[], buckets: number[]): Histogram {
    return new Histogram({ name, help, labelNames: labels, buckets, registers: [this.registry] });
  }
}

import { Gauge, type Registry } from 'prom-client';

export interface Gauged {
  /** Active runs per tenant. */
  readonly activeRuns: () => ReadonlyMap<string, number>;
  readonly openStreams: () => number;
}

/** `/metrics` in the Prometheus text format: every series of the process, and the gauges that are read on each scrape. */
export class MetricsPage {
  constructor(
    private readonly registry: Registry,
    { activeRuns, openStreams }: Gauged,
  ) {
    const running: Gauge = new Gauge({
      name: 'llmteam_running_segments',
      help: 'Runs that have begun and not ended',
      labelNames: ['tenant_id'],
      registers: [registry],
      collect: () => {
        for (const [tenantId, runs] of activeRuns()) running.set({ tenant_id: tenantId }, runs);
      },
    });
    const streams: Gauge = new Gauge({
      name: 'llmteam_gateway_open_streams',
      help: 'Readers that follow runs now',
      registers: [registry],
      collect: () => streams.set(openStreams()),
    });
  }

  get contentType(): string {
    return this.registry.contentType;
  }

  text(): Promise<string> {
    return this.registry.metrics();
  }
}

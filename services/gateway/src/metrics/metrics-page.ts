import { guardedMetricsExposure, type MetricsExposure } from '@llmteam/service-host';
import { Gauge, type Registry } from 'prom-client';

export interface Gauged {
  /** Active runs per tenant. */
  readonly activeRuns: () => ReadonlyMap<string, number>;
  readonly openStreams: () => number;
  readonly unreadBytes: () => number;
}

/** `/metrics` in the Prometheus text format: every series of the process, and the gauges that are read on each scrape. */
export class MetricsPage {
  private readonly exposure: MetricsExposure;

  constructor(registry: Registry, token: string | null, { activeRuns, openStreams, unreadBytes }: Gauged) {
    this.exposure = guardedMetricsExposure(registry, token);
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
    const unread: Gauge = new Gauge({
      name: 'llmteam_gateway_unread_bytes',
      help: 'Bytes that were sent to readers of streams and wait in this process',
      registers: [registry],
      collect: () => unread.set(unreadBytes()),
    });
  }

  get contentType(): string {
    return this.exposure.contentType;
  }

  /** @throws LlmteamError `UNAUTHENTICATED` if a token is configured and the request has another */
  text(authorization: string | undefined): Promise<string> {
    return this.exposure.text(authorization);
  }
}

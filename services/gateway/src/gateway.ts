/**
 * Purpose: a gateway: everything it is made of, opened and closed together.
 * Owns: the order. Opens: keys, counting, then the port. Closes: streams are sent away, the port stops taking, last answers are given, then
 * the rest. Does not own: the backend and the runtime it is given.
 */

import { RunMeter } from '@llmteam/kernel';
import { Registry } from 'prom-client';
import { AuditLog } from './audit/audit-log.js';
import { Followers } from './following/followers.js';
import { Streams } from './following/streams.js';
import { makeApp } from './http/app.js';
import type { HttpDeps } from './http/http-deps.js';
import { HttpListener } from './http/listener.js';
import { Sockets } from './http/sockets.js';
import { KeyRing } from './keys/key-ring.js';
import { defaultLimits, type GatewayLimits } from './limits/gateway-limits.js';
import { TenantLimits } from './limits/tenant-limits.js';
import { GatewayMetrics } from './metrics/gateway-metrics.js';
import { MetricsPage } from './metrics/metrics-page.js';
import { openapiDocument } from './openapi/document.js';
import type { GatewayOptions } from './options.js';
import { routes } from './routes/table.js';
import { CatalogQueries } from './use-cases/catalog-queries.js';
import { HumanTasks } from './use-cases/human-tasks.js';
import { Readiness } from './use-cases/readiness.js';
import { RunControl } from './use-cases/run-control.js';
import { RunQueries } from './use-cases/run-queries.js';
import { RunStarts } from './use-cases/run-starts.js';
import { TenantSegments } from './use-cases/tenant-segments.js';

export interface GatewayAddress {
  readonly host: string;
  readonly port: number;
}

const lastAnswersMs = 5_000;

export class Gateway {
  private readonly keys: KeyRing;
  private readonly followers: Followers;
  private readonly streams: Streams;
  private readonly meter: RunMeter;
  private readonly readiness: Readiness;
  private readonly sockets: Sockets;
  private readonly listener: HttpListener;

  constructor(private readonly options: GatewayOptions) {
    const { kv, clock, log, runs, catalog } = options;
    const limits: GatewayLimits = { ...defaultLimits, ...options.limits };
    const registry = options.processMetrics?.registry ?? new Registry();
    this.keys = new KeyRing(kv, clock, log);
    this.followers = new Followers(options);
    const metrics = new GatewayMetrics(registry);
    this.meter = new RunMeter(options, metrics);
    const tenants = new TenantLimits(limits, (tenantId) => this.meter.active(tenantId));
    this.streams = new Streams({ followers: this.followers, keys: this.keys, tenants, metrics, limits, clock });
    this.readiness = new Readiness(this.keys, options.isReady);
    const deps: HttpDeps = {
      keys: this.keys,
      tenants,
      audit: new AuditLog(kv),
      metrics,
      limits,
      clock,
      log,
      newId: options.newId,
      services: {
        segments: new TenantSegments({ ...options, limits }),
        catalog: new CatalogQueries(catalog, options.liveWorkers),
        runStarts: new RunStarts({ ...options, tenants }),
        runQueries: new RunQueries({ runs, followers: this.followers, limits }),
        runControl: new RunControl(runs),
        tasks: new HumanTasks(runs),
        streams: this.streams,
        readiness: this.readiness,
        metrics: new MetricsPage(registry, {
          activeRuns: () => this.meter.activeByTenant(),
          openStreams: () => this.streams.open,
        }),
        origins: options.origins ?? [],
        version: options.version,
        document: JSON.stringify(openapiDocument(routes, options.version)),
      },
    };
    this.sockets = new Sockets(deps);
    const handle = makeApp(deps).callback();
    this.listener = new HttpListener(
      {
        request: (request, response) => void handle(request, response),
        upgrade: (request, socket, head) => this.sockets.handle(request, socket, head),
      },
      limits,
    );
  }

  /** Resolves once requests are served. Port 0: any that is free. */
  async open(port: number, host: string): Promise<GatewayAddress> {
    const { port: bound, address } = await this.listener.listen(port, host);
    this.options.log.info({ port: bound }, 'health, readiness and metrics are served');
    await this.options.prepare?.();
    await this.keys.start();
    await this.meter.start();
    this.readiness.open();
    return { host: address, port: bound };
  }

  async close(): Promise<void> {
    if (!this.readiness.close()) return;
    this.streams.close();
    this.sockets.close();
    // Whoever waits for the end of a run is told how it stands now.
    await this.followers.close();
    await this.listener.close(lastAnswersMs);
    await this.followers.close();
    await this.meter.stop();
    await this.keys.stop();
    this.options.log.debug({}, 'the gateway is closed');
  }
}

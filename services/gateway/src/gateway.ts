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
import { HttpListener } from './http/listener.js';
import { Sockets } from './http/sockets.js';
import { KeyRing } from './keys/key-ring.js';
import { defaultLimits, type GatewayLimits } from './limits.js';
import { GatewayMetrics } from './metrics/gateway-metrics.js';
import { openapiDocument } from './openapi/document.js';
import type { GatewayOptions } from './options.js';
import { routes } from './routes/table.js';
import type { Services } from './services.js';
import { TenantLimits } from './tenant-limits.js';

export interface GatewayAddress {
  readonly host: string;
  readonly port: number;
}

const lastAnswersMs = 5_000;

export class Gateway {
  private readonly services: Services;
  private readonly meter: RunMeter;
  private readonly sockets: Sockets;
  private readonly listener: HttpListener;
  private state: 'new' | 'open' | 'closed' = 'new';

  constructor(private readonly options: GatewayOptions) {
    const limits: GatewayLimits = { ...defaultLimits, ...options.limits };
    const keys = new KeyRing(options.kv, options.clock, options.log);
    const followers = new Followers(options);
    const tenants = new TenantLimits(limits, (tenantId) => this.meter.active(tenantId));
    const streams: Streams = new Streams({
      followers,
      keys,
      tenants,
      metrics: () => metrics,
      limits,
      clock: options.clock,
    });
    const metrics: GatewayMetrics = new GatewayMetrics(
      options.processMetrics?.registry ?? new Registry(),
      () => this.meter.activeByTenant(),
      () => streams.open,
    );
    this.meter = new RunMeter(options, metrics);
    this.services = {
      ...options,
      limits,
      keys,
      audit: new AuditLog(options.kv),
      followers,
      streams,
      tenants,
      metrics,
      isOpen: () => this.state === 'open' && keys.isReady && options.isReady(),
      document: JSON.stringify(openapiDocument(routes, options.version)),
    };
    this.sockets = new Sockets(this.services);
    const handle = makeApp(this.services).callback();
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
    await this.services.keys.start();
    await this.meter.start();
    if (this.state === 'new') this.state = 'open';
    return { host: address, port: bound };
  }

  async close(): Promise<void> {
    if (this.state === 'closed') return;
    this.state = 'closed';
    this.services.streams.close();
    this.sockets.close();
    // Whoever waits for the end of a run is told how it stands now.
    await this.services.followers.close();
    await this.listener.close(lastAnswersMs);
    await this.services.followers.close();
    await this.meter.stop();
    await this.services.keys.stop();
    this.options.log.debug({}, 'the gateway is closed');
  }
}

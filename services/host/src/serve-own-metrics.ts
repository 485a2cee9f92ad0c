import type { Registry } from 'prom-client';
import { type HealthOptions, serveHealth } from './health-server.js';
import type { Lifecycle } from './lifecycle.js';
import { openMetricsExposure } from './metrics-exposure.js';

export interface OwnMetricsOptions extends Pick<HealthOptions, 'setting' | 'notReady' | 'log'> {
  readonly registry: Registry;
}

/** Serves `/metrics` with all labels at its own address, if one is configured. @throws LlmteamError `CONFIG_INVALID` */
export async function serveOwnMetrics(
  lifecycle: Lifecycle,
  http: Pick<HealthOptions, 'host' | 'port'> | undefined,
  { registry, setting, notReady, log }: OwnMetricsOptions,
): Promise<void> {
  if (http === undefined) return;
  const metrics = openMetricsExposure(registry);
  const server = await serveHealth({ ...http, setting, notReady, metrics, log });
  lifecycle.opens('metrics server', () => server.close());
  log.info({ host: http.host, port: server.port }, 'metrics with all labels are served');
}

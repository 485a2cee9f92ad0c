/**
 * Purpose: a gateway as a process: it opens, catches up its run index and serves until it is told to stop.
 * Owns: the order of opening; closing is the reverse. The port opens before the index has caught up, and `/ready` reports when requests
 * are served.
 */

import type { Logger } from '@llmteam/contracts';
import {
  loadControlPlugins,
  type OpenService,
  openMetrics,
  openServiceBackend,
  openTracing,
  processName,
  runService,
  type ServiceConfig,
  type ServiceEnd,
  serveOwnMetrics,
  systemClock,
  tracingSeries,
} from '@llmteam/service-host';
import { openGatewayIndex } from './gateway-index.js';
import { compose, type Root } from './root.js';

export interface GatewayServiceOptions {
  readonly config: ServiceConfig;
  readonly log: Logger;
  /** Ends the process at once. */
  readonly leave: () => void;
  /** The product version. */
  readonly version: string;
}

const closeMs = 15_000;
const defaultDrainSeconds = 5;

/** Resolves when the gateway has ended. @throws LlmteamError if it cannot start */
export function runGateway({ config, log, leave, version }: GatewayServiceOptions): Promise<ServiceEnd> {
  const gatewayId = processName();
  const ownLog = log.child({ service: 'gateway', gateway_id: gatewayId });
  return runService({ log: ownLog, closeMs, leave }, (service) =>
    openGateway(service, gatewayId, config, ownLog, version),
  );
}

async function openGateway(
  { lifecycle, fail }: OpenService,
  gatewayId: string,
  config: ServiceConfig,
  log: Logger,
  version: string,
): Promise<void> {
  const metrics = await openMetrics({ service: 'gateway' }, config.file.metrics);
  const tracing = await openTracing(config, { name: 'llmteam-gateway', instance: gatewayId }, log);
  lifecycle.opens('tracing', () => tracing.close());
  tracingSeries(metrics, tracing);
  const { catalog, host } = await loadControlPlugins(config, log);
  const clock = systemClock();
  const backend = await openServiceBackend(config, { name: `llmteam gateway ${gatewayId}`, clock, log });
  lifecycle.opens('backend', () => backend.close());
  await host.start();
  lifecycle.opens('plugins', () => host.stop());
  const index = await openGatewayIndex(config, backend, log);
  lifecycle.opens('run index', () => index.close());

  const ended = { byFailure: false };
  const onFailure = (error: unknown): void => {
    ended.byFailure = true;
    fail(error);
  };
  const root = compose({ backend, index, clock, log, config, catalog, metrics, version, tracing, onFailure });
  const notReady = (): readonly string[] => root.gateway.notReady();
  const own = { registry: metrics.registry, setting: 'gateway.metrics.http', notReady, log };
  await serveOwnMetrics(lifecycle, config.file.gateway.metrics.http, own);
  await begin(lifecycle, root, config, log, () => ended.byFailure);
}

async function begin(
  lifecycle: OpenService['lifecycle'],
  { announced, workers, staff, feed, gateway, reporter }: Root,
  config: ServiceConfig,
  log: Logger,
  hasFailed: () => boolean,
): Promise<void> {
  lifecycle.opens('announced types', () => announced.stop());
  await announced.start();
  lifecycle.opens('workers', () => workers.stop());
  await workers.start();
  lifecycle.opens('leases', () => staff.stop());
  await staff.start();
  lifecycle.opens('feed of the run index', () => feed.stop());
  lifecycle.opens('version report', () => reporter.stop());
  lifecycle.opens('gateway', () => gateway.close());
  const { http, drain_seconds: drainSeconds = defaultDrainSeconds } = config.file.gateway;
  const drainMs = drainSeconds * 1_000;
  lifecycle.opens('serving', () => gateway.drain(hasFailed() ? 0 : drainMs), drainMs + closeMs);
  const address = await gateway.open(http.port, http.host);
  reporter.start();
  log.info({ host: address.host, port: address.port }, 'the gateway serves requests');
}

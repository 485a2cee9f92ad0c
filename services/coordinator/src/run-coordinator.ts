/**
 * Purpose: a coordinator process: opens, takes over partitions and drives their runs until it is told to stop.
 * Owns: the order of opening. Closing is in reverse: partitions are released first, while everything else still works.
 */

import type { Logger } from '@llmteam/contracts';
import {
  loadControlPlugins,
  type OpenService,
  openMetrics,
  openMetricsExposure,
  openServiceBackend,
  openTracing,
  processName,
  runService,
  type ServiceConfig,
  type ServiceEnd,
  serveHealth,
  systemClock,
  timerSeries,
  tracingSeries,
} from '@llmteam/service-host';
import { coordinatorMetrics } from './coordinator-metrics.js';
import { queueMetrics } from './queue-metrics.js';
import { QueueWatch } from './queue-watch.js';
import { compose, type Root } from './root.js';
import { scalingPage } from './scaling-page.js';

export interface CoordinatorOptions {
  readonly config: ServiceConfig;
  readonly log: Logger;
  /** Exits the process immediately. */
  readonly leave: () => void;
}

const closeMs = 10_000;
/** Longer than the default, for the checkpoints of many partitions. */
const releaseMs = 30_000;

/** Resolves when the coordinator has stopped. @throws LlmteamError if it could not start */
export function runCoordinator({ config, log, leave }: CoordinatorOptions): Promise<ServiceEnd> {
  const coordinatorId = processName();
  const ownLog = log.child({ service: 'coordinator', coordinator_id: coordinatorId });
  return runService({ log: ownLog, closeMs, leave }, (service) =>
    openCoordinator(service, coordinatorId, config, ownLog),
  );
}

async function openCoordinator(
  { lifecycle, stopping }: OpenService,
  coordinatorId: string,
  config: ServiceConfig,
  log: Logger,
): Promise<void> {
  const open: { reasons: () => string[]; redispatch: () => void; queues: QueueWatch | null } = {
    reasons: () => ['it is starting'],
    redispatch: () => undefined,
    queues: null,
  };
  const notReady = (): string[] => (stopping.aborted ? ['it is stopping'] : open.reasons());
  const metrics = await openMetrics({ service: 'coordinator' }, config.file.metrics);
  const health = await serveHealth({
    ...config.file.coordinator.http,
    setting: 'coordinator.http',
    notReady,
    metrics: openMetricsExposure(metrics.registry),
    pages: (path) => scalingPage(path, open.queues),
    log,
  });
  lifecycle.opens('health server', () => health.close());
  log.info({ port: health.port }, 'health, readiness and metrics are served');

  const service = { name: 'llmteam-coordinator', instance: coordinatorId };
  const tracing = await openTracing(config, service, log);
  lifecycle.opens('tracing', () => tracing.close());
  tracingSeries(metrics, tracing);
  const { catalog, host } = await loadControlPlugins(config, log);
  const clock = systemClock();
  const name = `llmteam coordinator ${coordinatorId}`;
  const backend = await openServiceBackend(config, { name, clock, log, onJobsLost: () => open.redispatch() });
  lifecycle.opens('backend', () => backend.close());
  await host.start();
  lifecycle.opens('plugins', () => host.stop());

  const timerFired = timerSeries(metrics);
  const root = compose({ coordinator_id: coordinatorId, backend, clock, log, config, catalog, tracing, timerFired });
  coordinatorMetrics(metrics, root, backend.kv, () => backend.isConnected());
  const queues = new QueueWatch({ queue: backend.queue, kv: backend.kv, catalog, clock });
  queueMetrics(metrics, queues);
  open.redispatch = () => root.loops.redispatch();
  await begin(lifecycle, root);
  open.queues = queues;
  open.reasons = () => [
    ...(backend.isConnected() ? [] : ['it is not connected to the message server']),
    ...root.ownership.unsettled(),
  ];
  log.info({ partitions: backend.journal.partitions }, 'the coordinator has joined');
}

async function begin(lifecycle: OpenService['lifecycle'], root: Root): Promise<void> {
  const { announced, ownership, retention } = root;
  lifecycle.opens('announced types', () => announced.stop());
  await announced.start();
  lifecycle.opens('partitions', () => ownership.stop(), releaseMs);
  await ownership.start();
  lifecycle.opens('retention', () => retention.stop());
  retention.start();
}

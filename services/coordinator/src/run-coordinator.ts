/**
 * Purpose: a coordinator as a process: opened, given its partitions, driving their runs until it is told to stop.
 * Owns: the order of opening; closing goes the other way round: partitions are given back first, while all else still works.
 */
import { system_clock } from '@llmteam/backend-embedded';
import type { Logger } from '@llmteam/contracts';
import {
  load_control_plugins,
  type OpenService,
  open_metrics,
  open_nats,
  process_name,
  run_service,
  type ServiceConfig,
  type ServiceEnd,
  serve_health,
} from '@llmteam/service-host';
import { coordinator_metrics } from './coordinator-metrics.js';
import { compose, type Root } from './root.js';

export interface CoordinatorOptions {
  readonly config: ServiceConfig;
  readonly log: Logger;
  /** Ends the process at once. */
  readonly leave: () => void;
}

const close_ms = 10_000;
/** Checkpoints of many partitions. */
const hand_over_ms = 30_000;

/** Resolves when the coordinator has ended. @throws LlmteamError why it could not begin */
export function run_coordinator({ config, log, leave }: CoordinatorOptions): Promise<ServiceEnd> {
  const coordinator_id = process_name();
  const own_log = log.child({ service: 'coordinator', coordinator_id });
  return run_service({ log: own_log, close_ms, leave }, (service) =>
    open_coordinator(service, coordinator_id, config, own_log),
  );
}

async function open_coordinator(
  { lifecycle, stopping }: OpenService,
  coordinator_id: string,
  config: ServiceConfig,
  log: Logger,
): Promise<void> {
  const open: { reasons: () => string[]; redispatch: () => void } = {
    reasons: () => ['it is starting'],
    redispatch: () => undefined,
  };
  const not_ready = (): string[] => (stopping.aborted ? ['it is stopping'] : open.reasons());
  const metrics = await open_metrics({ service: 'coordinator' });
  const health = await serve_health({ ...config.file.coordinator.http, not_ready, metrics, log });
  lifecycle.opens('health server', () => health.close());
  log.info({ port: health.port }, 'health, readiness and metrics are served');

  const { catalog, host } = await load_control_plugins(config, log);
  const clock = system_clock();
  const name = `llmteam coordinator ${coordinator_id}`;
  const backend = await open_nats(config, { name, clock, log, on_jobs_lost: () => open.redispatch() });
  lifecycle.opens('backend', () => backend.close());
  await host.start();
  lifecycle.opens('plugins', () => host.stop());

  const root = compose({ coordinator_id, backend, clock, log, config, catalog });
  coordinator_metrics(metrics, root, () => backend.is_connected());
  open.redispatch = () => root.loops.redispatch();
  await begin(lifecycle, root);
  open.reasons = () => [
    ...(backend.is_connected() ? [] : ['it is not connected to the message server']),
    ...root.ownership.unsettled(),
  ];
  log.info({ partitions: backend.journal.partitions }, 'the coordinator has joined');
}

async function begin(lifecycle: OpenService['lifecycle'], root: Root): Promise<void> {
  const { announced, ownership, retention } = root;
  lifecycle.opens('announced types', () => announced.stop());
  await announced.start();
  lifecycle.opens('partitions', () => ownership.stop(), hand_over_ms);
  await ownership.start();
  lifecycle.opens('retention', () => retention.stop());
  retention.start();
}

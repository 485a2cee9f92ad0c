/**
 * Purpose: a worker as a process: opened, announced, working until it is told to stop.
 * Owns: the order of opening; closing goes the other way round: others hear first that it takes no more, then its jobs finish or go back.
 */
import { system_clock } from '@llmteam/backend-embedded';
import type { Logger, StepTypeMetadata } from '@llmteam/contracts';
import { announce_types, type StepCatalog } from '@llmteam/kernel';
import {
  load_plugins,
  type OpenService,
  open_metrics,
  open_nats,
  process_name,
  run_service,
  type ServiceConfig,
  type ServiceEnd,
  serve_health,
} from '@llmteam/service-host';
import { compose, type Root } from './root.js';
import { served_types } from './served-types.js';
import { worker_metrics } from './worker-metrics.js';

export interface WorkerOptions {
  readonly config: ServiceConfig;
  readonly log: Logger;
  /** Ends the process at once. */
  readonly leave: () => void;
}

const close_ms = 10_000;

/** Resolves when the worker has ended. @throws LlmteamError why it could not begin */
export function run_worker({ config, log, leave }: WorkerOptions): Promise<ServiceEnd> {
  const worker_id = process_name();
  const own_log = log.child({ service: 'worker', worker_id });
  return run_service({ log: own_log, close_ms, leave }, (service) => open_worker(service, worker_id, config, own_log));
}

async function open_worker(service: OpenService, worker_id: string, config: ServiceConfig, log: Logger): Promise<void> {
  const { lifecycle, stopping, fail } = service;
  const open: { reasons: () => string[] } = { reasons: () => ['it is starting'] };
  const not_ready = (): string[] => (stopping.aborted ? ['it is stopping'] : open.reasons());
  const metrics = await open_metrics({ service: 'worker' });
  const health = await serve_health({ ...config.file.worker.http, not_ready, metrics, log });
  lifecycle.opens('health server', () => health.close());
  log.info({ port: health.port }, 'health, readiness and metrics are served');

  const { catalog: loaded, host } = await load_plugins(config, log);
  const catalog = served_types(loaded, config.file.worker.types);
  const clock = system_clock();
  const backend = await open_nats(config, { name: `llmteam worker ${worker_id}`, clock, log });
  lifecycle.opens('backend', () => backend.close());
  await host.start();
  lifecycle.opens('plugins', () => host.stop());

  const observer = worker_metrics(metrics, () => backend.is_connected());
  const root = compose({ worker_id, backend, clock, log, config, catalog, plugins: host, observer, on_failure: fail });
  await announce_types(backend.registry, worker_id, types_of(catalog));
  await begin(service, root, config);
  open.reasons = () => [
    ...(backend.is_connected() ? [] : ['it is not connected to the message server']),
    ...(root.presence.is_known ? [] : ['others have not heard of it for too long']),
  ];
  log.info({ queues: Object.fromEntries(root.worker.concurrency()) }, 'the worker takes jobs');
}

async function begin({ lifecycle }: OpenService, { worker, presence }: Root, config: ServiceConfig): Promise<void> {
  const drain_ms = config.file.worker.drain_seconds * 1_000;
  lifecycle.opens('jobs', () => worker.stop(drain_ms), drain_ms + close_ms);
  await worker.start();
  lifecycle.opens('presence', () => presence.stop());
  await presence.start();
}

function types_of(catalog: StepCatalog): StepTypeMetadata[] {
  return catalog.entries().map(({ metadata }) => metadata);
}

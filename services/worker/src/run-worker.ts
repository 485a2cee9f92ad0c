/**
 * Purpose: a worker process: opens, announces its step types and works until it is told to stop.
 * Owns: the order of opening. Closing is in reverse: it withdraws its presence first, then drains or releases its jobs.
 */
import type { Logger } from '@llmteam/contracts';
import { type AnnouncedType, announceTypes, RunningAttempts, type StepCatalog } from '@llmteam/kernel';
import {
  guardedMetricsExposure,
  loadPlugins,
  type OpenService,
  openMetrics,
  openServiceBackend,
  openTracing,
  processName,
  revealed,
  runService,
  type ServiceConfig,
  type ServiceEnd,
  serveHealth,
  serveOwnMetrics,
  slotSeries,
  systemClock,
  tracingSeries,
} from '@llmteam/service-host';
import { attemptLog, observers } from './attempt-log.js';
import { compose, type Root } from './root.js';
import { servedTypes } from './served-types.js';
import { workerMetrics } from './worker-metrics.js';

export interface WorkerOptions {
  readonly config: ServiceConfig;
  readonly log: Logger;
  /** Exits the process immediately. */
  readonly leave: () => void;
  /** Takes what is to be done when an error has reached the top, before the process exits. */
  readonly onCrash?: (act: () => Promise<void>) => void;
}

const closeMs = 10_000;

/** Resolves when the worker has stopped. @throws LlmteamError if it could not start */
export function runWorker({ config, log, leave, onCrash }: WorkerOptions): Promise<ServiceEnd> {
  const workerId = processName();
  const ownLog = log.child({ service: 'worker', worker_id: workerId });
  return runService({ log: ownLog, closeMs, leave }, (service) =>
    openWorker(service, { workerId, config, log: ownLog, onCrash }),
  );
}

interface Opening extends Pick<WorkerOptions, 'config' | 'log'> {
  readonly workerId: string;
  readonly onCrash: WorkerOptions['onCrash'];
}

async function openWorker(service: OpenService, { workerId, config, log, onCrash }: Opening): Promise<void> {
  const { lifecycle, stopping, fail } = service;
  const open: { reasons: () => string[] } = { reasons: () => ['it is starting'] };
  const notReady = (): string[] => (stopping.aborted ? ['it is stopping'] : open.reasons());
  const metrics = await openMetrics({ service: 'worker' }, config.file.metrics);
  const { http, metrics: exposed } = config.file.worker;
  const exposure = guardedMetricsExposure(metrics.registry, revealed(exposed.token, config));
  const health = await serveHealth({ ...http, setting: 'worker.http', notReady, metrics: exposure, log });
  lifecycle.opens('health server', () => health.close());
  const own = { registry: metrics.registry, setting: 'worker.metrics.http', notReady, log };
  await serveOwnMetrics(lifecycle, exposed.http, own);
  log.info({ port: health.port }, 'health, readiness and metrics are served');

  const tracing = await openTracing(config, { name: 'llmteam-worker', instance: workerId }, log);
  lifecycle.opens('tracing', () => tracing.close());
  tracingSeries(metrics, tracing);
  const { catalog: loaded, host } = await loadPlugins(config, log);
  const catalog = servedTypes(loaded, config.file.worker.types);
  const clock = systemClock();
  const backend = await openServiceBackend(config, { name: `llmteam worker ${workerId}`, clock, log });
  lifecycle.opens('backend', () => backend.close());
  await host.start();
  lifecycle.opens('plugins', () => host.stop());

  const observer = observers([workerMetrics(metrics, () => backend.isConnected()), attemptLog(log)]);
  const running = new RunningAttempts();
  const root = compose({
    workerId,
    running,
    backend,
    clock,
    log,
    config,
    catalog,
    plugins: host,
    observer,
    tracing,
    onFailure: fail,
  });
  slotSeries(metrics, () => root.worker.concurrency());
  onCrash?.(() => handBackOthers(root.worker, running, log));
  await announceTypes(backend.kv, workerId, typesOf(catalog));
  await begin(service, root, config);
  open.reasons = () => [
    ...(backend.isConnected() ? [] : ['it is not connected to the message server']),
    ...(root.presence.isKnown ? [] : ['its presence has not been renewed for too long']),
  ];
  log.info({ queues: Object.fromEntries(root.worker.concurrency()) }, 'the worker takes jobs');
}

async function begin({ lifecycle }: OpenService, { worker, presence }: Root, config: ServiceConfig): Promise<void> {
  const drainMs = config.file.worker.drain_seconds * 1_000;
  lifecycle.opens('jobs', () => worker.stop(drainMs), drainMs + closeMs);
  await worker.start();
  lifecycle.opens('presence', () => presence.stop());
  await presence.start();
}

/**
 * The process ends because of one attempt. If it is not known which, every job counts as lost, as it does when the process is killed or a
 * handler calls `process.exit`.
 */
async function handBackOthers(worker: Root['worker'], { blame }: RunningAttempts, log: Logger): Promise<void> {
  if (blame === null) return;
  const { job_id, run_id, step_id, tenant_id } = blame.job;
  log.error(
    { job_id, run_id, step_id, tenant_id, plugin: blame.plugin },
    'a step ends this worker; the jobs of other steps go back',
  );
  await worker.abandon(job_id);
}

function typesOf(catalog: StepCatalog): AnnouncedType[] {
  return catalog.entries().map(({ metadata, plugin, standing }) => {
    return { ...metadata, plugin, is_built_in: standing.isOurs };
  });
}

/** The composition root of the worker, the only place that resolves from the container. */
import 'reflect-metadata';
import type { Backend, Clock, Logger } from '@llmteam/contracts';
import type { PluginHost, RunningAttempts, StepCatalog, WorkerPresence, WorkLoop, WorkObserver } from '@llmteam/kernel';
import { kernelIds, kernelModule, type ServiceConfig, type Tracing } from '@llmteam/service-host';
import { Container } from 'inversify';

export interface RootOptions {
  readonly workerId: string;
  readonly backend: Backend;
  readonly clock: Clock;
  readonly log: Logger;
  readonly config: ServiceConfig;
  /** The step types to serve. */
  readonly catalog: StepCatalog;
  readonly plugins: PluginHost;
  readonly observer: WorkObserver;
  readonly running: RunningAttempts;
  readonly tracing: Tracing;
  readonly onFailure: (error: unknown) => void;
}

export interface Root {
  readonly worker: WorkLoop;
  readonly presence: WorkerPresence;
}

export function compose(options: RootOptions): Root {
  const { config, workerId, observer, running } = options;
  const { concurrency, concurrency_by_type, max_deliveries } = config.file.worker;
  const container = new Container({ defaultScope: 'Singleton' });
  container.bind(kernelIds.backend).toConstantValue(options.backend);
  container.bind(kernelIds.clock).toConstantValue(options.clock);
  container.bind(kernelIds.log).toConstantValue(options.log);
  container.bind(kernelIds.config).toConstantValue(config);
  container.bind(kernelIds.catalog).toConstantValue(options.catalog);
  container.bind(kernelIds.plugins).toConstantValue(options.plugins);
  container.bind(kernelIds.tracing).toConstantValue(options.tracing);
  container.bind(kernelIds.onFailure).toConstantValue(options.onFailure);
  // A report is retried for as long as the worker lives: its work is done and must not be lost.
  container.bind(kernelIds.storePatienceMs).toConstantValue(Number.POSITIVE_INFINITY);
  container.bind(kernelIds.workerSettings).toConstantValue({
    workerId,
    observer,
    running,
    concurrency,
    concurrencyByType: concurrency_by_type,
    maxDeliveries: max_deliveries,
  });
  container.load(kernelModule);
  return { worker: container.get(kernelIds.workLoop), presence: container.get(kernelIds.workerPresence) };
}

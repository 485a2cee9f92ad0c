/**
 * Purpose: the composition root of the worker. The DI container does not leave this file.
 */
import 'reflect-metadata';
import type { Backend, Clock, Journal, Logger } from '@llmteam/contracts';
import {
  createExpressionCompiler,
  type ExpressionCompiler,
  LargeValueJournal,
  type PluginHost,
  Resources,
  Retry,
  type StepCatalog,
  WorkerPresence,
  WorkLoop,
  type WorkObserver,
} from '@llmteam/kernel';
import { resourceConfig, type ServiceConfig } from '@llmteam/service-host';
import { Container, type ServiceIdentifier } from 'inversify';

export interface RootOptions {
  readonly worker_id: string;
  readonly backend: Backend;
  readonly clock: Clock;
  readonly log: Logger;
  readonly config: ServiceConfig;
  /** The step types to serve. */
  readonly catalog: StepCatalog;
  readonly plugins: PluginHost;
  readonly observer: WorkObserver;
  readonly onFailure: (error: unknown) => void;
}

export interface Root {
  readonly worker: WorkLoop;
  readonly presence: WorkerPresence;
}

const id = <T>(name: string): ServiceIdentifier<T> => Symbol(name);
const ids = {
  options: id<RootOptions>('options'),
  compiler: id<ExpressionCompiler>('compiler'),
  journal: id<Journal>('journal'),
  retry: id<Retry>('retry'),
  resources: id<Resources>('resources'),
  worker: id<WorkLoop>('worker'),
  presence: id<WorkerPresence>('presence'),
  root: id<Root>('root'),
};

export function compose(options: RootOptions): Root {
  const container = new Container({ defaultScope: 'Singleton' });
  container.bind(ids.options).toConstantValue(options);
  container.bind(ids.compiler).toResolvedValue(createExpressionCompiler);
  container.bind(ids.journal).toResolvedValue(makeJournal, [ids.options]);
  container.bind(ids.retry).toResolvedValue(makeRetry, [ids.options]);
  container.bind(ids.resources).toResolvedValue(makeResources, [ids.options]);
  container
    .bind(ids.worker)
    .toResolvedValue(makeWorker, [ids.options, ids.journal, ids.resources, ids.compiler, ids.retry]);
  container.bind(ids.presence).toResolvedValue(makePresence, [ids.options, ids.worker]);
  container
    .bind(ids.root)
    .toResolvedValue((worker, presence): Root => ({ worker, presence }), [ids.worker, ids.presence]);
  return container.get(ids.root);
}

function makeJournal({ backend }: RootOptions): Journal {
  return new LargeValueJournal(backend.journal, backend.blobs);
}

/** Reports are retried indefinitely: the work they report is already done. */
function makeRetry({ clock, log, onFailure }: RootOptions): Retry {
  return new Retry(clock, log, Number.POSITIVE_INFINITY, onFailure);
}

function makeResources({ config, plugins }: RootOptions): Resources {
  return new Resources(resourceConfig(config), plugins.providers);
}

function makeWorker(
  options: RootOptions,
  journal: Journal,
  resources: Resources,
  compiler: ExpressionCompiler,
  retry: Retry,
): WorkLoop {
  const { backend, clock, log, catalog, worker_id, observer, config } = options;
  const { queue, pubSub, kv, blobs } = backend;
  const { concurrency, concurrency_by_type, max_deliveries } = config.file.worker;
  const heartbeatMs = (config.file.nats.job_lease_seconds * 1_000) / 3;
  const ports = { journal, queue, pubSub, kv, blobs, clock, log, resources, compiler };
  const settings = {
    worker_id,
    catalog,
    concurrency,
    concurrencyByType: concurrency_by_type,
    maxDeliveries: max_deliveries,
    heartbeatMs,
  };
  return new WorkLoop(ports, { ...settings, retry, observer });
}

function makePresence({ backend, clock, log, catalog, worker_id }: RootOptions, worker: WorkLoop): WorkerPresence {
  const types = catalog.entries().map(({ metadata: { type_id, version } }) => ({ type_id, version }));
  const concurrency = Object.fromEntries(worker.concurrency());
  const described = { worker_id, types, started_at: clock.now(), concurrency };
  return new WorkerPresence({ kv: backend.kv, clock, log, worker: described });
}

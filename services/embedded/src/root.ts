/**
 * Purpose: the composition root of the embedded runtime: what is made from what. The container does not leave this file.
 */
import 'reflect-metadata';
import type { Backend, Clock, Journal, Logger } from '@llmteam/contracts';
import {
  create_expression_compiler,
  create_run_service,
  Definitions,
  type ExpressionCompiler,
  LargeValueJournal,
  PartitionLoop,
  type PluginHost,
  Resources,
  Retry,
  type RunService,
  SegmentStore,
  type StepCatalog,
  WorkLoop,
} from '@llmteam/kernel';
import { type Config, resource_config } from '@llmteam/service-host';
import { Container, type ServiceIdentifier } from 'inversify';

export interface RootOptions {
  readonly backend: Backend;
  readonly clock: Clock;
  readonly log: Logger;
  readonly config: Config;
  readonly catalog: StepCatalog;
  readonly plugins: PluginHost;
  readonly new_id: () => string;
  /** Stands between the components and the backend's journal; for measuring and for injecting faults. */
  readonly decorate_journal?: (journal: Journal) => Journal;
  readonly store_patience_ms: number;
  readonly on_failure: (error: unknown) => void;
}

export interface Root {
  readonly definitions: Definitions;
  readonly segments: SegmentStore;
  readonly journal: Journal;
  readonly runs: RunService;
  readonly loops: readonly PartitionLoop[];
  readonly worker: WorkLoop;
  readonly compiler: ExpressionCompiler;
}

const id = <T>(name: string): ServiceIdentifier<T> => Symbol(name);
const ids = {
  options: id<RootOptions>('options'),
  journal: id<Journal>('journal'),
  compiler: id<ExpressionCompiler>('compiler'),
  definitions: id<Definitions>('definitions'),
  segments: id<SegmentStore>('segments'),
  retry: id<Retry>('retry'),
  resources: id<Resources>('resources'),
  loops: id<readonly PartitionLoop[]>('loops'),
  worker: id<WorkLoop>('worker'),
  runs: id<RunService>('runs'),
  root: id<Root>('root'),
};

export function compose(options: RootOptions): Root {
  const container = new Container({ defaultScope: 'Singleton' });
  container.bind(ids.options).toConstantValue(options);
  container.bind(ids.compiler).toResolvedValue(create_expression_compiler);
  container.bind(ids.journal).toResolvedValue(make_journal, [ids.options]);
  container.bind(ids.definitions).toResolvedValue(make_definitions, [ids.options, ids.compiler]);
  container.bind(ids.segments).toResolvedValue(make_segments, [ids.options, ids.definitions]);
  container.bind(ids.retry).toResolvedValue(make_retry, [ids.options]);
  container.bind(ids.resources).toResolvedValue(make_resources, [ids.options]);
  container.bind(ids.loops).toResolvedValue(make_loops, [ids.options, ids.journal, ids.definitions, ids.segments]);
  container
    .bind(ids.worker)
    .toResolvedValue(make_worker, [ids.options, ids.journal, ids.resources, ids.compiler, ids.retry]);
  container.bind(ids.runs).toResolvedValue(make_runs, [ids.options, ids.journal, ids.definitions]);
  container.bind(ids.root).toResolvedValue(
    (definitions, segments, journal, runs, loops, worker, compiler): Root => ({
      definitions,
      segments,
      journal,
      runs,
      loops,
      worker,
      compiler,
    }),
    [ids.definitions, ids.segments, ids.journal, ids.runs, ids.loops, ids.worker, ids.compiler],
  );
  return container.get(ids.root);
}

function make_journal({ backend, decorate_journal }: RootOptions): Journal {
  const journal = new LargeValueJournal(backend.journal, backend.blobs);
  return decorate_journal?.(journal) ?? journal;
}

function make_definitions({ backend, catalog }: RootOptions, compiler: ExpressionCompiler): Definitions {
  return new Definitions(backend.blobs, catalog, compiler);
}

function make_segments({ backend }: RootOptions, definitions: Definitions): SegmentStore {
  return new SegmentStore(backend.registry, definitions);
}

function make_retry({ clock, log, store_patience_ms, on_failure }: RootOptions): Retry {
  return new Retry(clock, log, store_patience_ms, on_failure);
}

function make_resources({ config, plugins }: RootOptions): Resources {
  return new Resources(resource_config(config), plugins.providers);
}

function make_loops(
  options: RootOptions,
  journal: Journal,
  definitions: Definitions,
  segments: SegmentStore,
): readonly PartitionLoop[] {
  const { backend, clock, log, store_patience_ms, on_failure } = options;
  const { queue, signals, registry, index } = backend;
  const common = {
    journal,
    queue,
    signals,
    registry,
    lists: index,
    definitions,
    segments,
    clock,
    log,
    store_patience_ms,
    on_failure,
  };
  return Array.from({ length: journal.partitions }, (_, partition) => new PartitionLoop({ ...common, partition }));
}

function make_worker(
  options: RootOptions,
  journal: Journal,
  resources: Resources,
  compiler: ExpressionCompiler,
  retry: Retry,
): WorkLoop {
  const { backend, clock, log, catalog } = options;
  const { queue, signals, registry, blobs } = backend;
  const ports = { journal, queue, signals, registry, blobs, clock, log, resources, compiler };
  return new WorkLoop(ports, { worker_id: `embedded-${process.pid}`, catalog, retry });
}

function make_runs({ backend, clock, new_id }: RootOptions, journal: Journal, definitions: Definitions): RunService {
  return create_run_service({ journal, index: backend.index, definitions, clock, new_id });
}

/**
 * Purpose: the composition root of the embedded runtime. The DI container does not leave this file.
 */
import 'reflect-metadata';
import type { Backend, Clock, Journal, Logger } from '@llmteam/contracts';
import {
  createExpressionCompiler,
  createRunService,
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
import { type Config, resourceConfig } from '@llmteam/service-host';
import { Container, type ServiceIdentifier } from 'inversify';

export interface RootOptions {
  readonly backend: Backend;
  readonly clock: Clock;
  readonly log: Logger;
  readonly config: Config;
  readonly catalog: StepCatalog;
  readonly plugins: PluginHost;
  readonly newId: () => string;
  /** Wraps the backend's journal, for benchmarks and fault injection. */
  readonly decorateJournal?: (journal: Journal) => Journal;
  readonly storePatienceMs: number;
  readonly onFailure: (error: unknown) => void;
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
  container.bind(ids.compiler).toResolvedValue(createExpressionCompiler);
  container.bind(ids.journal).toResolvedValue(makeJournal, [ids.options]);
  container.bind(ids.definitions).toResolvedValue(makeDefinitions, [ids.options, ids.compiler]);
  container.bind(ids.segments).toResolvedValue(makeSegments, [ids.options, ids.definitions]);
  container.bind(ids.retry).toResolvedValue(makeRetry, [ids.options]);
  container.bind(ids.resources).toResolvedValue(makeResources, [ids.options]);
  container.bind(ids.loops).toResolvedValue(makeLoops, [ids.options, ids.journal, ids.definitions, ids.segments]);
  container
    .bind(ids.worker)
    .toResolvedValue(makeWorker, [ids.options, ids.journal, ids.resources, ids.compiler, ids.retry]);
  container.bind(ids.runs).toResolvedValue(makeRuns, [ids.options, ids.journal, ids.definitions]);
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

function makeJournal({ backend, decorateJournal }: RootOptions): Journal {
  const journal = new LargeValueJournal(backend.journal, backend.blobs);
  return decorateJournal?.(journal) ?? journal;
}

function makeDefinitions({ backend, catalog }: RootOptions, compiler: ExpressionCompiler): Definitions {
  return new Definitions(backend.blobs, catalog, compiler);
}

function makeSegments({ backend }: RootOptions, definitions: Definitions): SegmentStore {
  return new SegmentStore(backend.kv, definitions);
}

function makeRetry({ clock, log, storePatienceMs, onFailure }: RootOptions): Retry {
  return new Retry(clock, log, storePatienceMs, onFailure);
}

function makeResources({ config, plugins }: RootOptions): Resources {
  return new Resources(resourceConfig(config), plugins.providers);
}

function makeLoops(
  options: RootOptions,
  journal: Journal,
  definitions: Definitions,
  segments: SegmentStore,
): readonly PartitionLoop[] {
  const { backend, clock, log, storePatienceMs, onFailure } = options;
  const { queue, pubSub, kv, index } = backend;
  const common = {
    journal,
    queue,
    pubSub,
    kv,
    lists: index,
    definitions,
    segments,
    clock,
    log,
    storePatienceMs,
    onFailure,
  };
  return Array.from({ length: journal.partitions }, (_, partition) => new PartitionLoop({ ...common, partition }));
}

function makeWorker(
  options: RootOptions,
  journal: Journal,
  resources: Resources,
  compiler: ExpressionCompiler,
  retry: Retry,
): WorkLoop {
  const { backend, clock, log, catalog } = options;
  const { queue, pubSub, kv, blobs } = backend;
  const ports = { journal, queue, pubSub, kv, blobs, clock, log, resources, compiler };
  return new WorkLoop(ports, { worker_id: `embedded-${process.pid}`, catalog, retry });
}

function makeRuns({ backend, clock, newId }: RootOptions, journal: Journal, definitions: Definitions): RunService {
  return createRunService({ journal, index: backend.index, definitions, clock, newId });
}

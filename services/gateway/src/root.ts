/**
 * Purpose: the composition root of a gateway on NATS: what is made from what. The container does not leave this file.
 */
import 'reflect-metadata';
import { randomUUID } from 'node:crypto';
import type { Backend, Clock, Journal, Logger, RunIndex } from '@llmteam/contracts';
import {
  AnnouncedTypes,
  CountedWorkers,
  createExpressionCompiler,
  createRunService,
  Definitions,
  IndexFeed,
  LargeValueJournal,
  type RunService,
  SegmentStore,
  type StepCatalog,
} from '@llmteam/kernel';
import type { Metrics, ServiceConfig } from '@llmteam/service-host';
import { Container, type ServiceIdentifier } from 'inversify';
import { configuredRefs } from './configured-refs.js';
import { Gateway } from './gateway.js';
import type { GatewayOptions } from './options.js';

type Compiler = GatewayOptions['compiler'];

export interface RootOptions {
  readonly backend: Backend & { isConnected(): boolean };
  /** The lists of this gateway. */
  readonly index: RunIndex;
  readonly clock: Clock;
  readonly log: Logger;
  readonly config: ServiceConfig;
  /** Control types; task types come from what workers announce. */
  readonly catalog: StepCatalog;
  /** Of the process. */
  readonly metrics: Metrics;
  readonly version: string;
  /** Told once if the lists cannot be kept any more. */
  readonly onFailure: (error: unknown) => void;
}

export interface Root {
  readonly gateway: Gateway;
  readonly feed: IndexFeed;
  readonly announced: AnnouncedTypes;
  readonly workers: CountedWorkers;
}

const id = <T>(name: string): ServiceIdentifier<T> => Symbol(name);
const ids = {
  options: id<RootOptions>('options'),
  compiler: id<Compiler>('compiler'),
  journal: id<Journal>('journal'),
  announced: id<AnnouncedTypes>('announced'),
  workers: id<CountedWorkers>('workers'),
  definitions: id<Definitions>('definitions'),
  segments: id<SegmentStore>('segments'),
  runs: id<RunService>('runs'),
  feed: id<IndexFeed>('feed'),
  gateway: id<Gateway>('gateway'),
  root: id<Root>('root'),
};

export function compose(options: RootOptions): Root {
  const container = new Container({ defaultScope: 'Singleton' });
  container.bind(ids.options).toConstantValue(options);
  container.bind(ids.compiler).toResolvedValue(createExpressionCompiler);
  container.bind(ids.journal).toResolvedValue(makeJournal, [ids.options]);
  container.bind(ids.announced).toResolvedValue(makeAnnounced, [ids.options]);
  container.bind(ids.workers).toResolvedValue(makeWorkers, [ids.options]);
  container.bind(ids.definitions).toResolvedValue(makeDefinitions, [ids.options, ids.compiler, ids.announced]);
  container.bind(ids.segments).toResolvedValue(makeSegments, [ids.options, ids.definitions]);
  container.bind(ids.runs).toResolvedValue(makeRuns, [ids.options, ids.journal, ids.definitions]);
  container.bind(ids.feed).toResolvedValue(makeFeed, [ids.options]);
  container
    .bind(ids.gateway)
    .toResolvedValue(makeGateway, [
      ids.options,
      ids.compiler,
      ids.journal,
      ids.workers,
      ids.definitions,
      ids.segments,
      ids.runs,
      ids.feed,
    ]);
  container
    .bind(ids.root)
    .toResolvedValue(
      (gateway, feed, announced, workers): Root => ({ gateway, feed, announced, workers }),
      [ids.gateway, ids.feed, ids.announced, ids.workers],
    );
  return container.get(ids.root);
}

function makeJournal({ backend }: RootOptions): Journal {
  return new LargeValueJournal(backend.journal, backend.blobs);
}

function makeAnnounced({ backend, catalog, clock, log }: RootOptions): AnnouncedTypes {
  return new AnnouncedTypes({ kv: backend.kv, catalog, clock, log });
}

function makeWorkers({ backend, clock, log }: RootOptions): CountedWorkers {
  return new CountedWorkers({ kv: backend.kv, clock, log });
}

function makeDefinitions(
  { backend, catalog }: RootOptions,
  compiler: Compiler,
  announced: AnnouncedTypes,
): Definitions {
  return new Definitions(backend.blobs, catalog, compiler, (typeId, version) => announced.lookUp(typeId, version));
}

function makeSegments({ backend }: RootOptions, definitions: Definitions): SegmentStore {
  return new SegmentStore(backend.kv, definitions);
}

function makeRuns({ index, clock }: RootOptions, journal: Journal, definitions: Definitions): RunService {
  return createRunService({ journal, index, definitions, clock, newId: randomUUID });
}

/** Lists need no values: those that lie beside the journal are left there. */
function makeFeed({ backend, index, clock, log, onFailure }: RootOptions): IndexFeed {
  const { journal, kv } = backend;
  return new IndexFeed({ journal, kv, index, clock, log, onFailure });
}

function makeGateway(
  { backend, index, clock, log, config, catalog, metrics, version }: RootOptions,
  compiler: Compiler,
  journal: Journal,
  workers: CountedWorkers,
  definitions: Definitions,
  segments: SegmentStore,
  runs: RunService,
  feed: IndexFeed,
): Gateway {
  const { kv, pubSub } = backend;
  const { limits, origins } = config.file.gateway;
  return new Gateway({
    runs,
    segments,
    definitions,
    catalog,
    compiler,
    journal,
    index,
    kv,
    pubSub,
    clock,
    log,
    version,
    limits,
    origins,
    newId: randomUUID,
    refs: configuredRefs(config),
    liveWorkers: (typeId, typeVersion) => workers.of(typeId, typeVersion),
    prepare: () => feed.start(),
    isReady: () => feed.hasCaughtUp && backend.isConnected(),
    processMetrics: metrics,
    followRuns: (partition, from, signal) => backend.journal.follow(partition, from, signal, { only: 'run_level' }),
  });
}

/**
 * Purpose: the composition root of a gateway on NATS: what is made from what. The container does not leave this file.
 */
import 'reflect-metadata';
import { randomUUID } from 'node:crypto';
import type { Backend, Clock, Journal, Logger, RunIndex } from '@llmteam/contracts';
import {
  AnnouncedTypes,
  CountedWorkers,
  create_expression_compiler,
  create_run_service,
  Definitions,
  IndexFeed,
  LargeValueJournal,
  type RunService,
  SegmentStore,
  type StepCatalog,
} from '@llmteam/kernel';
import type { Metrics, ServiceConfig } from '@llmteam/service-host';
import { Container, type ServiceIdentifier } from 'inversify';
import { configured_refs } from './configured-refs.js';
import { Gateway } from './gateway.js';
import type { GatewayOptions } from './options.js';

type Compiler = GatewayOptions['compiler'];

export interface RootOptions {
  readonly backend: Backend & { is_connected(): boolean };
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
  readonly on_failure: (error: unknown) => void;
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
  container.bind(ids.compiler).toResolvedValue(create_expression_compiler);
  container.bind(ids.journal).toResolvedValue(make_journal, [ids.options]);
  container.bind(ids.announced).toResolvedValue(make_announced, [ids.options]);
  container.bind(ids.workers).toResolvedValue(make_workers, [ids.options]);
  container.bind(ids.definitions).toResolvedValue(make_definitions, [ids.options, ids.compiler, ids.announced]);
  container.bind(ids.segments).toResolvedValue(make_segments, [ids.options, ids.definitions]);
  container.bind(ids.runs).toResolvedValue(make_runs, [ids.options, ids.journal, ids.definitions]);
  container.bind(ids.feed).toResolvedValue(make_feed, [ids.options]);
  container
    .bind(ids.gateway)
    .toResolvedValue(make_gateway, [
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

function make_journal({ backend }: RootOptions): Journal {
  return new LargeValueJournal(backend.journal, backend.blobs);
}

function make_announced({ backend, catalog, clock, log }: RootOptions): AnnouncedTypes {
  return new AnnouncedTypes({ registry: backend.registry, catalog, clock, log });
}

function make_workers({ backend, clock, log }: RootOptions): CountedWorkers {
  return new CountedWorkers({ registry: backend.registry, clock, log });
}

function make_definitions(
  { backend, catalog }: RootOptions,
  compiler: Compiler,
  announced: AnnouncedTypes,
): Definitions {
  return new Definitions(backend.blobs, catalog, compiler, (type_id, version) => announced.look_up(type_id, version));
}

function make_segments({ backend }: RootOptions, definitions: Definitions): SegmentStore {
  return new SegmentStore(backend.registry, definitions);
}

function make_runs({ index, clock }: RootOptions, journal: Journal, definitions: Definitions): RunService {
  return create_run_service({ journal, index, definitions, clock, new_id: randomUUID });
}

/** Lists need no values: those that lie beside the journal are left there. */
function make_feed({ backend, index, clock, log, on_failure }: RootOptions): IndexFeed {
  const { journal, registry } = backend;
  return new IndexFeed({ journal, registry, index, clock, log, on_failure });
}

function make_gateway(
  { backend, index, clock, log, config, catalog, metrics, version }: RootOptions,
  compiler: Compiler,
  journal: Journal,
  workers: CountedWorkers,
  definitions: Definitions,
  segments: SegmentStore,
  runs: RunService,
  feed: IndexFeed,
): Gateway {
  const { registry, signals } = backend;
  const { limits, origins } = config.file.gateway;
  return new Gateway({
    runs,
    segments,
    definitions,
    catalog,
    compiler,
    journal,
    index,
    registry,
    signals,
    clock,
    log,
    version,
    limits,
    origins,
    new_id: randomUUID,
    refs: configured_refs(config),
    live_workers: (type_id, type_version) => workers.of(type_id, type_version),
    prepare: () => feed.start(),
    is_ready: () => feed.has_caught_up && backend.is_connected(),
    process_metrics: metrics,
    follow_runs: (partition, from, signal) => backend.journal.follow(partition, from, signal, { only: 'run_level' }),
  });
}

/**
 * Purpose: DI bindings of the kernel's components, shared by the composition roots of all services.
 * A root binds its inputs and any component it already has, then loads the module. Components are created lazily.
 */
import 'reflect-metadata';
import type { Backend, Clock, Journal, KvStore, Logger, PubSub, RunIndex } from '@llmteam/contracts';
import {
  AnnouncedTypes,
  Canaries,
  type CanarySettings,
  CheckedJournal,
  type CheckingCompiler,
  CountedWorkers,
  createExpressionCompiler,
  createRunService,
  Definitions,
  IndexFeed,
  type IndexFeedOptions,
  KnownStaff,
  LargeValueJournal,
  type Outbound,
  type PluginHost,
  Resources,
  Retry,
  RunMeter,
  type RunMeterSink,
  RunRemoval,
  type RunService,
  SegmentStore,
  type StepCatalog,
  servedListings,
  VersionReporter,
  WorkerPresence,
  WorkLoop,
  type WorkLoopOptions,
} from '@llmteam/kernel';
import { ContainerModule, type MapToResolvedValueInjectOptions, type ServiceIdentifier } from 'inversify';
import type { Config } from './config.js';
import { guardedOutbound } from './outbound.js';
import { resourceConfig } from './resource-config.js';
import { noTracing, type Tracing } from './tracing/tracing.js';

export function serviceId<T>(name: string): ServiceIdentifier<T> {
  return Symbol(name);
}

/** Bound by the composition root, if the components it resolves need them. */
const inputs = {
  backend: serviceId<Backend>('backend'),
  clock: serviceId<Clock>('clock'),
  log: serviceId<Logger>('log'),
  config: serviceId<Config>('config'),
  catalog: serviceId<StepCatalog>('catalog'),
  plugins: serviceId<PluginHost>('plugins'),
  newId: serviceId<() => string>('newId'),
  /** Called once if the process cannot continue. */
  onFailure: serviceId<(error: unknown) => void>('onFailure'),
  /** How long a worker retries appends that the store refuses. */
  storePatienceMs: serviceId<number>('storePatienceMs'),
  workerSettings: serviceId<Omit<WorkLoopOptions, 'catalog' | 'retry'>>('workerSettings'),
  runMeterSink: serviceId<RunMeterSink>('runMeterSink'),
};

/** Bound by a composition root only to override the default. */
const defaults = {
  /** Default: the backend's index. */
  index: serviceId<RunIndex>('index'),
  /** The index that the feed writes to. Default: `index`. */
  fedIndex: serviceId<IndexFeedOptions['index']>('fedIndex'),
  /** Default: returns the journal unchanged. */
  decorateJournal: serviceId<(journal: Journal) => Journal>('decorateJournal'),
  /** Finds step types that the catalog does not have yet. Default: a no-op. */
  lookUpType: serviceId<AnnouncedTypes['lookUp']>('lookUpType'),
  /** The entries that runs are counted by. Default: all entries of the journal. */
  followRuns: serviceId<Journal['follow']>('followRuns'),
  /** Default: nothing is traced. */
  tracing: serviceId<Tracing>('tracing'),
  /** Default: none. */
  canarySettings: serviceId<CanarySettings>('canarySettings'),
};

/** Bound by the module. */
const parts = {
  kv: serviceId<KvStore>('kv'),
  pubSub: serviceId<PubSub>('pubSub'),
  compiler: serviceId<CheckingCompiler>('compiler'),
  /** Resolves large values. */
  journal: serviceId<Journal>('journal'),
  definitions: serviceId<Definitions>('definitions'),
  segments: serviceId<SegmentStore>('segments'),
  canaries: serviceId<Canaries>('canaries'),
  runs: serviceId<RunService>('runs'),
  removal: serviceId<RunRemoval>('removal'),
  announcedTypes: serviceId<AnnouncedTypes>('announcedTypes'),
  countedWorkers: serviceId<CountedWorkers>('countedWorkers'),
  knownStaff: serviceId<KnownStaff>('knownStaff'),
  indexFeed: serviceId<IndexFeed>('indexFeed'),
  runMeter: serviceId<RunMeter>('runMeter'),
  versionReporter: serviceId<VersionReporter>('versionReporter'),
  outbound: serviceId<Outbound>('outbound'),
  retry: serviceId<Retry>('retry'),
  resources: serviceId<Resources>('resources'),
  workLoop: serviceId<WorkLoop>('workLoop'),
  workerPresence: serviceId<WorkerPresence>('workerPresence'),
};

export const kernelIds = { ...inputs, ...defaults, ...parts };

/** Binds a component unless the root has already bound it. */
type BindPart = <T, A extends unknown[]>(
  id: ServiceIdentifier<T>,
  make: (...parts: A) => T,
  parts: MapToResolvedValueInjectOptions<A>,
) => void;

const ids = kernelIds;

export const kernelModule = new ContainerModule(({ bind, isBound }) => {
  const bindPart: BindPart = (id, make, parts) => {
    if (!isBound(id)) bind(id).toResolvedValue(make, parts).inSingletonScope();
  };
  bindDefaults(bindPart);
  bindStores(bindPart);
  bindRemoval(bindPart);
  bindWatchers(bindPart);
  bindWorker(bindPart);
});

/** Adds step types announced by workers to the catalog when a run needs them. Load it before {@link kernelModule}. */
export const announcedTypesModule = new ContainerModule(({ bind }) => {
  bind(ids.lookUpType)
    .toResolvedValue(
      (announced): AnnouncedTypes['lookUp'] =>
        (typeId, version) =>
          announced.lookUp(typeId, version),
      [ids.announcedTypes],
    )
    .inSingletonScope();
});

function bindDefaults(bindPart: BindPart): void {
  bindPart(ids.index, ({ index }) => index, [ids.backend]);
  bindPart(ids.fedIndex, (index) => index, [ids.index]);
  bindPart(ids.decorateJournal, () => (journal) => journal, []);
  bindPart(ids.canarySettings, () => ({}), []);
  bindPart(ids.tracing, () => noTracing, []);
  bindPart(ids.lookUpType, () => async () => undefined, []);
  bindPart(
    ids.followRuns,
    (journal): Journal['follow'] =>
      (...request) =>
        journal.follow(...request),
    [ids.journal],
  );
}

function bindStores(bindPart: BindPart): void {
  bindPart(ids.kv, ({ kv }) => kv, [ids.backend]);
  bindPart(ids.pubSub, ({ pubSub }) => pubSub, [ids.backend]);
  bindPart(ids.compiler, createExpressionCompiler, []);
  bindPart(
    ids.journal,
    ({ journal, blobs }, decorate) => decorate(new CheckedJournal(new LargeValueJournal(journal, blobs))),
    [ids.backend, ids.decorateJournal],
  );
  bindPart(
    ids.definitions,
    ({ blobs }, catalog, compiler, lookUp) => new Definitions(blobs, catalog, compiler, lookUp),
    [ids.backend, ids.catalog, ids.compiler, ids.lookUpType],
  );
  bindPart(ids.segments, (kv, definitions) => new SegmentStore(kv, definitions), [ids.kv, ids.definitions]);
  bindPart(
    ids.canaries,
    (settings, catalog, compiler, definitions, log) => new Canaries({ settings, catalog, compiler, definitions, log }),
    [ids.canarySettings, ids.catalog, ids.compiler, ids.definitions, ids.log],
  );
  bindPart(
    ids.runs,
    (journal, index, definitions, clock, newId, canaries, { samples, traceUrl }) =>
      createRunService({ journal, index, definitions, clock, newId, canaries, samples, traceUrl }),
    [ids.journal, ids.index, ids.definitions, ids.clock, ids.newId, ids.canaries, ids.tracing],
  );
}

function bindRemoval(bindPart: BindPart): void {
  bindPart(
    ids.removal,
    (journal, kv, index, definitions, clock) => new RunRemoval({ journal, kv, index, definitions, clock }),
    [ids.journal, ids.kv, ids.index, ids.definitions, ids.clock],
  );
}

function bindWatchers(bindPart: BindPart): void {
  bindPart(ids.announcedTypes, (kv, catalog, clock, log) => new AnnouncedTypes({ kv, catalog, clock, log }), [
    ids.kv,
    ids.catalog,
    ids.clock,
    ids.log,
  ]);
  bindPart(ids.countedWorkers, (kv, clock, log) => new CountedWorkers({ kv, clock, log }), [
    ids.kv,
    ids.clock,
    ids.log,
  ]);
  bindPart(ids.knownStaff, (kv, journal, workers, clock, log) => new KnownStaff({ kv, journal, workers, clock, log }), [
    ids.kv,
    ids.journal,
    ids.countedWorkers,
    ids.clock,
    ids.log,
  ]);
  // The lists need no large values, so the feed reads the backend's own journal.
  bindPart(
    ids.indexFeed,
    ({ journal }, kv, index, clock, log, onFailure) =>
      new IndexFeed({ journal: new CheckedJournal(journal), kv, index, clock, log, onFailure }),
    [ids.backend, ids.kv, ids.fedIndex, ids.clock, ids.log, ids.onFailure],
  );
  bindPart(
    ids.runMeter,
    (journal, index, definitions, log, followRuns, sink) =>
      new RunMeter({ journal, index, definitions, log, followRuns }, sink),
    [ids.journal, ids.index, ids.definitions, ids.log, ids.followRuns, ids.runMeterSink],
  );
  bindPart(
    ids.versionReporter,
    (kv, definitions, meter, clock, log) =>
      new VersionReporter({ kv, definitions, clock, log, liveRuns: (limit) => meter.pinned(limit) }),
    [ids.kv, ids.definitions, ids.runMeter, ids.clock, ids.log],
  );
}

function bindWorker(bindPart: BindPart): void {
  bindPart(ids.retry, (clock, log, patienceMs, onFailure) => new Retry(clock, log, patienceMs, onFailure), [
    ids.clock,
    ids.log,
    ids.storePatienceMs,
    ids.onFailure,
  ]);
  bindPart(ids.outbound, guardedOutbound, []);
  bindPart(ids.resources, (config, { providers }) => new Resources(resourceConfig(config), providers), [
    ids.config,
    ids.plugins,
  ]);
  bindPart(
    ids.workLoop,
    (backend, kv, journal, clock, log, resources, outbound, compiler, catalog, retry, settings, tracing) => {
      const { queue, pubSub, blobs } = backend;
      const tracesContent = tracing.recordsContent;
      const ports = { journal, queue, pubSub, kv, blobs, clock, log, resources, outbound, compiler, tracesContent };
      const { observer } = settings;
      const told = observer?.modelCalled === undefined ? {} : { modelCalled: observer.modelCalled.bind(observer) };
      return new WorkLoop({ ...ports, ...told }, { ...settings, catalog, retry });
    },
    [
      ids.backend,
      ids.kv,
      ids.journal,
      ids.clock,
      ids.log,
      ids.resources,
      ids.outbound,
      ids.compiler,
      ids.catalog,
      ids.retry,
      ids.workerSettings,
      ids.tracing,
    ],
  );
  bindPart(
    ids.workerPresence,
    (kv, clock, log, catalog, plugins, { workerId }, workLoop) => {
      const types = catalog.entries().map(({ metadata: { type_id, version } }) => ({ type_id, version }));
      const concurrency = Object.fromEntries(workLoop.concurrency());
      const loaded = servedListings(plugins.listings(), types);
      return new WorkerPresence({
        kv,
        clock,
        log,
        load: () => workLoop.load(),
        worker: { worker_id: workerId, types, started_at: clock.now(), concurrency, plugins: loaded },
      });
    },
    [ids.kv, ids.clock, ids.log, ids.catalog, ids.plugins, ids.workerSettings, ids.workLoop],
  );
}

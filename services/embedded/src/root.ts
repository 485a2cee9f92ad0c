/** The composition root of the embedded runtime, the only place that resolves from the container. */
import 'reflect-metadata';
import type { Backend, Clock, Journal, Logger } from '@llmteam/contracts';
import {
  type Definitions,
  IndexWaits,
  type Outbound,
  openPartitionLoop,
  type PartitionLoop,
  type PluginHost,
  type RunningAttempts,
  type RunRemoval,
  type RunService,
  type SegmentStore,
  type StepCatalog,
  type WorkLoop,
  type WorkObserver,
} from '@llmteam/kernel';
import { type Config, kernelIds, kernelModule, serviceId, type Tracing } from '@llmteam/service-host';
import { Container } from 'inversify';

export interface RootOptions {
  readonly backend: Backend;
  readonly clock: Clock;
  readonly log: Logger;
  readonly eventLog: Logger | undefined;
  readonly config: Config;
  readonly catalog: StepCatalog;
  readonly plugins: PluginHost;
  readonly running: RunningAttempts;
  readonly tracing: Tracing;
  readonly newId: () => string;
  /** Wraps the backend's journal, for benchmarks and fault injection. */
  readonly decorateJournal?: (journal: Journal) => Journal;
  /** Default: guarded. */
  readonly outbound?: Outbound;
  /** Told of what the worker does. */
  readonly observer?: WorkObserver;
  /** Told how long after its time a timer fires. */
  readonly timerFired?: (lateMs: number) => void;
  readonly storePatienceMs: number;
  readonly onFailure: (error: unknown) => void;
}

export interface Root {
  readonly definitions: Definitions;
  readonly segments: SegmentStore;
  readonly journal: Journal;
  readonly runs: RunService;
  readonly removal: RunRemoval;
  /** One per partition. */
  readonly loops: readonly PartitionLoop[];
  readonly worker: WorkLoop;
}

const loopsId = serviceId<readonly PartitionLoop[]>('loops');

export function compose(options: RootOptions): Root {
  const { backend, clock, log, storePatienceMs, onFailure } = options;
  const container = new Container({ defaultScope: 'Singleton' });
  container.bind(kernelIds.backend).toConstantValue(backend);
  container.bind(kernelIds.clock).toConstantValue(clock);
  container.bind(kernelIds.log).toConstantValue(log);
  container.bind(kernelIds.config).toConstantValue(options.config);
  container.bind(kernelIds.catalog).toConstantValue(options.catalog);
  container.bind(kernelIds.plugins).toConstantValue(options.plugins);
  container.bind(kernelIds.newId).toConstantValue(options.newId);
  container.bind(kernelIds.storePatienceMs).toConstantValue(storePatienceMs);
  container.bind(kernelIds.onFailure).toConstantValue(onFailure);
  container.bind(kernelIds.tracing).toConstantValue(options.tracing);
  container.bind(kernelIds.canarySettings).toConstantValue(options.config.file.canary ?? {});
  const maxDeliveries = options.config.file.worker?.max_deliveries;
  container.bind(kernelIds.workerSettings).toConstantValue({
    workerId: `embedded-${process.pid}`,
    running: options.running,
    ...(options.observer !== undefined && { observer: options.observer }),
    ...(maxDeliveries !== undefined && { maxDeliveries }),
  });
  if (options.decorateJournal !== undefined) {
    container.bind(kernelIds.decorateJournal).toConstantValue(options.decorateJournal);
  }
  if (options.outbound !== undefined) container.bind(kernelIds.outbound).toConstantValue(options.outbound);
  container.load(kernelModule);
  container.bind(loopsId).toResolvedValue(
    (journal, definitions, segments) => {
      const { queue, pubSub, kv, index: lists } = backend;
      const ports = { journal, queue, pubSub, kv, lists, definitions, segments, clock, log };
      const { tracing, timerFired, eventLog } = options;
      const parts = { storePatienceMs, onFailure, spanExport: tracing.spanExport, timerFired, eventLog };
      return Array.from({ length: journal.partitions }, (_, partition) =>
        openPartitionLoop({
          ...ports,
          ...parts,
          partition,
          waitNotes: new IndexWaits(backend.index, journal, partition),
        }),
      );
    },
    [kernelIds.journal, kernelIds.definitions, kernelIds.segments],
  );
  return {
    definitions: container.get(kernelIds.definitions),
    segments: container.get(kernelIds.segments),
    journal: container.get(kernelIds.journal),
    runs: container.get(kernelIds.runs),
    removal: container.get(kernelIds.removal),
    loops: container.get(loopsId),
    worker: container.get(kernelIds.workLoop),
  };
}

/** The parts that read the histories of a store, without running anything. */
export function composeHistory(backend: Backend, catalog: StepCatalog): Pick<Root, 'journal' | 'definitions'> {
  const container = new Container({ defaultScope: 'Singleton' });
  container.bind(kernelIds.backend).toConstantValue(backend);
  container.bind(kernelIds.catalog).toConstantValue(catalog);
  container.load(kernelModule);
  return { journal: container.get(kernelIds.journal), definitions: container.get(kernelIds.definitions) };
}

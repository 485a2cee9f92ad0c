/** The composition root of the coordinator, the only place that resolves from the container. */
import 'reflect-metadata';
import { type Backend, type Clock, type Journal, LlmteamError, type Logger, type Retention } from '@llmteam/contracts';
import type { AnnouncedTypes, Definitions, SegmentStore, StepCatalog } from '@llmteam/kernel';
import {
  announcedTypesModule,
  kernelIds,
  kernelModule,
  type ServiceConfig,
  serviceId,
  type Tracing,
} from '@llmteam/service-host';
import { Container } from 'inversify';
import { OwnedLoops } from './owned-loops.js';
import { PartitionOwnership } from './partition-ownership.js';
import { RetentionSweeps } from './retention-sweeps.js';

export interface RootOptions {
  readonly coordinator_id: string;
  readonly backend: Backend;
  readonly clock: Clock;
  readonly log: Logger;
  readonly config: ServiceConfig;
  /** Control types only; task types are announced by workers. */
  readonly catalog: StepCatalog;
  readonly tracing: Tracing;
  /** Told how long after its time a timer fires. */
  readonly timerFired: (lateMs: number) => void;
}

export interface Root {
  readonly announced: AnnouncedTypes;
  readonly loops: OwnedLoops;
  readonly ownership: PartitionOwnership;
  readonly retention: RetentionSweeps;
}

const ids = {
  loops: serviceId<OwnedLoops>('loops'),
  ownership: serviceId<PartitionOwnership>('ownership'),
  retention: serviceId<RetentionSweeps>('retention'),
};

export function compose(options: RootOptions): Root {
  const container = new Container({ defaultScope: 'Singleton' });
  container.bind(kernelIds.backend).toConstantValue(options.backend);
  container.bind(kernelIds.clock).toConstantValue(options.clock);
  container.bind(kernelIds.log).toConstantValue(options.log);
  container.bind(kernelIds.catalog).toConstantValue(options.catalog);
  container.load(announcedTypesModule, kernelModule);
  container
    .bind(ids.loops)
    .toResolvedValue(
      (journal, definitions, segments) => makeLoops(options, journal, definitions, segments),
      [kernelIds.journal, kernelIds.definitions, kernelIds.segments],
    );
  container.bind(ids.ownership).toResolvedValue((loops) => makeOwnership(options, loops), [ids.loops]);
  container.bind(ids.retention).toResolvedValue((ownership) => makeRetention(options, ownership), [ids.ownership]);
  return {
    announced: container.get(kernelIds.announcedTypes),
    loops: container.get(ids.loops),
    ownership: container.get(ids.ownership),
    retention: container.get(ids.retention),
  };
}

function makeLoops(
  { backend, clock, log, config, tracing, timerFired }: RootOptions,
  journal: Journal,
  definitions: Definitions,
  segments: SegmentStore,
): OwnedLoops {
  const { max_resident_runs } = config.file.coordinator;
  const { queue, pubSub, kv } = backend;
  return new OwnedLoops({
    ports: { journal, queue, pubSub, kv },
    definitions,
    segments,
    clock,
    log,
    spanExport: tracing.spanExport,
    timerFired,
    maxResidentRuns: max_resident_runs,
    // Purged jobs go unnoticed while the queue stays, so jobs that nobody works on for two leases are republished.
    redispatchAfterMs: 2 * queue.leaseMs,
  });
}

function makeOwnership(options: RootOptions, loops: OwnedLoops): PartitionOwnership {
  const { backend, clock, log, config, coordinator_id } = options;
  return new PartitionOwnership({
    kv: backend.kv,
    clock,
    log,
    memberId: coordinator_id,
    partitions: backend.journal.partitions,
    leaseMs: config.file.coordinator.lease_seconds * 1_000,
    open: (context) => loops.open(context),
  });
}

function makeRetention({ backend, clock, log, config }: RootOptions, ownership: PartitionOwnership): RetentionSweeps {
  const { retention } = config.file;
  const { partitions } = backend.journal;
  return new RetentionSweeps({
    sweeper: sweeperOf(backend, retention),
    kv: backend.kv,
    retention,
    partitions,
    owned: () => ownership.owned(),
    clock,
    log,
  });
}

/** A limit that nobody enforces is refused. @throws LlmteamError `CONFIG_INVALID` */
function sweeperOf(
  { retention: sweeper }: Backend,
  { max_age_hours, max_runs }: ServiceConfig['file']['retention'],
): Retention | null {
  if (sweeper !== undefined) return sweeper;
  if (max_age_hours === undefined && max_runs === undefined) return null;
  throw new LlmteamError('CONFIG_INVALID', "'retention' limits which runs are kept, but the backend cannot remove any");
}

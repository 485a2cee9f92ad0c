/** The composition root of the coordinator, the only place that resolves from the container. */
import 'reflect-metadata';
import type { Backend, Clock, Journal, Logger } from '@llmteam/contracts';
import type { AnnouncedTypes, Definitions, SegmentStore, StepCatalog } from '@llmteam/kernel';
import { announcedTypesModule, kernelIds, kernelModule, type ServiceConfig, serviceId } from '@llmteam/service-host';
import { Container } from 'inversify';
import { OwnedLoops } from './owned-loops.js';
import { PartitionOwnership } from './partition-ownership.js';
import { RetentionSweeps, type Sweeper } from './retention-sweeps.js';

export interface RootOptions {
  readonly coordinator_id: string;
  readonly backend: Backend & { readonly retention: Sweeper };
  readonly clock: Clock;
  readonly log: Logger;
  readonly config: ServiceConfig;
  /** Control types only; task types are announced by workers. */
  readonly catalog: StepCatalog;
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
  { backend, clock, log, config }: RootOptions,
  journal: Journal,
  definitions: Definitions,
  segments: SegmentStore,
): OwnedLoops {
  const { coordinator, nats } = config.file;
  const { max_resident_runs } = coordinator;
  // Purged jobs go unnoticed while the queue stays, so jobs that nobody works on for two leases are republished.
  const redispatchAfterMs = 2 * nats.job_lease_seconds * 1_000;
  const { queue, pubSub, kv } = backend;
  return new OwnedLoops({
    ports: { journal, queue, pubSub, kv },
    definitions,
    segments,
    clock,
    log,
    maxResidentRuns: max_resident_runs,
    redispatchAfterMs,
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
    sweeper: backend.retention,
    kv: backend.kv,
    retention,
    partitions,
    owned: () => ownership.owned(),
    clock,
    log,
  });
}

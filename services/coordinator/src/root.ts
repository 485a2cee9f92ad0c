/**
 * Purpose: the composition root of the coordinator. The DI container does not leave this file.
 */
import 'reflect-metadata';
import type { Backend, Clock, Logger } from '@llmteam/contracts';
import {
  AnnouncedTypes,
  createExpressionCompiler,
  Definitions,
  type ExpressionCompiler,
  LargeValueJournal,
  SegmentStore,
  type StepCatalog,
} from '@llmteam/kernel';
import type { ServiceConfig } from '@llmteam/service-host';
import { Container, type ServiceIdentifier } from 'inversify';
import type { PartitionPorts } from './fenced-ports.js';
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

const id = <T>(name: string): ServiceIdentifier<T> => Symbol(name);
const ids = {
  options: id<RootOptions>('options'),
  compiler: id<ExpressionCompiler>('compiler'),
  ports: id<PartitionPorts>('ports'),
  announced: id<AnnouncedTypes>('announced'),
  definitions: id<Definitions>('definitions'),
  segments: id<SegmentStore>('segments'),
  loops: id<OwnedLoops>('loops'),
  ownership: id<PartitionOwnership>('ownership'),
  retention: id<RetentionSweeps>('retention'),
  root: id<Root>('root'),
};

export function compose(options: RootOptions): Root {
  const container = new Container({ defaultScope: 'Singleton' });
  container.bind(ids.options).toConstantValue(options);
  container.bind(ids.compiler).toResolvedValue(createExpressionCompiler);
  container.bind(ids.ports).toResolvedValue(makePorts, [ids.options]);
  container.bind(ids.announced).toResolvedValue(makeAnnounced, [ids.options]);
  container.bind(ids.definitions).toResolvedValue(makeDefinitions, [ids.options, ids.compiler, ids.announced]);
  container.bind(ids.segments).toResolvedValue(makeSegments, [ids.options, ids.definitions]);
  container.bind(ids.loops).toResolvedValue(makeLoops, [ids.options, ids.ports, ids.definitions, ids.segments]);
  container.bind(ids.ownership).toResolvedValue(makeOwnership, [ids.options, ids.loops]);
  container.bind(ids.retention).toResolvedValue(makeRetention, [ids.options, ids.ownership]);
  container
    .bind(ids.root)
    .toResolvedValue(
      (announced, loops, ownership, retention): Root => ({ announced, loops, ownership, retention }),
      [ids.announced, ids.loops, ids.ownership, ids.retention],
    );
  return container.get(ids.root);
}

function makePorts({ backend }: RootOptions): PartitionPorts {
  const { queue, pubSub, kv } = backend;
  return { journal: new LargeValueJournal(backend.journal, backend.blobs), queue, pubSub, kv };
}

function makeAnnounced({ backend, catalog, clock, log }: RootOptions): AnnouncedTypes {
  return new AnnouncedTypes({ kv: backend.kv, catalog, clock, log });
}

function makeDefinitions(
  { backend, catalog }: RootOptions,
  compiler: ExpressionCompiler,
  announced: AnnouncedTypes,
): Definitions {
  return new Definitions(backend.blobs, catalog, compiler, (typeId, version) => announced.lookUp(typeId, version));
}

function makeSegments({ backend }: RootOptions, definitions: Definitions): SegmentStore {
  return new SegmentStore(backend.kv, definitions);
}

function makeLoops(
  { clock, log, config }: RootOptions,
  ports: PartitionPorts,
  definitions: Definitions,
  segments: SegmentStore,
): OwnedLoops {
  const { coordinator, nats } = config.file;
  const { max_resident_runs } = coordinator;
  // Purged jobs go unnoticed while the queue stays, so jobs that nobody works on for two leases are republished.
  const redispatchAfterMs = 2 * nats.job_lease_seconds * 1_000;
  return new OwnedLoops({
    ports,
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

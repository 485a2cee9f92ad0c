/**
 * Purpose: the composition root of the coordinator: what is made from what. The container does not leave this file.
 */
import 'reflect-metadata';
import type { Backend, Clock, Logger } from '@llmteam/contracts';
import {
  AnnouncedTypes,
  create_expression_compiler,
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
  /** Control types; task types come from what workers announce. */
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
  container.bind(ids.compiler).toResolvedValue(create_expression_compiler);
  container.bind(ids.ports).toResolvedValue(make_ports, [ids.options]);
  container.bind(ids.announced).toResolvedValue(make_announced, [ids.options]);
  container.bind(ids.definitions).toResolvedValue(make_definitions, [ids.options, ids.compiler, ids.announced]);
  container.bind(ids.segments).toResolvedValue(make_segments, [ids.options, ids.definitions]);
  container.bind(ids.loops).toResolvedValue(make_loops, [ids.options, ids.ports, ids.definitions, ids.segments]);
  container.bind(ids.ownership).toResolvedValue(make_ownership, [ids.options, ids.loops]);
  container.bind(ids.retention).toResolvedValue(make_retention, [ids.options, ids.ownership]);
  container
    .bind(ids.root)
    .toResolvedValue(
      (announced, loops, ownership, retention): Root => ({ announced, loops, ownership, retention }),
      [ids.announced, ids.loops, ids.ownership, ids.retention],
    );
  return container.get(ids.root);
}

function make_ports({ backend }: RootOptions): PartitionPorts {
  const { queue, signals, registry } = backend;
  return { journal: new LargeValueJournal(backend.journal, backend.blobs), queue, signals, registry };
}

function make_announced({ backend, catalog, clock, log }: RootOptions): AnnouncedTypes {
  return new AnnouncedTypes({ registry: backend.registry, catalog, clock, log });
}

function make_definitions(
  { backend, catalog }: RootOptions,
  compiler: ExpressionCompiler,
  announced: AnnouncedTypes,
): Definitions {
  return new Definitions(backend.blobs, catalog, compiler, (type_id, version) => announced.look_up(type_id, version));
}

function make_segments({ backend }: RootOptions, definitions: Definitions): SegmentStore {
  return new SegmentStore(backend.registry, definitions);
}

function make_loops(
  { clock, log, config }: RootOptions,
  ports: PartitionPorts,
  definitions: Definitions,
  segments: SegmentStore,
): OwnedLoops {
  const { coordinator, nats } = config.file;
  const { max_resident_runs } = coordinator;
  // Nothing says so when the jobs of a queue are gone, and the queue stays: what nobody is at for two leases is published again.
  const redispatch_after_ms = 2 * nats.job_lease_seconds * 1_000;
  return new OwnedLoops({ ports, definitions, segments, clock, log, max_resident_runs, redispatch_after_ms });
}

function make_ownership(options: RootOptions, loops: OwnedLoops): PartitionOwnership {
  const { backend, clock, log, config, coordinator_id } = options;
  return new PartitionOwnership({
    registry: backend.registry,
    clock,
    log,
    member_id: coordinator_id,
    partitions: backend.journal.partitions,
    lease_ms: config.file.coordinator.lease_seconds * 1_000,
    open: (context) => loops.open(context),
  });
}

function make_retention({ backend, clock, log, config }: RootOptions, ownership: PartitionOwnership): RetentionSweeps {
  const { retention } = config.file;
  const { partitions } = backend.journal;
  return new RetentionSweeps({
    sweeper: backend.retention,
    registry: backend.registry,
    retention,
    partitions,
    owned: () => ownership.owned(),
    clock,
    log,
  });
}

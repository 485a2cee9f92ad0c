/** The composition root of the gateway, the only place that resolves from the container. */
import 'reflect-metadata';
import { randomUUID } from 'node:crypto';
import type { Backend, Clock, Logger, RunIndex } from '@llmteam/contracts';
import {
  type AnnouncedTypes,
  CheckedJournal,
  type CountedWorkers,
  type IndexFeed,
  type IndexFeedOptions,
  installationSurroundings,
  type KnownStaff,
  type StepCatalog,
  type VersionReporter,
} from '@llmteam/kernel';
import {
  AllowedHosts,
  announcedTypesModule,
  kernelIds,
  kernelModule,
  type Metrics,
  revealed,
  type ServiceConfig,
  type Tracing,
} from '@llmteam/service-host';
import { Container } from 'inversify';
import { AuditSeals } from './audit/audit-seals.js';
import { auditSeals } from './audit-config.js';
import { configuredRefs } from './configured-refs.js';
import type { Gateway } from './gateway.js';
import { gatewayIds, gatewayModule } from './gateway-module.js';
import type { KeyStore } from './keys/key-store.js';
import { defaultLimits } from './limits/gateway-limits.js';
import type { GatewayOptions } from './options.js';

export interface RootOptions {
  readonly backend: Backend;
  /** The run index of this gateway. */
  readonly index: RunIndex;
  readonly clock: Clock;
  readonly log: Logger;
  readonly config: ServiceConfig;
  /** Control types; task types are announced by workers. */
  readonly catalog: StepCatalog;
  /** The metrics of the process. */
  readonly metrics: Metrics;
  readonly version: string;
  readonly tracing: Tracing;
  /** Called once if the run index can no longer be kept up to date. */
  readonly onFailure: (error: unknown) => void;
}

export interface Root {
  readonly gateway: Gateway;
  readonly feed: IndexFeed;
  readonly announced: AnnouncedTypes;
  readonly workers: CountedWorkers;
  readonly staff: KnownStaff;
  readonly reporter: VersionReporter;
}

/** A gateway as a service on NATS. */
export function compose(options: RootOptions): Root {
  const { backend, config } = options;
  const container = new Container({ defaultScope: 'Singleton' });
  container.bind(kernelIds.backend).toConstantValue(backend);
  container.bind(kernelIds.index).toConstantValue(options.index);
  container.bind(kernelIds.clock).toConstantValue(options.clock);
  container.bind(kernelIds.log).toConstantValue(options.log);
  container.bind(kernelIds.catalog).toConstantValue(options.catalog);
  container.bind(kernelIds.newId).toConstantValue(randomUUID);
  container.bind(kernelIds.onFailure).toConstantValue(options.onFailure);
  container.bind(kernelIds.tracing).toConstantValue(options.tracing);
  container.bind(kernelIds.canarySettings).toConstantValue(config.file.canary ?? {});
  // Attempts of steps are counted by the workers.
  const journal = new CheckedJournal(backend.journal);
  container
    .bind(kernelIds.followRuns)
    .toConstantValue((partition, from, signal) => journal.follow(partition, from, signal, { only: 'run_level' }));
  container.bind(gatewayIds.version).toConstantValue(options.version);
  container.bind(gatewayIds.limits).toConstantValue({ ...defaultLimits, ...config.file.gateway.limits });
  container.bind(gatewayIds.origins).toConstantValue(config.file.gateway.origins);
  container.bind(gatewayIds.hosts).toConstantValue(new AllowedHosts(config.file.gateway.hosts));
  container.bind(gatewayIds.metricsToken).toConstantValue(revealed(config.file.gateway.metrics.token, config));
  container.bind(gatewayIds.refs).toConstantValue(configuredRefs(config));
  container.bind(gatewayIds.auditSeals).toConstantValue(auditSeals(config));
  container.bind(gatewayIds.processMetrics).toConstantValue(options.metrics);
  container
    .bind(gatewayIds.liveWorkers)
    .toResolvedValue(
      (workers: CountedWorkers) => (typeId: string, version: string) => workers.of(typeId, version),
      [kernelIds.countedWorkers],
    );
  container
    .bind(gatewayIds.loadedPlugins)
    .toResolvedValue((workers: CountedWorkers) => () => workers.plugins(), [kernelIds.countedWorkers]);
  container
    .bind(gatewayIds.surroundings)
    .toConstantValue((run) => installationSurroundings({ kv: backend.kv, journal: backend.journal }, run));
  container.bind(gatewayIds.staff).toResolvedValue((known: KnownStaff) => () => known.now(), [kernelIds.knownStaff]);
  container.bind(gatewayIds.prepare).toResolvedValue((feed) => () => feed.start(), [kernelIds.indexFeed]);
  container
    .bind(gatewayIds.backendNotReady)
    .toResolvedValue((feed) => () => backendNotReady(feed, backend), [kernelIds.indexFeed]);
  container.load(announcedTypesModule, kernelModule, gatewayModule);
  return {
    gateway: container.get(gatewayIds.gateway),
    feed: container.get(kernelIds.indexFeed),
    announced: container.get(kernelIds.announcedTypes),
    workers: container.get(kernelIds.countedWorkers),
    staff: container.get(kernelIds.knownStaff),
    reporter: container.get(kernelIds.versionReporter),
  };
}

function backendNotReady(feed: IndexFeed, backend: Backend): string[] {
  return [
    ...(backend.isConnected() ? [] : ['it is not connected to the message server']),
    ...(feed.hasCaughtUp ? [] : ['its lists have not caught up']),
  ];
}

export interface EmbeddedGateway {
  readonly gateway: Gateway;
  readonly keyStore: KeyStore;
}

/** A gateway in the process of a runtime, whose parts it shares. */
export function composeEmbedded(options: GatewayOptions): EmbeddedGateway {
  const container = new Container({ defaultScope: 'Singleton' });
  container.bind(kernelIds.runs).toConstantValue(options.runs);
  container.bind(kernelIds.segments).toConstantValue(options.segments);
  container.bind(kernelIds.definitions).toConstantValue(options.definitions);
  container.bind(kernelIds.catalog).toConstantValue(options.catalog);
  container.bind(kernelIds.journal).toConstantValue(options.journal);
  container.bind(kernelIds.index).toConstantValue(options.index);
  container.bind(kernelIds.kv).toConstantValue(options.kv);
  container.bind(kernelIds.pubSub).toConstantValue(options.pubSub);
  container.bind(kernelIds.clock).toConstantValue(options.clock);
  container.bind(kernelIds.log).toConstantValue(options.log);
  container.bind(kernelIds.newId).toConstantValue(options.newId);
  container.bind(gatewayIds.version).toConstantValue(options.version);
  container.bind(gatewayIds.limits).toConstantValue({ ...defaultLimits, ...options.limits });
  container.bind(gatewayIds.origins).toConstantValue(options.origins ?? []);
  container.bind(gatewayIds.hosts).toConstantValue(new AllowedHosts(options.hosts ?? []));
  container.bind(gatewayIds.metricsToken).toConstantValue(options.metricsToken ?? null);
  container.bind(gatewayIds.refs).toConstantValue(options.refs);
  container.bind(gatewayIds.auditSeals).toConstantValue(options.auditSeals ?? new AuditSeals());
  container.bind(gatewayIds.processMetrics).toConstantValue(options.processMetrics);
  container.bind(gatewayIds.liveWorkers).toConstantValue(options.liveWorkers);
  container.bind(gatewayIds.loadedPlugins).toConstantValue(options.loadedPlugins);
  container.bind(gatewayIds.surroundings).toConstantValue(async () => options.surroundings);
  container.bind(gatewayIds.staff).toConstantValue(() => options.staff);
  container.bind(gatewayIds.prepare).toConstantValue(async () => undefined);
  container.bind(gatewayIds.backendNotReady).toConstantValue(options.notReady);
  container.load(kernelModule, gatewayModule);
  return { gateway: container.get(gatewayIds.gateway), keyStore: container.get(gatewayIds.keyStore) };
}

export interface IndexFeedRootOptions extends Pick<RootOptions, 'backend' | 'clock' | 'log' | 'onFailure'> {
  readonly index: IndexFeedOptions['index'];
}

/** The feed of a run index without a gateway, to rebuild the index. */
export function composeIndexFeed({ backend, index, clock, log, onFailure }: IndexFeedRootOptions): IndexFeed {
  const container = new Container({ defaultScope: 'Singleton' });
  container.bind(kernelIds.backend).toConstantValue(backend);
  container.bind(kernelIds.fedIndex).toConstantValue(index);
  container.bind(kernelIds.clock).toConstantValue(clock);
  container.bind(kernelIds.log).toConstantValue(log);
  container.bind(kernelIds.onFailure).toConstantValue(onFailure);
  container.load(kernelModule);
  return container.get(kernelIds.indexFeed);
}

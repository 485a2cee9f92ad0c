/** Binds the gateway's parts; the kernel's come from `kernelModule`. */
import { type AllowedHosts, kernelIds, type Metrics, serviceId } from '@llmteam/service-host';
import { ContainerModule, type ContainerModuleLoadOptions } from 'inversify';
import { AuditLog } from './audit/audit-log.js';
import type { AuditSeals } from './audit/audit-seals.js';
import { Followers } from './following/followers.js';
import { RemovedStreams } from './following/removed-streams.js';
import { Streams } from './following/streams.js';
import { Gateway } from './gateway.js';
import { makeApp } from './http/app.js';
import type { HttpDeps } from './http/http-deps.js';
import { HttpListener } from './http/listener.js';
import { Sockets } from './http/sockets.js';
import { KeyRing } from './keys/key-ring.js';
import { KeyStore } from './keys/key-store.js';
import type { GatewayLimits } from './limits/gateway-limits.js';
import { TenantLimits } from './limits/tenant-limits.js';
import { UnreadResponses } from './limits/unread-responses.js';
import { GatewayMetrics } from './metrics/gateway-metrics.js';
import { MetricsPage } from './metrics/metrics-page.js';
import { OldestRuns } from './metrics/oldest-runs.js';
import { OpenTasks } from './metrics/open-tasks.js';
import { ServedDocument } from './openapi/served-document.js';
import type { RouteServices } from './routes/route-services.js';
import { routes } from './routes/table.js';
import { AuditTrail } from './use-cases/audit-trail.js';
import { CatalogQueries, type LiveWorkerCount } from './use-cases/catalog-queries.js';
import { HumanTasks } from './use-cases/human-tasks.js';
import { type LoadedPlugins, PluginQueries } from './use-cases/plugin-queries.js';
import { type NotReady, Readiness } from './use-cases/readiness.js';
import { RunControl } from './use-cases/run-control.js';
import { RunQueries, type StaffNow, type SurroundingsOf } from './use-cases/run-queries.js';
import { RunStarts } from './use-cases/run-starts.js';
import { TenantKeys } from './use-cases/tenant-keys.js';
import { type RefsOfTenant, TenantSegments } from './use-cases/tenant-segments.js';

/** Bound by the composition root. */
const inputs = {
  version: serviceId<string>('version'),
  limits: serviceId<GatewayLimits>('limits'),
  origins: serviceId<readonly string[]>('origins'),
  hosts: serviceId<AllowedHosts>('hosts'),
  metricsToken: serviceId<string | null>('metricsToken'),
  refs: serviceId<RefsOfTenant>('refs'),
  auditSeals: serviceId<AuditSeals>('auditSeals'),
  liveWorkers: serviceId<LiveWorkerCount>('liveWorkers'),
  loadedPlugins: serviceId<LoadedPlugins>('loadedPlugins'),
  surroundings: serviceId<SurroundingsOf>('surroundings'),
  staff: serviceId<StaffNow>('staff'),
  processMetrics: serviceId<Metrics>('processMetrics'),
  backendNotReady: serviceId<NotReady>('backendNotReady'),
  prepare: serviceId<() => Promise<void>>('prepare'),
};

/** Bound by the module. */
const parts = {
  keyRing: serviceId<KeyRing>('keyRing'),
  keyStore: serviceId<KeyStore>('keyStore'),
  audit: serviceId<AuditLog>('audit'),
  metrics: serviceId<GatewayMetrics>('metrics'),
  metricsPage: serviceId<MetricsPage>('metricsPage'),
  tenants: serviceId<TenantLimits>('tenants'),
  unread: serviceId<UnreadResponses>('unread'),
  followers: serviceId<Followers>('followers'),
  removedStreams: serviceId<RemovedStreams>('removedStreams'),
  streams: serviceId<Streams>('streams'),
  readiness: serviceId<Readiness>('readiness'),
  catalog: serviceId<CatalogQueries>('catalogQueries'),
  plugins: serviceId<PluginQueries>('pluginQueries'),
  segments: serviceId<TenantSegments>('tenantSegments'),
  runStarts: serviceId<RunStarts>('runStarts'),
  runQueries: serviceId<RunQueries>('runQueries'),
  runControl: serviceId<RunControl>('runControl'),
  tasks: serviceId<HumanTasks>('tasks'),
  keys: serviceId<TenantKeys>('tenantKeys'),
  auditTrail: serviceId<AuditTrail>('auditTrail'),
  document: serviceId<ServedDocument>('document'),
  routeServices: serviceId<RouteServices>('routeServices'),
  httpDeps: serviceId<HttpDeps>('httpDeps'),
  sockets: serviceId<Sockets>('sockets'),
  listener: serviceId<HttpListener>('listener'),
  gateway: serviceId<Gateway>('gateway'),
};

export const gatewayIds = { ...inputs, ...parts };

const kernel = kernelIds;
const ids = gatewayIds;
type Bind = ContainerModuleLoadOptions['bind'];

export const gatewayModule = new ContainerModule(({ bind }) => {
  bindKeys(bind);
  bindMetrics(bind);
  bindFollowing(bind);
  bindUseCases(bind);
  bindRoutes(bind);
  bindHttp(bind);
});

function bindKeys(bind: Bind): void {
  bind(ids.keyRing).toResolvedValue(
    (kv, clock, log) => new KeyRing(kv, clock, log),
    [kernel.kv, kernel.clock, kernel.log],
  );
  bind(ids.keyStore).toResolvedValue((kv, clock) => new KeyStore(kv, clock), [kernel.kv, kernel.clock]);
  bind(ids.audit).toResolvedValue((kv, seals) => new AuditLog(kv, seals), [kernel.kv, ids.auditSeals]);
}

function bindMetrics(bind: Bind): void {
  bind(ids.metrics).toResolvedValue((metrics) => new GatewayMetrics(metrics), [ids.processMetrics]);
  bind(kernel.runMeterSink).toService(ids.metrics);
  bind(ids.metricsPage).toResolvedValue(
    (metrics, token, meter, streams, index, clock) =>
      new MetricsPage(metrics, token, {
        activeRuns: () => meter.activeByTenant(),
        oldestRuns: new OldestRuns(meter, clock),
        tasks: new OpenTasks(index, () => meter.activeByTenant(), clock),
        openStreams: () => streams.open,
        unreadBytes: () => streams.unreadBytes,
      }),
    [ids.processMetrics, ids.metricsToken, kernel.runMeter, ids.streams, kernel.index, kernel.clock],
  );
}

function bindFollowing(bind: Bind): void {
  bind(ids.tenants).toResolvedValue(
    (limits, meter) => new TenantLimits(limits, (tenantId) => meter.active(tenantId)),
    [ids.limits, kernel.runMeter],
  );
  bind(ids.unread).toResolvedValue((limits) => new UnreadResponses(limits.unread_response_bytes), [ids.limits]);
  bind(ids.followers).toResolvedValue(
    (journal, definitions, pubSub, log) => new Followers({ journal, definitions, pubSub, log }),
    [kernel.journal, kernel.definitions, kernel.pubSub, kernel.log],
  );
  bind(ids.removedStreams).toResolvedValue(
    (kv, followers, clock, log) => new RemovedStreams({ kv, followers, clock, log }),
    [kernel.kv, ids.followers, kernel.clock, kernel.log],
  );
  bind(ids.streams).toResolvedValue(
    (followers, keys, tenants, metrics, limits, clock) =>
      new Streams({ followers, keys, tenants, metrics, limits, clock }),
    [ids.followers, ids.keyRing, ids.tenants, ids.metrics, ids.limits, kernel.clock],
  );
}

function bindUseCases(bind: Bind): void {
  bind(ids.readiness).toResolvedValue(
    (keys, backend) => new Readiness(keys, backend),
    [ids.keyRing, ids.backendNotReady],
  );
  bind(ids.catalog).toResolvedValue(
    (catalog, liveWorkers) => new CatalogQueries(catalog, liveWorkers),
    [kernel.catalog, ids.liveWorkers],
  );
  bind(ids.plugins).toResolvedValue(
    (segments, definitions, meter, loaded, catalog) =>
      new PluginQueries({ segments, definitions, liveRuns: (limit) => meter.pinned(limit) }, loaded, catalog),
    [kernel.segments, kernel.definitions, kernel.runMeter, ids.loadedPlugins, kernel.catalog],
  );
  bind(ids.segments).toResolvedValue(
    (segments, definitions, catalog, compiler, refs, clock, tenants) =>
      new TenantSegments({ segments, definitions, catalog, compiler, refs, clock, tenants }),
    [kernel.segments, kernel.definitions, kernel.catalog, kernel.compiler, ids.refs, kernel.clock, ids.tenants],
  );
  bind(ids.runStarts).toResolvedValue(
    (runs, removal, segments, definitions, tenants, newId) =>
      new RunStarts({ runs, removal, segments, definitions, tenants, newId }),
    [kernel.runs, kernel.removal, kernel.segments, kernel.definitions, ids.tenants, kernel.newId],
  );
  bind(ids.runQueries).toResolvedValue(
    (runs, surroundings, staff, followers, tenants, limits) =>
      new RunQueries({ runs, surroundings, staff, followers, tenants, limits }),
    [kernel.runs, ids.surroundings, ids.staff, ids.followers, ids.tenants, ids.limits],
  );
  bind(ids.runControl).toResolvedValue((runs) => new RunControl(runs), [kernel.runs]);
  bind(ids.tasks).toResolvedValue((runs) => new HumanTasks(runs), [kernel.runs]);
  bind(ids.keys).toResolvedValue((keyStore) => new TenantKeys(keyStore), [ids.keyStore]);
  bind(ids.auditTrail).toResolvedValue((kv) => new AuditTrail(kv), [kernel.kv]);
}

function bindRoutes(bind: Bind): void {
  bind(ids.document).toResolvedValue(
    (version, catalog) => new ServedDocument(routes, version, catalog),
    [ids.version, kernel.catalog],
  );
  bind(ids.routeServices).toResolvedValue(
    (
      segments,
      catalog,
      plugins,
      runStarts,
      runQueries,
      runControl,
      runRemoval,
      tasks,
      keys,
      auditTrail,
      streams,
      readiness,
      metrics,
      origins,
      version,
      document,
    ): RouteServices => ({
      segments,
      catalog,
      plugins,
      runStarts,
      runQueries,
      runControl,
      runRemoval,
      tasks,
      keys,
      auditTrail,
      streams,
      readiness,
      metrics,
      origins,
      version,
      document,
    }),
    [
      ids.segments,
      ids.catalog,
      ids.plugins,
      ids.runStarts,
      ids.runQueries,
      ids.runControl,
      kernel.removal,
      ids.tasks,
      ids.keys,
      ids.auditTrail,
      ids.streams,
      ids.readiness,
      ids.metricsPage,
      ids.origins,
      ids.version,
      ids.document,
    ],
  );
}

function bindHttp(bind: Bind): void {
  bind(ids.httpDeps).toResolvedValue(
    (services, hosts, keys, tenants, unread, audit, metrics, limits, clock, log, newId): HttpDeps => ({
      services,
      hosts,
      keys,
      tenants,
      unread,
      audit,
      metrics,
      limits,
      clock,
      log,
      newId,
    }),
    [
      ids.routeServices,
      ids.hosts,
      ids.keyRing,
      ids.tenants,
      ids.unread,
      ids.audit,
      ids.metrics,
      ids.limits,
      kernel.clock,
      kernel.log,
      kernel.newId,
    ],
  );
  bind(ids.sockets).toResolvedValue((deps) => new Sockets(deps), [ids.httpDeps]);
  bind(ids.listener).toResolvedValue(
    (deps, sockets, limits, newId) => {
      const handle = makeApp(deps).callback();
      return new HttpListener(
        {
          request: (request, response) => void handle(request, response),
          upgrade: (request, socket, head) => sockets.handle(request, socket, head),
        },
        limits,
        newId,
      );
    },
    [ids.httpDeps, ids.sockets, ids.limits, kernel.newId],
  );
  bind(ids.gateway).toResolvedValue(
    (listener, hosts, sockets, streams, followers, removedStreams, meter, keys, readiness, prepare, log) =>
      new Gateway({
        listener,
        hosts,
        sockets,
        streams,
        followers,
        removedStreams,
        meter,
        keys,
        readiness,
        prepare,
        log,
      }),
    [
      ids.listener,
      ids.hosts,
      ids.sockets,
      ids.streams,
      ids.followers,
      ids.removedStreams,
      kernel.runMeter,
      ids.keyRing,
      ids.readiness,
      ids.prepare,
      kernel.log,
    ],
  );
}

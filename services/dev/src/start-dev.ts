/**
 * Purpose: all of LLMTeam in one process: the embedded runtime on a durable store, and the gateway in front of it.
 * Owns: the order of opening and closing, and the first API key.
 */
import { randomUUID } from 'node:crypto';
import type { Logger } from '@llmteam/contracts';
import type { EmbeddedRuntime, LocalStores } from '@llmteam/embedded';
import {
  auditSeals,
  composeEmbedded,
  configuredRefs,
  type EmbeddedGateway,
  type GatewayLimits,
  type KeyStore,
} from '@llmteam/gateway';
import { countedListings, countWaiting } from '@llmteam/kernel';
import {
  type Config,
  Lifecycle,
  type Metrics,
  openMetrics,
  revealed,
  serveOwnMetrics,
  serviceConfig,
  slotSeries,
  systemClock,
  timerSeries,
  tracingSeries,
  waitingSeries,
  workSeries,
} from '@llmteam/service-host';

export interface DevOptions {
  readonly stores: LocalStores;
  readonly config: Config;
  readonly log: Logger;
  readonly host: string;
  /** 0 for any free port. */
  readonly port: number;
  readonly version: string;
  /** Additional origins that may use the API, besides the gateway's own. */
  readonly origins?: readonly string[];
  readonly limits?: Partial<GatewayLimits>;
}

export interface RunningDev {
  readonly url: string;
  /** An admin API key, created and returned on the first start only. */
  readonly firstKey: string | null;
  /** Rejects with the reason when it cannot continue. */
  readonly failed: Promise<never>;
  close(): Promise<void>;
}

const closeMs = 15_000;
const firstTenant = 'default';

/** @throws LlmteamError `STORE_LOCKED` if another one runs in the same home, `CONFIG_INVALID` for the port, `PLUGIN_…` */
export async function startDev(options: DevOptions): Promise<RunningDev> {
  const lifecycle = new Lifecycle(options.log, closeMs);
  try {
    const store = await options.stores.openService();
    lifecycle.opens('store', () => store.close());
    const metrics = await observed(store.runtime, options.config);
    await store.runtime.drive('everything');
    const { gateway, keyStore, url } = await openGateway(store.runtime, metrics, options, lifecycle);
    const { drain_seconds: drainSeconds = 0 } = serviceConfig(options.config).file.gateway;
    lifecycle.opens('gateway', () => gateway.close());
    const drainMs = drainSeconds * 1_000;
    lifecycle.opens('serving', () => gateway.drain(drainMs), drainMs + closeMs);
    store.announce(url);
    const firstKey = await makeFirstKey(keyStore);
    return { url, firstKey, failed: store.runtime.failed, close: () => lifecycle.close() };
  } catch (error) {
    await lifecycle.close();
    throw error;
  }
}

/** The metrics of the process, with those of what the runtime does. Attempts of steps are counted by the gateway. */
async function observed(runtime: EmbeddedRuntime, config: Config): Promise<Metrics> {
  const metrics = await openMetrics({ service: 'dev' }, serviceConfig(config).file.metrics);
  runtime.observers.work = { ...workSeries(metrics), reported: () => undefined };
  runtime.observers.timerFired = timerSeries(metrics);
  slotSeries(metrics, () => runtime.slots());
  tracingSeries(metrics, runtime.tracing);
  waitingSeries(metrics, () => countWaiting(runtime.waiting(), runtime.surroundings));
  metrics.counted(
    {
      name: 'journal_unreadable_messages_total',
      help: 'Journal messages that cannot be read and were passed over; their runs are given up.',
    },
    () => runtime.unreadableMessages(),
  );
  return metrics;
}

async function openGateway(
  runtime: EmbeddedRuntime,
  processMetrics: Metrics,
  { config, log, host, port, version, origins = [], limits = {} }: DevOptions,
  lifecycle: Lifecycle,
): Promise<EmbeddedGateway & { readonly url: string }> {
  const { runs, segments, definitions, catalog, journal, backend } = runtime;
  const { index, kv, pubSub } = backend;
  const service = serviceConfig(config);
  const { gateway: configured } = service.file;
  const state = { isReady: true };
  runtime.failed.catch(() => {
    state.isReady = false;
  });
  const notReady = (): string[] => (state.isReady ? [] : ['it cannot continue']);
  const ownMetrics = { registry: processMetrics.registry, setting: 'gateway.metrics.http', notReady, log };
  await serveOwnMetrics(lifecycle, configured.metrics.http, ownMetrics);
  // The gateway's own pages; only a fixed port is known before it is bound.
  const own = port === 0 ? [] : [`http://${host}:${port}`, `http://localhost:${port}`];
  const composed = composeEmbedded({
    runs,
    segments,
    definitions,
    catalog,
    journal,
    index,
    kv,
    pubSub,
    log,
    version,
    processMetrics,
    metricsToken: revealed(configured.metrics.token, config),
    hosts: configured.hosts,
    limits: { ...configured.limits, ...limits },
    origins: [...own, ...configured.origins, ...origins],
    clock: systemClock(),
    newId: randomUUID,
    refs: configuredRefs(config),
    auditSeals: auditSeals(service),
    liveWorkers: (typeId, typeVersion) => (catalog.find(typeId, typeVersion)?.task == null ? 0 : 1),
    surroundings: runtime.surroundings,
    staff: runtime.staff,
    loadedPlugins: () => countedListings([runtime.plugins.listings()]),
    notReady,
  });
  const address = await composed.gateway.open(port, host, '--host, --port');
  const name = address.host.includes(':') ? `[${address.host}]` : address.host;
  return { ...composed, url: `http://${name}:${address.port}` };
}

async function makeFirstKey(keys: KeyStore): Promise<string | null> {
  if ((await keys.list()).length > 0) return null;
  const request = { tenant_id: firstTenant, role: 'admin', name: 'first', expires_at: null } as const;
  return (await keys.create(request)).key;
}

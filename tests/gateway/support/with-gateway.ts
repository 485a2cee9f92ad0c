/** A gateway on the embedded runtime, in memory, on a free port of this machine. */
import { randomUUID } from 'node:crypto';
import { openMemoryBackend } from '@llmteam/backend-embedded';
import type { Backend, Clock, Logger, Role, Segment } from '@llmteam/contracts';
import { EmbeddedRuntime } from '@llmteam/embedded';
import {
  composeEmbedded,
  type Gateway,
  type GatewayLimits,
  type GatewayOptions,
  KeyStore,
  type NewKeyRequest,
} from '@llmteam/gateway';
import { countedListings } from '@llmteam/kernel';
import { type Config, loadPlugins, openMetrics, systemClock } from '@llmteam/service-host';
import { quietLogger } from '../../support/quiet-logger.js';
import { AnswerChecker } from './answer-checker.js';
import { ApiClient } from './api-client.js';

export interface GatewayWorld {
  readonly gateway: Gateway;
  readonly options: GatewayOptions;
  readonly runtime: EmbeddedRuntime;
  readonly backend: Backend;
  readonly keys: KeyStore;
  readonly port: number;
  readonly checker: AnswerChecker;
  /** A client with a new key of this tenant; unless `key` says otherwise, named `<role>-key` and allowed to act for others. */
  client(tenantId?: string, role?: Role, key?: Partial<NewKeyRequest>): Promise<ApiClient>;
  /** A client without a key. */
  readonly stranger: ApiClient;
}

export interface WorldOptions {
  readonly limits?: Partial<GatewayLimits>;
  readonly origins?: readonly string[];
  readonly hosts?: readonly string[];
  readonly metricsToken?: string;
  /** The address to listen on. Default: 127.0.0.1. */
  readonly address?: string;
  readonly log?: Logger;
  readonly partitions?: number;
  readonly backend?: Backend;
  readonly clock?: Clock;
  readonly refs?: GatewayOptions['refs'];
  /** Default: the built-in plugins alone. */
  readonly config?: Config;
}

const generous: Partial<GatewayLimits> = {
  requests_per_second: 1_000_000,
  starts_per_second: 1_000_000,
  segment_bytes_per_second: 1_000_000_000,
  active_runs: 1_000_000,
  open_streams: 100_000,
};

export async function withGateway(
  use: (world: GatewayWorld) => Promise<void>,
  given: WorldOptions = {},
): Promise<void> {
  const clock = given.clock ?? systemClock();
  const backend = given.backend ?? (await openMemoryBackend({ clock, partitions: given.partitions ?? 2 }));
  const runtime = await openRuntime(backend, clock, given.log ?? quietLogger, given.config);
  await runtime.drive('everything');
  const options = await gatewayOptions(runtime, clock, given);
  const { gateway } = composeEmbedded(options);
  const { port } = await gateway.open(0, given.address ?? '127.0.0.1');
  const checker = new AnswerChecker();
  const stranger = new ApiClient(port, checker, null);
  const clients = [stranger];
  const keys = new KeyStore(backend.kv, clock);
  const client: GatewayWorld['client'] = async (tenantId = 'acme', role = 'admin', own = {}) => {
    const request = { tenant_id: tenantId, role, name: `${role}-key`, act_for_others: true, expires_at: null };
    const { key } = await keys.create({ ...request, ...own });
    const made = new ApiClient(port, checker, key);
    clients.push(made);
    return made;
  };
  try {
    await use({ gateway, options, runtime, backend, keys, port, checker, client, stranger });
  } finally {
    for (const one of clients) one.close();
    await gateway.close();
    await runtime.close();
  }
}

export const config: Config = { file: {}, path: null, folder: process.cwd(), environment: {}, unknownVariables: [] };
/** Loaded once for all gateways of a file, which run one after another. */
const plugins = loadPlugins(config, quietLogger);

export async function openRuntime(
  backend: Backend,
  clock: Clock,
  log: Logger,
  own: Config = config,
): Promise<EmbeddedRuntime> {
  const openBackend = async (): Promise<Backend> => backend;
  const loaded = own === config ? await plugins : await loadPlugins(own, log);
  return EmbeddedRuntime.open({ config: own, clock, log, openBackend, plugins: loaded });
}

export async function gatewayOptions(
  runtime: EmbeddedRuntime,
  clock: Clock,
  given: WorldOptions,
): Promise<GatewayOptions> {
  const { runs, segments, definitions, catalog, journal, backend } = runtime;
  const { index, kv, pubSub } = backend;
  return {
    runs,
    segments,
    definitions,
    catalog,
    journal,
    index,
    kv,
    pubSub,
    clock,
    log: given.log ?? quietLogger,
    newId: randomUUID,
    refs: given.refs ?? (() => ({})),
    liveWorkers: () => 1,
    surroundings: runtime.surroundings,
    staff: runtime.staff,
    loadedPlugins: () => countedListings([runtime.plugins.listings()]),
    notReady: () => [],
    processMetrics: await openMetrics({ service: 'test' }),
    version: '0.0.0',
    limits: { ...generous, ...given.limits },
    ...(given.origins !== undefined && { origins: given.origins }),
    ...(given.hosts !== undefined && { hosts: given.hosts }),
    ...(given.metricsToken !== undefined && { metricsToken: given.metricsToken }),
  };
}

/** Stores segments and returns the client. */
export async function withSegments(client: ApiClient, ...segments: readonly Segment[]): Promise<ApiClient> {
  for (const segment of segments) {
    const { status, text } = await client.post('/api/v1/segments', segment);
    if (status !== 201 && status !== 200) throw new Error(`the segment was not stored: ${text}`);
  }
  return client;
}

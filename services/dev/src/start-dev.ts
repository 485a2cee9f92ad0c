/**
 * Purpose: all of LLMTeam for one machine, in one process: the runtime on a store that lasts, and the gateway in front of it.
 * Owns: the order of opening and closing, and the first key.
 */
import { randomUUID } from 'node:crypto';
import { system_clock } from '@llmteam/backend-embedded';
import type { Logger } from '@llmteam/contracts';
import type { EmbeddedRuntime, Home } from '@llmteam/embedded';
import { configured_refs, Gateway, type GatewayLimits, KeyStore } from '@llmteam/gateway';
import { create_expression_compiler } from '@llmteam/kernel';
import { type Config, Lifecycle, open_metrics, service_config } from '@llmteam/service-host';

export interface DevOptions {
  readonly home: Home;
  readonly config: Config;
  readonly log: Logger;
  readonly host: string;
  /** 0: any that is free. */
  readonly port: number;
  readonly version: string;
  /** Web pages that may use the API, besides those the gateway serves itself. */
  readonly origins?: readonly string[];
  readonly limits?: Partial<GatewayLimits>;
}

export interface RunningDev {
  readonly url: string;
  /** An administrator's key, made and given at the first start only. */
  readonly first_key: string | null;
  /** Rejects when it cannot go on, with the reason. */
  readonly failed: Promise<never>;
  close(): Promise<void>;
}

const close_ms = 15_000;
const first_tenant = 'default';

/** @throws LlmteamError `STORE_LOCKED` if another one runs in the same home, `PLUGIN_…`, or the error of the port */
export async function start_dev(options: DevOptions): Promise<RunningDev> {
  const lifecycle = new Lifecycle(options.log, close_ms);
  try {
    const store = await options.home.open_service();
    lifecycle.opens('store', () => store.close());
    await store.runtime.drive('everything');
    const { gateway, url } = await open_gateway(store.runtime, options);
    lifecycle.opens('gateway', () => gateway.close());
    const first_key = await make_first_key(new KeyStore(store.registry, system_clock()));
    return { url, first_key, failed: store.runtime.failed, close: () => lifecycle.close() };
  } catch (error) {
    await lifecycle.close();
    throw error;
  }
}

async function open_gateway(
  runtime: EmbeddedRuntime,
  { config, log, host, port, version, origins = [], limits = {} }: DevOptions,
): Promise<{ gateway: Gateway; url: string }> {
  const { runs, segments, definitions, catalog, journal, backend } = runtime;
  const { index, registry, signals } = backend;
  const { gateway: configured } = service_config(config).file;
  const process_metrics = await open_metrics({ service: 'dev' });
  const state = { is_ready: true };
  runtime.failed.catch(() => {
    state.is_ready = false;
  });
  // The pages of the gateway itself; a fixed port is known before it is bound.
  const own = port === 0 ? [] : [`http://${host}:${port}`, `http://localhost:${port}`];
  const gateway = new Gateway({
    runs,
    segments,
    definitions,
    catalog,
    journal,
    index,
    registry,
    signals,
    log,
    version,
    process_metrics,
    limits: { ...configured.limits, ...limits },
    origins: [...own, ...configured.origins, ...origins],
    clock: system_clock(),
    compiler: create_expression_compiler(),
    new_id: randomUUID,
    refs: configured_refs(config),
    live_workers: (type_id, type_version) => (catalog.find(type_id, type_version)?.task == null ? 0 : 1),
    is_ready: () => state.is_ready,
  });
  const address = await gateway.open(port, host);
  return { gateway, url: `http://${address.host.includes(':') ? `[${address.host}]` : address.host}:${address.port}` };
}

async function make_first_key(keys: KeyStore): Promise<string | null> {
  if ((await keys.list()).length > 0) return null;
  const request = { tenant_id: first_tenant, role: 'admin', name: 'first', expires_at: null } as const;
  return (await keys.create(request)).key;
}

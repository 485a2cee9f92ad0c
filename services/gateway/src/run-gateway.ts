/**
 * Purpose: a gateway as a process: opened, its lists brought up to date, serving until it is told to stop.
 * Owns: the order of opening; closing goes the other way round: no more is taken, streams are sent away, last answers are given, then the
 * rest. The port is open from the moment the server is known, and `/ready` says when requests are served.
 */
import { system_clock } from '@llmteam/backend-embedded';
import type { Logger } from '@llmteam/contracts';
import {
  load_control_plugins,
  type OpenService,
  open_metrics,
  open_nats,
  process_name,
  run_service,
  type ServiceConfig,
  type ServiceEnd,
} from '@llmteam/service-host';
import { open_gateway_index } from './gateway-index.js';
import { compose, type Root } from './root.js';

export interface GatewayServiceOptions {
  readonly config: ServiceConfig;
  readonly log: Logger;
  /** Ends the process at once. */
  readonly leave: () => void;
  /** Of the product. */
  readonly version: string;
}

const close_ms = 15_000;

/** Resolves when the gateway has ended. @throws LlmteamError why it could not begin */
export function run_gateway({ config, log, leave, version }: GatewayServiceOptions): Promise<ServiceEnd> {
  const gateway_id = process_name();
  const own_log = log.child({ service: 'gateway', gateway_id });
  return run_service({ log: own_log, close_ms, leave }, (service) =>
    open_gateway(service, gateway_id, config, own_log, version),
  );
}

async function open_gateway(
  { lifecycle, fail }: OpenService,
  gateway_id: string,
  config: ServiceConfig,
  log: Logger,
  version: string,
): Promise<void> {
  const metrics = await open_metrics({ service: 'gateway' });
  const { catalog, host } = await load_control_plugins(config, log);
  const clock = system_clock();
  const backend = await open_nats(config, { name: `llmteam gateway ${gateway_id}`, clock, log });
  lifecycle.opens('backend', () => backend.close());
  await host.start();
  lifecycle.opens('plugins', () => host.stop());
  const index = await open_gateway_index(config, backend.registry, log);
  lifecycle.opens('run index', () => index.close());

  const on_failure = fail;
  const root = compose({ backend, index, clock, log, config, catalog, metrics, version, on_failure });
  await begin(lifecycle, root, config, log);
}

async function begin(
  lifecycle: OpenService['lifecycle'],
  { announced, workers, feed, gateway }: Root,
  config: ServiceConfig,
  log: Logger,
): Promise<void> {
  lifecycle.opens('announced types', () => announced.stop());
  await announced.start();
  lifecycle.opens('workers', () => workers.stop());
  await workers.start();
  lifecycle.opens('feed of the run index', () => feed.stop());
  lifecycle.opens('gateway', () => gateway.close());
  const { host, port } = config.file.gateway.http;
  const address = await gateway.open(port, host);
  log.info({ host: address.host, port: address.port }, 'the gateway serves requests');
}

/**
 * Purpose: an installation with gateways, and a client that can repeat requests to any of them, also after a restart.
 * Owns: one run index per gateway, API keys created on the command line as an operator does.
 */
import { join } from 'node:path';
import type { Segment } from '@llmteam/contracts';
import { LlmteamClient } from '@llmteam/sdk';
import type { Cli } from '../../cli/support/cli.js';
import { type Installation, type InstallationOptions, withInstallation } from './installation.js';
import type { Service } from './service.js';

export class GatewayPlace {
  private running: Service;

  constructor(
    private readonly installation: Installation,
    readonly indexFile: string,
  ) {
    this.running = this.begin();
  }

  get service(): Service {
    return this.running;
  }

  async port(): Promise<number> {
    return Number(new URL(await this.running.url()).port);
  }

  async client(key: string): Promise<LlmteamClient> {
    return new LlmteamClient({ url: await this.running.url(), key });
  }

  /** Starts the service again after it exited. */
  async startAnew(): Promise<Service> {
    this.running = this.begin();
    return this.running.ready();
  }

  private begin(): Service {
    return this.installation.start('gateway', { LLMTEAM_GATEWAY_INDEX_FILE: this.indexFile });
  }
}

export interface GatewayScene {
  readonly installation: Installation;
  readonly places: readonly [GatewayPlace, GatewayPlace];
  /** An admin key of the tenant `acme`. */
  readonly key: string;
  readonly coordinator: Service;
  readonly worker: Service;
}

export async function makeKey(installation: Installation, role = 'admin', tenant = 'acme'): Promise<string> {
  const { environment } = installation;
  const words = ['keys', 'create', '--nats', '--role', role, '--tenant', tenant, '--name', `${tenant}-${role}`];
  const { code, stdout, stderr } = await installation.cli.call(words, { environment });
  if (code !== 0) throw new Error(`no key was made: ${stderr}`);
  return stdout.trim();
}

export interface GatewayOptions extends InstallationOptions {
  readonly config?: object;
  /** Writes what the configuration names. */
  readonly prepare?: (cli: Cli) => void;
}

/** A coordinator, a worker and two gateways, all ready, with stored segments. */
export async function withGateways(
  segments: readonly Segment[],
  use: (scene: GatewayScene) => Promise<void>,
  { config = {}, prepare, ...options }: GatewayOptions = {},
): Promise<void> {
  await withInstallation(options, async (installation) => {
    prepare?.(installation.cli);
    installation.cli.write('llmteam.config.json', config);
    const coordinator = installation.start('coordinator');
    const worker = installation.start('worker');
    await Promise.all([coordinator.ready(), worker.ready()]);
    const place = (name: string): GatewayPlace => new GatewayPlace(installation, join(installation.cli.folder, name));
    const places = [place('one.db'), place('two.db')] as const;
    await Promise.all(places.map(({ service }) => service.ready()));
    const key = await makeKey(installation);
    const client = await places[0].client(key);
    for (const segment of segments) await client.storeSegment(segment);
    await use({ installation, places, key, coordinator, worker });
  });
}

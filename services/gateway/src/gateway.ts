/**
 * Purpose: opens and closes the parts of a gateway together.
 * Owns: the order. Opening: the port, then preparation, API keys and the run meter; requests are served after that. Closing: streams are
 * disconnected, the port stops accepting, pending requests finish, then the rest. Draining, before that: it is not ready, and serves.
 * Does not own: the backend and the runtime.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '@llmteam/contracts';
import type { RunMeter } from '@llmteam/kernel';
import type { AllowedHosts } from '@llmteam/service-host';
import type { Followers } from './following/followers.js';
import type { RemovedStreams } from './following/removed-streams.js';
import type { Streams } from './following/streams.js';
import type { HttpListener } from './http/listener.js';
import type { Sockets } from './http/sockets.js';
import type { KeyRing } from './keys/key-ring.js';
import type { Readiness } from './use-cases/readiness.js';

export interface GatewayAddress {
  readonly host: string;
  readonly port: number;
}

export interface GatewayParts {
  readonly listener: HttpListener;
  readonly hosts: AllowedHosts;
  readonly sockets: Sockets;
  readonly streams: Streams;
  readonly followers: Followers;
  readonly removedStreams: RemovedStreams;
  readonly meter: RunMeter;
  readonly keys: KeyRing;
  readonly readiness: Readiness;
  /** Runs before requests are served; meanwhile the port is open and `/ready` returns 503. */
  readonly prepare: () => Promise<void>;
  readonly log: Logger;
}

const pendingRequestsMs = 5_000;

export class Gateway {
  constructor(private readonly parts: GatewayParts) {}

  /**
   * Resolves once requests are served. Port 0 binds any free port. `setting`: where the address comes from, for error messages.
   * @throws LlmteamError `CONFIG_INVALID` if it cannot listen there
   */
  async open(port: number, host: string, setting = 'gateway.http'): Promise<GatewayAddress> {
    const { listener, hosts, prepare, keys, meter, removedStreams, readiness, log } = this.parts;
    const { port: bound, address } = await listener.listen(port, host, setting);
    hosts.listenOn(address, host);
    log.info({ port: bound }, 'health, readiness and metrics are served');
    await prepare();
    await keys.start();
    await meter.start();
    removedStreams.start();
    readiness.open();
    return { host: address, port: bound };
  }

  /** Why no more requests should be sent here. */
  notReady(): readonly string[] {
    return this.parts.readiness.reasons();
  }

  /** Says that it is not ready and goes on serving: load balancers take a moment to notice. No-op if it was not open. */
  async drain(ms: number): Promise<void> {
    const { readiness, log } = this.parts;
    if (!readiness.drain() || ms === 0) return;
    log.info({ seconds: ms / 1_000 }, 'not ready any more; requests are served a moment longer');
    await sleep(ms);
  }

  /** Idempotent. */
  async close(): Promise<void> {
    const { listener, sockets, streams, followers, removedStreams, meter, keys, readiness, log } = this.parts;
    if (!readiness.close()) return;
    streams.close();
    sockets.close();
    // Requests that wait for a run to end get the run as it is now.
    await followers.close();
    await listener.close(pendingRequestsMs);
    // Pending requests may have opened followers meanwhile.
    await followers.close();
    await removedStreams.stop();
    await meter.stop();
    await keys.stop();
    log.debug({}, 'the gateway is closed');
  }
}

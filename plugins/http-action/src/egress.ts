/**
 * Purpose: the one door through which requests leave.
 * Owns: name resolution, the check of every address, the connections.
 * Does not own: URLs and redirects (target.ts, redirect.ts).
 * Invariants:
 *  E1 a name is resolved once per connection; the connection goes to an address of that answer
 *  E2 one forbidden address in the answer forbids the name
 *  E3 an address literal is checked too, though Node asks no resolver for it
 *  E4 connections that may reach private networks are never reused by requests that may not
 *  E5 no proxy of the environment, no Unix socket, no HTTP/2
 */
import { lookup } from 'node:dns/promises';
import { isIP, type LookupFunction, type Socket } from 'node:net';
import { LlmteamError } from '@llmteam/contracts';
import { Agent, buildConnector, type Dispatcher } from 'undici';
import type { Reach } from './address.js';
import type { Limits } from './limits.js';

/** All addresses of a host name. */
export type Resolve = (hostname: string) => Promise<readonly string[]>;

export interface EgressOptions {
  readonly limits: Limits;
  readonly resolve: Resolve;
  readonly reach_of: (address: string) => Reach;
}

export interface Egress {
  /** Opens its connections with the first request. */
  dispatcher(allow_private_network: boolean): Dispatcher;
  close(): Promise<void>;
}

export async function system_resolve(hostname: string): Promise<readonly string[]> {
  return (await lookup(hostname, { all: true })).map(({ address }) => address);
}

export function create_egress(options: EgressOptions): Egress {
  const agents = new Map<boolean, Agent>();
  return {
    dispatcher(allow_private_network) {
      const agent = agents.get(allow_private_network) ?? create_agent(options, allow_private_network);
      agents.set(allow_private_network, agent);
      return agent;
    },
    async close() {
      const open = [...agents.values()];
      agents.clear();
      await Promise.all(open.map((agent) => agent.destroy()));
    },
  };
}

function create_agent({ limits, resolve, reach_of }: EgressOptions, allow_private_network: boolean): Agent {
  const check = (hostname: string, address: string): void => {
    const reach = reach_of(address);
    if (reach === 'public' || (reach === 'private' && allow_private_network)) return;
    throw new LlmteamError('EGRESS_BLOCKED', `'${hostname}' is ${reasons[reach]}`, { details: { host: hostname } });
  };
  return new Agent({
    connect: guarded_connector(check, resolve, limits.idle_ms),
    allowH2: false,
    pipelining: 1,
    maxHeaderSize: limits.header_bytes,
    headersTimeout: limits.idle_ms,
    bodyTimeout: limits.idle_ms,
  });
}

const reasons = {
  private: 'inside a private network; only a client with `allow_private_network` may reach it',
  never: 'an address that requests may not reach',
} as const;

type Check = (hostname: string, address: string) => void;

function guarded_connector(check: Check, resolve: Resolve, timeout: number): buildConnector.connector {
  const connect = buildConnector({ timeout, lookup: checked_lookup(check, resolve) });
  return (options, callback) => {
    const hostname = options.hostname.replace(/^\[|\]$/g, '');
    const settle: buildConnector.Callback = (...[error, socket]) => {
      if (error !== null) return callback(error, null);
      try {
        check(hostname, peer_of(socket));
      } catch (blocked) {
        socket.destroy();
        return callback(blocked as Error, null);
      }
      callback(null, socket);
    };
    try {
      if (isIP(hostname) !== 0) check(hostname, hostname);
    } catch (blocked) {
      return queueMicrotask(() => callback(blocked as Error, null));
    }
    connect({ ...options, hostname }, settle);
  };
}

/** Empty, and therefore refused, if the peer has hung up by now. */
function peer_of(socket: Socket): string {
  return socket.remoteAddress ?? '';
}

function checked_lookup(check: Check, resolve: Resolve): LookupFunction {
  return (hostname, options, callback) => {
    checked_addresses(hostname, check, resolve).then(
      (addresses) => {
        if (options.all === true) return callback(null, addresses);
        const [first] = addresses;
        callback(null, first?.address ?? '', first?.family);
      },
      (error: NodeJS.ErrnoException) => callback(error, '', 0),
    );
  };
}

async function checked_addresses(hostname: string, check: Check, resolve: Resolve) {
  const addresses = await resolve(hostname);
  if (addresses.length === 0) throw new LlmteamError('HTTP_FAILED', `'${hostname}' has no address`);
  for (const address of addresses) check(hostname, address);
  return addresses.map((address) => ({ address, family: isIP(address) }));
}

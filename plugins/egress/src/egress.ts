/**
 * Purpose: the only way out for requests.
 * Owns: name resolution, checking every address, connections.
 * Does not own: URLs and redirects (url.ts, redirect.ts).
 * Invariants:
 *  E1 a name is resolved once per connection, and the connection goes to one of the resolved addresses
 *  E2 one forbidden address among them forbids the name
 *  E3 an address literal is checked too, although Node calls no resolver for it
 *  E4 connections that may reach private networks are never reused by requests that may not
 *  E5 no proxies from the environment, no Unix sockets, no HTTP/2
 */
import { lookup } from 'node:dns/promises';
import { isIP, type LookupFunction, type Socket } from 'node:net';
import { LlmteamError } from '@llmteam/contracts';
import { Agent, buildConnector } from 'undici';
import { reachOf as reachOfAddress } from './address.js';
import type { Egress, EgressOptions, Resolve } from './egress-options.js';

async function systemResolve(hostname: string): Promise<readonly string[]> {
  return (await lookup(hostname, { all: true })).map(({ address }) => address);
}

export function createEgress(options: EgressOptions): Egress {
  const agents = new Map<boolean, Agent>();
  return {
    dispatcher(allowPrivateNetwork) {
      const agent = agents.get(allowPrivateNetwork) ?? createAgent(options, allowPrivateNetwork);
      agents.set(allowPrivateNetwork, agent);
      return agent;
    },
    async close() {
      const open = [...agents.values()];
      agents.clear();
      await Promise.all(open.map((agent) => agent.destroy()));
    },
  };
}

function createAgent(options: EgressOptions, allowPrivateNetwork: boolean): Agent {
  const { limits, whoMayReachPrivate, resolve = systemResolve, reachOf = reachOfAddress } = options;
  const reasons = {
    private: `inside a private network; only ${whoMayReachPrivate} may reach it`,
    never: 'an address that requests may not reach',
  } as const;
  const check = (hostname: string, address: string): void => {
    const reach = reachOf(address);
    if (reach === 'public' || (reach === 'private' && allowPrivateNetwork)) return;
    throw new LlmteamError('EGRESS_BLOCKED', `'${hostname}' is ${reasons[reach]}`, { details: { host: hostname } });
  };
  return new Agent({
    connect: guardedConnector(check, resolve, limits.connectMs),
    allowH2: false,
    pipelining: 1,
    maxHeaderSize: limits.headerBytes,
    // Only the timeout of the whole request ends the wait for an answer.
    headersTimeout: 0,
    bodyTimeout: limits.idleMs,
  });
}

type Check = (hostname: string, address: string) => void;

function guardedConnector(check: Check, resolve: Resolve, timeout: number): buildConnector.connector {
  const connect = buildConnector({ timeout, lookup: checkedLookup(check, resolve) });
  return (options, callback) => {
    const hostname = options.hostname.replace(/^\[|\]$/g, '');
    const settle: buildConnector.Callback = (...[error, socket]) => {
      if (error !== null) return callback(error, null);
      try {
        check(hostname, peerOf(socket));
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

/** Empty, and therefore refused, if the peer has already disconnected. */
function peerOf(socket: Socket): string {
  return socket.remoteAddress ?? '';
}

function checkedLookup(check: Check, resolve: Resolve): LookupFunction {
  return (hostname, options, callback) => {
    checkedAddresses(hostname, check, resolve).then(
      (addresses) => {
        if (options.all === true) return callback(null, addresses);
        const [first] = addresses;
        callback(null, first?.address ?? '', first?.family);
      },
      (error: NodeJS.ErrnoException) => callback(error, '', 0),
    );
  };
}

async function checkedAddresses(hostname: string, check: Check, resolve: Resolve) {
  const addresses = await resolve(hostname);
  if (addresses.length === 0) throw new LlmteamError('HTTP_FAILED', `'${hostname}' has no address`);
  for (const address of addresses) check(hostname, address);
  return addresses.map((address) => ({ address, family: isIP(address) }));
}

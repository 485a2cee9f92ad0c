/**
 * Purpose: connects to the servers with retries, and reconnects indefinitely.
 * Owns: credentials and TLS, converting the client's connection errors to meaningful ones.
 */
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { LlmteamError, type Logger } from '@llmteam/contracts';
import {
  type Authenticator,
  connect,
  credsAuthenticator,
  errors,
  type NatsConnection,
  type NodeConnectionOptions,
  type TlsOptions,
} from '@nats-io/transport-node';
import { type Addresses, addressesOf } from './server-addresses.js';
import type { NatsSettings } from './settings.js';

export interface ConnectOptions {
  readonly settings: NatsSettings;
  /** Shown in the server's list of connections. */
  readonly name: string;
  readonly log: Logger;
  /** How long to retry the initial connection. */
  readonly patienceMs: number;
}

const pauseMs = 250;
/** Timeout of one attempt, including the handshake. A server that dies in the middle of it is noticed only after this. */
const attemptMs = 2_000;

/**
 * @throws LlmteamError `BACKEND_UNREACHABLE`; `BACKEND_UNSUITABLE` if the server refuses the credentials; `CONFIG_INVALID` if an
 * address is invalid; `FILE_UNREADABLE`
 */
export async function connectToNats(options: ConnectOptions): Promise<NatsConnection> {
  const addresses = addressesOf(options.settings);
  const connectionOptions = optionsOf(options, addresses);
  const until = performance.now() + options.patienceMs;
  for (;;) {
    try {
      return await connect(connectionOptions);
    } catch (error) {
      const failure = connectError(addresses, error);
      if (!failure.recoverable || performance.now() + pauseMs >= until) throw failure;
      options.log.info({ servers: addresses.servers }, 'the NATS server cannot be reached yet; retrying');
      await sleep(pauseMs);
    }
  }
}

function optionsOf({ settings, name }: ConnectOptions, addresses: Addresses): NodeConnectionOptions {
  const { credsFile, tls } = settings;
  const { servers, user, password, token } = addresses;
  return {
    servers: [...servers],
    name,
    noAsyncTraces: true,
    timeout: attemptMs,
    maxReconnectAttempts: -1,
    // A server that refuses credentials twice may still be in the middle of being configured.
    ignoreAuthErrorAbort: true,
    reconnectTimeWait: 100,
    reconnectJitter: 200,
    // A silent connection is dropped after 10 to 15 s.
    pingInterval: 5_000,
    maxPingOut: 2,
    ...(user !== undefined && { user, pass: password ?? '' }),
    ...(token !== undefined && { token }),
    ...(credsFile !== undefined && { authenticator: credentials(credsFile) }),
    ...(tls !== undefined && { tls: tlsOptions(tls) }),
  };
}

function credentials(path: string): Authenticator {
  try {
    return credsAuthenticator(readFileSync(path));
  } catch (cause) {
    throw new LlmteamError('FILE_UNREADABLE', `cannot read the NATS credentials '${path}'`, { cause });
  }
}

function tlsOptions({ caFile, certFile, keyFile }: NonNullable<NatsSettings['tls']>): TlsOptions {
  return {
    ...(caFile !== undefined && { caFile: caFile }),
    ...(certFile !== undefined && { certFile: certFile }),
    ...(keyFile !== undefined && { keyFile: keyFile }),
  };
}

function connectError({ servers }: Addresses, cause: unknown): LlmteamError {
  const where = `the NATS server ${servers.join(', ')}`;
  if (cause instanceof errors.AuthorizationError || cause instanceof errors.UserAuthenticationExpiredError) {
    return new LlmteamError('BACKEND_UNSUITABLE', `${where} refuses the credentials`, { cause });
  }
  const reason = cause instanceof Error ? cause.message : String(cause);
  if (/invalid url/i.test(reason))
    return new LlmteamError('CONFIG_INVALID', `${where} has an invalid address`, { cause });
  return new LlmteamError('BACKEND_UNREACHABLE', `${where} cannot be reached: ${reason || 'no answer'}`, { cause });
}

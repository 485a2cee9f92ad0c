/**
 * Purpose: the connection to the servers: made with patience, kept for ever, its changes logged.
 * Owns: credentials and TLS, turning what the client throws at the start into errors that say what is wrong.
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
import type { NatsSettings } from './settings.js';

export interface ConnectOptions {
  readonly settings: NatsSettings;
  /** Shown in the servers' lists of connections. */
  readonly name: string;
  readonly log: Logger;
  /** How long to try before giving up the first connection. */
  readonly patience_ms: number;
}

const pause_ms = 250;

/** @throws LlmteamError `BACKEND_UNREACHABLE`, `BACKEND_UNSUITABLE` if the server refuses the credentials, `FILE_UNREADABLE` */
export async function connect_to_nats(options: ConnectOptions): Promise<NatsConnection> {
  const connection_options = options_of(options);
  const until = performance.now() + options.patience_ms;
  for (;;) {
    try {
      const connection = await connect(connection_options);
      void log_changes(connection, options.log);
      return connection;
    } catch (error) {
      if (error instanceof errors.AuthorizationError || error instanceof errors.UserAuthenticationExpiredError) {
        throw new LlmteamError('BACKEND_UNSUITABLE', `${where(options)} refuses the credentials`, { cause: error });
      }
      if (performance.now() >= until) throw unreachable(options, error);
      options.log.info({ servers: options.settings.servers }, 'the NATS server cannot be reached yet; trying again');
      await sleep(pause_ms);
    }
  }
}

function options_of({ settings, name }: ConnectOptions): NodeConnectionOptions {
  const { servers, user, password, token, creds_file, tls } = settings;
  return {
    servers: [...servers],
    name,
    noAsyncTraces: true,
    timeout: 5_000,
    maxReconnectAttempts: -1,
    reconnectTimeWait: 100,
    reconnectJitter: 200,
    pingInterval: 10_000,
    maxPingOut: 2,
    ...(user !== undefined && { user, pass: password ?? '' }),
    ...(token !== undefined && { token }),
    ...(creds_file !== undefined && { authenticator: credentials(creds_file) }),
    ...(tls !== undefined && { tls: tls_options(tls) }),
  };
}

function credentials(path: string): Authenticator {
  try {
    return credsAuthenticator(readFileSync(path));
  } catch (cause) {
    throw new LlmteamError('FILE_UNREADABLE', `cannot read the NATS credentials '${path}'`, { cause });
  }
}

function tls_options({ ca_file, cert_file, key_file }: NonNullable<NatsSettings['tls']>): TlsOptions {
  return {
    ...(ca_file !== undefined && { caFile: ca_file }),
    ...(cert_file !== undefined && { certFile: cert_file }),
    ...(key_file !== undefined && { keyFile: key_file }),
  };
}

function where({ settings }: ConnectOptions): string {
  return `the NATS server ${settings.servers.map(without_password).join(', ')}`;
}

function without_password(server: string): string {
  return server.replace(/\/\/[^@/]*@/, '//');
}

function unreachable(options: ConnectOptions, cause: unknown): LlmteamError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new LlmteamError('BACKEND_UNREACHABLE', `${where(options)} cannot be reached: ${reason}`, { cause });
}

async function log_changes(connection: NatsConnection, log: Logger): Promise<void> {
  for await (const status of connection.status()) {
    if (status.type === 'disconnect') log.warn({ server: status.server }, 'the connection to the NATS server is lost');
    else if (status.type === 'reconnect') log.info({ server: status.server }, 'connected to the NATS server again');
    else if (status.type === 'error') log.error({ err: status.error }, 'the NATS server reports an error');
    else if (status.type === 'slowConsumer')
      log.warn({ pending: status.pending }, 'messages come faster than they are read');
  }
}

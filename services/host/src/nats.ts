/** Opens the NATS backend from the configuration. The client is imported lazily: commands without a server start faster. */
import { resolve } from 'node:path';
import type { NatsBackend, NatsBackendOptions, NatsInspection, NatsSettings } from '@llmteam/backend-nats';
import { type KvStore, LlmteamError, type Logger, type RunIndex } from '@llmteam/contracts';
import { systemClock } from '@llmteam/kernel';
import type { ServiceConfig } from './config.js';
import { reveal } from './secrets.js';

export type { NatsInspection };

export type OpenNatsOptions = Pick<NatsBackendOptions, 'name' | 'clock' | 'log' | 'onJobsLost' | 'patienceMs'> & {
  /** Default: none; this process serves no lists. */
  readonly index?: RunIndex;
};

/** How long a service waits for the server at startup. Its supervisor may restart it afterwards. */
const patienceMs = 30_000;
/** The same for a command, where somebody is waiting for the result. */
const commandPatienceMs = 5_000;

/** @throws LlmteamError `BACKEND_UNREACHABLE`, `BACKEND_UNSUITABLE`, `CONFIG_INVALID` */
export async function openNats(config: ServiceConfig, options: OpenNatsOptions): Promise<NatsBackend> {
  const settings = natsSettings(config);
  const { openNatsBackend } = await import('@llmteam/backend-nats');
  return openNatsBackend({ index: withoutLists, patienceMs, ...options, settings });
}

/** Runs a command's work on the key-value store. @throws LlmteamError like `openNats` */
export async function withKvStore<T>(config: ServiceConfig, log: Logger, use: (kv: KvStore) => Promise<T>): Promise<T> {
  const options = { name: 'llmteam command', clock: systemClock(), log, patienceMs: commandPatienceMs };
  const backend = await openNats(config, options);
  try {
    return await use(backend.kv);
  } finally {
    await backend.close();
  }
}

/** Inspects the server without creating anything. @throws LlmteamError `BACKEND_UNREACHABLE`, `BACKEND_UNSUITABLE`, `CONFIG_INVALID` */
export async function lookAtNats(config: ServiceConfig, log: Logger): Promise<NatsInspection> {
  const settings = natsSettings(config);
  const { inspectNats } = await import('@llmteam/backend-nats');
  return inspectNats(settings, log);
}

/** @throws LlmteamError `CONFIG_INVALID` if a referenced environment variable is not set */
function natsSettings({ file, folder, environment }: ServiceConfig): NatsSettings {
  const { user, password, token, creds_file, tls, ...nats } = file.nats;
  const absolute = (path: string): string => resolve(folder, path);
  return {
    servers: nats.servers,
    namespace: nats.namespace,
    partitions: nats.partitions,
    replicas: nats.replicas,
    jobsStorage: nats.jobs_storage,
    dedupeWindowMs: nats.dedupe_window_seconds * 1_000,
    jobLeaseMs: nats.job_lease_seconds * 1_000,
    maxJournalBytes: nats.max_journal_bytes,
    atomicBatches: nats.atomic_batches,
    ...(user !== undefined && { user: reveal(user, environment) }),
    ...(password !== undefined && { password: reveal(password, environment) }),
    ...(token !== undefined && { token: reveal(token, environment) }),
    ...(creds_file !== undefined && { credsFile: absolute(creds_file) }),
    ...(tls !== undefined && { tls: tlsFiles(tls, absolute) }),
  };
}

function tlsFiles(
  { ca_file, cert_file, key_file }: NonNullable<ServiceConfig['file']['nats']['tls']>,
  absolute: (path: string) => string,
): NonNullable<NatsSettings['tls']> {
  return {
    ...(ca_file !== undefined && { caFile: absolute(ca_file) }),
    ...(cert_file !== undefined && { certFile: absolute(cert_file) }),
    ...(key_file !== undefined && { keyFile: absolute(key_file) }),
  };
}

/** For processes that serve no lists: the gateway builds its own from the journal. */
const withoutLists: RunIndex = {
  supports: { durable: false },
  apply: async () => undefined,
  remove: async () => undefined,
  clear: noLists,
  position: noLists,
  runs: noLists,
  run: noLists,
  live: noLists,
  tasks: noLists,
  task: noLists,
  close: async () => undefined,
};

function noLists(): Promise<never> {
  return Promise.reject(new LlmteamError('STORE_FAILED', 'this process keeps no lists of runs and tasks'));
}

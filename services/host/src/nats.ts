/** The NATS backend as the configuration says. Its client is loaded when it is asked for: commands that need no server start without it. */
import { resolve } from 'node:path';
import type { NatsBackend, NatsBackendOptions, NatsInspection, NatsSettings } from '@llmteam/backend-nats';
import { type KvStore, LlmteamError, type Logger, type RunIndex } from '@llmteam/contracts';
import type { ServiceConfig } from './config.js';

import { reveal } from './secrets.js';

export type { NatsInspection };

export type OpenNatsOptions = Pick<NatsBackendOptions, 'name' | 'clock' | 'log' | 'onJobsLost' | 'patienceMs'> & {
  /** Default: this process keeps no lists. */
  readonly index?: RunIndex;
};

/** How long a process waits for the server at its start. Whoever started it may start it again. */
const patienceMs = 30_000;
/** How long a command does: somebody waits for its answer. */
const commandPatienceMs = 5_000;

/** @throws LlmteamError `BACKEND_UNREACHABLE`, `BACKEND_UNSUITABLE`, `CONFIG_INVALID` */
export async function openNats(config: ServiceConfig, options: OpenNatsOptions): Promise<NatsBackend> {
  const settings = natsSettings(config);
  const { openNatsBackend } = await import('@llmteam/backend-nats');
  return openNatsBackend({ index: withoutLists, patienceMs, ...options, settings });
}

/** For a command that looks at what is registered, or changes it. @throws LlmteamError as `openNats` */
export async function withKvStore<T>(config: ServiceConfig, log: Logger, use: (kv: KvStore) => Promise<T>): Promise<T> {
  const { systemClock } = await import('@llmteam/backend-embedded');
  const options = { name: 'llmteam command', clock: systemClock(), log, patienceMs: commandPatienceMs };
  const backend = await openNats(config, options);
  try {
    return await use(backend.kv);
  } finally {
    await backend.close();
  }
}

/** Looks at the server and makes nothing. @throws LlmteamError `BACKEND_UNREACHABLE`, `BACKEND_UNSUITABLE`, `CONFIG_INVALID` */
export async function lookAtNats(config: ServiceConfig, log: Logger): Promise<NatsInspection> {
  const settings = natsSettings(config);
  const { inspectNats } = await import('@llmteam/backend-nats');
  return inspectNats(settings, log);
}

/** @throws LlmteamError `CONFIG_INVALID` if a variable that it names is not set */
function natsSettings({ file, folder, environment }: ServiceConfig): NatsSettings {
  const { dedupe_window_seconds, job_lease_seconds, user, password, token, creds_file, tls = {}, ...rest } = file.nats;
  const at = (path: string): string => resolve(folder, path);
  const { ca_file, cert_file, key_file } = tls;
  return {
    ...rest,
    dedupeWindowMs: dedupe_window_seconds * 1_000,
    jobLeaseMs: job_lease_seconds * 1_000,
    ...(user !== undefined && { user: reveal(user, environment) }),
    ...(password !== undefined && { password: reveal(password, environment) }),
    ...(token !== undefined && { token: reveal(token, environment) }),
    ...(creds_file !== undefined && { credsFile: at(creds_file) }),
    ...(file.nats.tls !== undefined && {
      tls: {
        ...(ca_file !== undefined && { caFile: at(ca_file) }),
        ...(cert_file !== undefined && { certFile: at(cert_file) }),
        ...(key_file !== undefined && { keyFile: at(key_file) }),
      },
    }),
  };
}

/** Whoever shows lists keeps them, fed by the journal. */
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

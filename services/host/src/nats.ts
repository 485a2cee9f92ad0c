/** The NATS backend as the configuration says. Its client is loaded when it is asked for: commands that need no server start without it. */
import { resolve } from 'node:path';
import type { NatsBackend, NatsBackendOptions, NatsInspection, NatsSettings } from '@llmteam/backend-nats';
import { LlmteamError, type Logger, type Registry, type RunIndex } from '@llmteam/contracts';
import type { ServiceConfig } from './config.js';

import { reveal } from './secrets.js';

export type { NatsInspection };

export type OpenNatsOptions = Pick<NatsBackendOptions, 'name' | 'clock' | 'log' | 'on_jobs_lost' | 'patience_ms'> & {
  /** Default: this process keeps no lists. */
  readonly index?: RunIndex;
};

/** How long a process waits for the server at its start. Whoever started it may start it again. */
const patience_ms = 30_000;
/** How long a command does: somebody waits for its answer. */
const command_patience_ms = 5_000;

/** @throws LlmteamError `BACKEND_UNREACHABLE`, `BACKEND_UNSUITABLE`, `CONFIG_INVALID` */
export async function open_nats(config: ServiceConfig, options: OpenNatsOptions): Promise<NatsBackend> {
  const settings = nats_settings(config);
  const { open_nats_backend } = await import('@llmteam/backend-nats');
  return open_nats_backend({ index: without_lists, patience_ms, ...options, settings });
}

/** For a command that looks at what is registered, or changes it. @throws LlmteamError as `open_nats` */
export async function with_registry<T>(
  config: ServiceConfig,
  log: Logger,
  use: (registry: Registry) => Promise<T>,
): Promise<T> {
  const { system_clock } = await import('@llmteam/backend-embedded');
  const options = { name: 'llmteam command', clock: system_clock(), log, patience_ms: command_patience_ms };
  const backend = await open_nats(config, options);
  try {
    return await use(backend.registry);
  } finally {
    await backend.close();
  }
}

/** Looks at the server and makes nothing. @throws LlmteamError `BACKEND_UNREACHABLE`, `BACKEND_UNSUITABLE`, `CONFIG_INVALID` */
export async function look_at_nats(config: ServiceConfig, log: Logger): Promise<NatsInspection> {
  const settings = nats_settings(config);
  const { inspect_nats } = await import('@llmteam/backend-nats');
  return inspect_nats(settings, log);
}

/** @throws LlmteamError `CONFIG_INVALID` if a variable that it names is not set */
function nats_settings({ file, folder, environment }: ServiceConfig): NatsSettings {
  const { dedupe_window_seconds, job_lease_seconds, user, password, token, creds_file, tls = {}, ...rest } = file.nats;
  const at = (path: string): string => resolve(folder, path);
  const { ca_file, cert_file, key_file } = tls;
  return {
    ...rest,
    dedupe_window_ms: dedupe_window_seconds * 1_000,
    job_lease_ms: job_lease_seconds * 1_000,
    ...(user !== undefined && { user: reveal(user, environment) }),
    ...(password !== undefined && { password: reveal(password, environment) }),
    ...(token !== undefined && { token: reveal(token, environment) }),
    ...(creds_file !== undefined && { creds_file: at(creds_file) }),
    ...(file.nats.tls !== undefined && {
      tls: {
        ...(ca_file !== undefined && { ca_file: at(ca_file) }),
        ...(cert_file !== undefined && { cert_file: at(cert_file) }),
        ...(key_file !== undefined && { key_file: at(key_file) }),
      },
    }),
  };
}

/** Whoever shows lists keeps them, fed by the journal. */
const without_lists: RunIndex = {
  supports: { durable: false },
  apply: async () => undefined,
  remove: async () => undefined,
  clear: no_lists,
  position: no_lists,
  runs: no_lists,
  run: no_lists,
  live: no_lists,
  tasks: no_lists,
  task: no_lists,
  close: async () => undefined,
};

function no_lists(): Promise<never> {
  return Promise.reject(new LlmteamError('STORE_FAILED', 'this process keeps no lists of runs and tasks'));
}

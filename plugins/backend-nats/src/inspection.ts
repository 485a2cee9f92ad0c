/** What the server and the streams of an installation are like, for people to read. Makes nothing. */
import { is_llmteam_error, type Logger } from '@llmteam/contracts';
import { type JetStreamManager, jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { connect_to_nats } from './connection.js';
import { installed_streams } from './installation.js';
import { Names } from './names.js';
import { is_without_jetstream, nats_error } from './nats-error.js';
import { check_version, type ServerVersion, server_version } from './server-version.js';
import type { NatsSettings } from './settings.js';
import { differences, find_stream, jobs_config } from './streams.js';

export interface InspectedStream {
  readonly name: string;
  readonly exists: boolean;
  readonly storage: 'file' | 'memory' | null;
  readonly replicas: number | null;
  readonly messages: number;
  readonly bytes: number;
  /** How it differs from the configuration, in words. */
  readonly faults: readonly string[];
}

export interface NatsInspection {
  readonly server: string;
  readonly version: string;
  readonly has_jetstream: boolean;
  readonly has_atomic_batches: boolean;
  /** Server's clock minus ours. */
  readonly clock_offset_ms: number | null;
  readonly streams: readonly InspectedStream[];
  /** What keeps the installation from working, in words. */
  readonly problems: readonly string[];
}

/** @throws LlmteamError `BACKEND_UNREACHABLE`, `BACKEND_UNSUITABLE` if the server refuses the credentials */
export async function inspect_nats(settings: NatsSettings, log: Logger): Promise<NatsInspection> {
  const connection = await connect_to_nats({ settings, name: 'llmteam doctor', log, patience_ms: 0 });
  try {
    return await inspect_connection(connection, settings);
  } finally {
    await connection.close();
  }
}

export async function inspect_connection(connection: NatsConnection, settings: NatsSettings): Promise<NatsInspection> {
  const version = server_version(connection.info?.version ?? '0');
  const problems = [...refusals(() => check_version(version)), ...cluster_problems(connection, settings)];
  const server = connection.getServer();
  const common = { server, version: version.text, has_atomic_batches: version.has_atomic_batches };
  try {
    const manager = await jetstreamManager(connection);
    const streams = await inspect_streams(manager, settings, version);
    const clock_offset_ms = await clock_offset(manager, streams);
    const faults = streams.flatMap(({ name, faults: of_stream }) => of_stream.map((fault) => `${name}: ${fault}`));
    return { ...common, has_jetstream: true, clock_offset_ms, streams, problems: [...problems, ...faults] };
  } catch (error) {
    const has_jetstream = !is_without_jetstream(error);
    const problem = has_jetstream ? nats_error('looking at the streams', error).message : 'JetStream is not enabled';
    return { ...common, has_jetstream, clock_offset_ms: null, streams: [], problems: [...problems, problem] };
  }
}

function cluster_problems({ info }: NatsConnection, { replicas }: NatsSettings): string[] {
  if (replicas === 1 || info?.cluster !== undefined) return [];
  return [`replicas is ${replicas}, but the server is not part of a cluster`];
}

async function inspect_streams(
  manager: JetStreamManager,
  settings: NatsSettings,
  version: ServerVersion,
): Promise<InspectedStream[]> {
  const names = new Names(settings.namespace);
  const installed = installed_streams({ settings, names, version });
  const is_installed = (await find_stream(manager, names.registry_stream)) !== null;
  const streams: InspectedStream[] = [];
  for (const config of [...installed, jobs_config(settings, names, version)]) {
    const found = await find_stream(manager, config.name);
    const if_missing = is_installed && config.name !== names.jobs_stream ? ['it is gone'] : [];
    streams.push({
      name: config.name,
      exists: found !== null,
      storage: found?.config.storage ?? null,
      replicas: found?.config.num_replicas ?? null,
      messages: found?.state.messages ?? 0,
      bytes: found?.state.bytes ?? 0,
      faults: found === null ? if_missing : differences(config, found),
    });
  }
  return streams;
}

async function clock_offset(manager: JetStreamManager, streams: readonly InspectedStream[]): Promise<number | null> {
  const existing = streams.find(({ exists }) => exists);
  if (existing === undefined) return null;
  const before = Date.now();
  const { ts } = await manager.streams.info(existing.name);
  return ts === undefined ? null : Math.round(Date.parse(ts) - (before + Date.now()) / 2);
}

function refusals(check: () => void): string[] {
  try {
    check();
    return [];
  } catch (error) {
    return [is_llmteam_error(error) ? error.message : String(error)];
  }
}

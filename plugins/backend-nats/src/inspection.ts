/** What the server and the streams of an installation are like, for people to read. Makes nothing. */
import { is_llmteam_error, type Logger } from '@llmteam/contracts';
import { type JetStreamManager, jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { connect_to_nats } from './connection.js';
import { Names } from './names.js';
import { nats_error } from './nats-error.js';
import { check_version, server_version } from './server-version.js';
import type { NatsSettings } from './settings.js';
import { differences, find_stream, jobs_config, journal_config } from './streams.js';

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
  const problems = refusals(() => check_version(version));
  const server = connection.getServer();
  const common = { server, version: version.text, has_atomic_batches: version.has_atomic_batches };
  try {
    const manager = await jetstreamManager(connection);
    const streams = await inspect_streams(manager, settings);
    const clock_offset_ms = await clock_offset(manager, streams);
    const faults = streams.flatMap(({ name, faults: of_stream }) => of_stream.map((fault) => `${name}: ${fault}`));
    return { ...common, has_jetstream: true, clock_offset_ms, streams, problems: [...problems, ...faults] };
  } catch (error) {
    const problem = nats_error('JetStream', error).message;
    return { ...common, has_jetstream: false, clock_offset_ms: null, streams: [], problems: [...problems, problem] };
  }
}

async function inspect_streams(manager: JetStreamManager, settings: NatsSettings): Promise<InspectedStream[]> {
  const names = new Names(settings.namespace);
  const version = server_version('0');
  const wanted = Array.from({ length: settings.partitions }, (_, partition) =>
    journal_config(settings, names, version, partition),
  );
  const streams: InspectedStream[] = [];
  for (const config of [...wanted, jobs_config(settings, names, version)]) {
    const found = await find_stream(manager, config.name);
    streams.push({
      name: config.name,
      exists: found !== null,
      storage: found?.config.storage ?? null,
      replicas: found?.config.num_replicas ?? null,
      messages: found?.state.messages ?? 0,
      bytes: found?.state.bytes ?? 0,
      faults: found === null ? [] : differences(config, found),
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

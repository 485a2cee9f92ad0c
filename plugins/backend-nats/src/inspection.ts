/** A human-readable report on the server and an installation's streams. Read-only. */
import { isLlmteamError, type Logger } from '@llmteam/contracts';
import { type JetStreamManager, jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { connectToNats } from './connection.js';
import { installedStreams } from './installation.js';
import { Names } from './names.js';
import { isWithoutJetstream, natsError } from './nats-error.js';
import { checkVersion, type ServerVersion, serverVersion } from './server-version.js';
import type { NatsSettings } from './settings.js';
import { differences, findStream, jobsConfig } from './streams.js';

export interface InspectedStream {
  readonly name: string;
  readonly exists: boolean;
  readonly storage: 'file' | 'memory' | null;
  readonly replicas: number | null;
  readonly messages: number;
  readonly bytes: number;
  /** Descriptions of how it differs from the configuration. */
  readonly faults: readonly string[];
}

export interface NatsInspection {
  readonly server: string;
  readonly version: string;
  readonly hasJetstream: boolean;
  readonly hasAtomicBatches: boolean;
  /** Server clock minus local clock. */
  readonly clockOffsetMs: number | null;
  readonly streams: readonly InspectedStream[];
  /** Descriptions of what keeps the installation from working. */
  readonly problems: readonly string[];
}

/** @throws LlmteamError `BACKEND_UNREACHABLE`, `BACKEND_UNSUITABLE` if the server refuses the credentials */
export async function inspectNats(settings: NatsSettings, log: Logger): Promise<NatsInspection> {
  const connection = await connectToNats({ settings, name: 'llmteam doctor', log, patienceMs: 0 });
  try {
    return await inspectConnection(connection, settings);
  } finally {
    await connection.close();
  }
}

async function inspectConnection(connection: NatsConnection, settings: NatsSettings): Promise<NatsInspection> {
  const version = serverVersion(connection.info?.version ?? '0');
  const problems = [...refusals(() => checkVersion(version)), ...clusterProblems(connection, settings)];
  const server = connection.getServer();
  const common = { server, version: version.text, hasAtomicBatches: version.hasAtomicBatches };
  try {
    const manager = await jetstreamManager(connection);
    const streams = await inspectStreams(manager, settings, version);
    const clockOffsetMs = await clockOffset(manager, streams);
    const faults = streams.flatMap(({ name, faults: ofStream }) => ofStream.map((fault) => `${name}: ${fault}`));
    return { ...common, hasJetstream: true, clockOffsetMs, streams, problems: [...problems, ...faults] };
  } catch (error) {
    const hasJetstream = !isWithoutJetstream(error);
    const problem = hasJetstream ? natsError('inspecting the streams', error).message : 'JetStream is not enabled';
    return { ...common, hasJetstream, clockOffsetMs: null, streams: [], problems: [...problems, problem] };
  }
}

function clusterProblems({ info }: NatsConnection, { replicas }: NatsSettings): string[] {
  if (replicas === 1 || info?.cluster !== undefined) return [];
  return [`replicas is ${replicas}, but the server is not part of a cluster`];
}

async function inspectStreams(
  manager: JetStreamManager,
  settings: NatsSettings,
  version: ServerVersion,
): Promise<InspectedStream[]> {
  const names = new Names(settings.namespace);
  const installed = installedStreams({ settings, names, version });
  const isInstalled = (await findStream(manager, names.kvStream)) !== null;
  const streams: InspectedStream[] = [];
  for (const config of [...installed, jobsConfig(settings, names, version)]) {
    const found = await findStream(manager, config.name);
    const ifMissing = isInstalled && config.name !== names.jobsStream ? ['it is gone'] : [];
    streams.push({
      name: config.name,
      exists: found !== null,
      storage: found?.config.storage ?? null,
      replicas: found?.config.num_replicas ?? null,
      messages: found?.state.messages ?? 0,
      bytes: found?.state.bytes ?? 0,
      faults: found === null ? ifMissing : differences(config, found),
    });
  }
  return streams;
}

async function clockOffset(manager: JetStreamManager, streams: readonly InspectedStream[]): Promise<number | null> {
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
    return [isLlmteamError(error) ? error.message : String(error)];
  }
}

/**
 * Purpose: creates or checks the streams and buckets of an installation, except the jobs stream.
 * Owns: the order of creation, which tells whether a missing stream was lost.
 * Invariant: the key-value bucket is created last. If it exists, the journal and the blobs existed; if there are facts, the
 * bucket existed.
 */
import { LlmteamError } from '@llmteam/contracts';
import { type JetStreamManager, jetstream, StorageType, type StreamInfo } from '@nats-io/jetstream';
import { type KV, Kvm } from '@nats-io/kv';
import { type ObjectStore, Objm } from '@nats-io/obj';
import type { NatsConnection } from '@nats-io/transport-node';
import type { Names } from './names.js';
import type { ServerVersion } from './server-version.js';
import type { NatsSettings } from './settings.js';
import { bucketConfig, checkStreams, ensureStream, findStream, journalConfig, type Wanted } from './streams.js';

export interface Installation {
  readonly connection: NatsConnection;
  readonly manager: JetStreamManager;
  readonly settings: NatsSettings;
  readonly names: Names;
  readonly version: ServerVersion;
}

export interface Buckets {
  readonly kv: KV;
  readonly objects: ObjectStore;
}

type Found = readonly [Wanted, StreamInfo | null];

/**
 * @throws LlmteamError `BACKEND_UNSUITABLE` listing all differences from the configuration, `STORE_CORRUPT` if a part is gone,
 * `BACKEND_UNREACHABLE`
 */
export async function ensureInstallation(installation: Installation): Promise<Buckets> {
  const { connection, manager, settings, names } = installation;
  const registry = bucketConfig(settings, names.kvStream);
  const foundKvStore = await findStream(manager, registry.name);
  const others = await findAll(manager, [...journalStreams(installation), blobsStream(installation)]);
  checkStreams([[registry, foundKvStore], ...others]);
  if (foundKvStore === null) await checkEmpty(manager, registry.name, others);
  else checkComplete(others);

  for (const wanted of journalStreams(installation)) await ensureStream(manager, wanted);
  const js = jetstream(connection);
  const { replicas } = settings;
  const objects = await new Objm(js).create(names.blobsBucket, { replicas, storage: StorageType.File });
  const kv = await new Kvm(js).create(names.kvBucket, {
    history: 1,
    replicas,
    storage: StorageType.File,
    // Replicas may lag; compare-and-swap must read from the leader.
    allow_direct: replicas === 1,
  });
  return { kv, objects };
}

/** The streams that `ensureInstallation` creates. */
export function installedStreams(installation: Omit<Installation, 'connection' | 'manager'>): Wanted[] {
  const { settings, names } = installation;
  const registry = bucketConfig(settings, names.kvStream);
  return [...journalStreams(installation), blobsStream(installation), registry];
}

function journalStreams({ settings, names, version }: Omit<Installation, 'connection' | 'manager'>): Wanted[] {
  return Array.from({ length: settings.partitions }, (_, partition) =>
    journalConfig(settings, names, version, partition),
  );
}

function blobsStream({ settings, names }: Omit<Installation, 'connection' | 'manager'>): Wanted {
  return bucketConfig(settings, names.blobsStream);
}

async function findAll(manager: JetStreamManager, all: readonly Wanted[]): Promise<Found[]> {
  const found: Found[] = [];
  for (const wanted of all) found.push([wanted, await findStream(manager, wanted.name)]);
  return found;
}

/** Recreating a lost stream would reuse sequences that checkpoints refer to. */
function checkComplete(found: readonly Found[]): void {
  const gone = found.flatMap(([{ name }, info]) => (info === null ? [name] : []));
  if (gone.length > 0) throw lost(gone);
}

async function checkEmpty(manager: JetStreamManager, registry: string, found: readonly Found[]): Promise<void> {
  const isEmpty = found.every(([, info]) => (info?.state.last_seq ?? 0) === 0);
  // Another process may have just created everything.
  if (!isEmpty && (await findStream(manager, registry)) === null) throw lost([registry]);
}

function lost(streams: readonly string[]): LlmteamError {
  const fix = 'restore it from a backup, or delete all streams of the installation to start over';
  return new LlmteamError('STORE_CORRUPT', `the installation has lost ${streams.join(', ')}; ${fix}`);
}

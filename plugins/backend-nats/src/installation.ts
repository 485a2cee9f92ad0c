/**
 * Purpose: the streams and buckets of an installation, but for the jobs: made if they are not there, checked if they are.
 * Owns: the order they are made in, from which follows whether one that is missing was lost.
 * Invariant: the registry is made last. Where it is, the journal and the blobs have been; where facts are, the registry has been.
 */
import { LlmteamError } from '@llmteam/contracts';
import { type JetStreamManager, jetstream, StorageType, type StreamInfo } from '@nats-io/jetstream';
import { type KV, Kvm } from '@nats-io/kv';
import { type ObjectStore, Objm } from '@nats-io/obj';
import type { NatsConnection } from '@nats-io/transport-node';
import type { Names } from './names.js';
import type { ServerVersion } from './server-version.js';
import type { NatsSettings } from './settings.js';
import { bucket_config, check_streams, ensure_stream, find_stream, journal_config, type Wanted } from './streams.js';

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
 * @throws LlmteamError `BACKEND_UNSUITABLE` naming all that is not as configured, `STORE_CORRUPT` if a part is gone,
 * `BACKEND_UNREACHABLE`
 */
export async function ensure_installation(installation: Installation): Promise<Buckets> {
  const { connection, manager, settings, names } = installation;
  const registry = bucket_config(settings, names.registry_stream);
  const found_registry = await find_stream(manager, registry.name);
  const others = await find_all(manager, [...journal_streams(installation), blobs_stream(installation)]);
  check_streams([[registry, found_registry], ...others]);
  if (found_registry === null) await check_empty(manager, registry.name, others);
  else check_complete(others);

  for (const wanted of journal_streams(installation)) await ensure_stream(manager, wanted);
  const js = jetstream(connection);
  const { replicas } = settings;
  const objects = await new Objm(js).create(names.blobs_bucket, { replicas, storage: StorageType.File });
  const kv = await new Kvm(js).create(names.registry_bucket, {
    history: 1,
    replicas,
    storage: StorageType.File,
    // A copy may be behind; values that are compared and swapped are read from the leader.
    allow_direct: replicas === 1,
  });
  return { kv, objects };
}

/** What `ensure_installation` makes. */
export function installed_streams(installation: Omit<Installation, 'connection' | 'manager'>): Wanted[] {
  const { settings, names } = installation;
  const registry = bucket_config(settings, names.registry_stream);
  return [...journal_streams(installation), blobs_stream(installation), registry];
}

function journal_streams({ settings, names, version }: Omit<Installation, 'connection' | 'manager'>): Wanted[] {
  return Array.from({ length: settings.partitions }, (_, partition) =>
    journal_config(settings, names, version, partition),
  );
}

function blobs_stream({ settings, names }: Omit<Installation, 'connection' | 'manager'>): Wanted {
  return bucket_config(settings, names.blobs_stream);
}

async function find_all(manager: JetStreamManager, all: readonly Wanted[]): Promise<Found[]> {
  const found: Found[] = [];
  for (const wanted of all) found.push([wanted, await find_stream(manager, wanted.name)]);
  return found;
}

/** Going on with an empty part would give sequences out again that checkpoints stand for. */
function check_complete(found: readonly Found[]): void {
  const gone = found.flatMap(([{ name }, info]) => (info === null ? [name] : []));
  if (gone.length > 0) throw lost(gone);
}

async function check_empty(manager: JetStreamManager, registry: string, found: readonly Found[]): Promise<void> {
  const is_empty = found.every(([, info]) => (info?.state.last_seq ?? 0) === 0);
  // Another process may have made everything in this moment.
  if (!is_empty && (await find_stream(manager, registry)) === null) throw lost([registry]);
}

function lost(streams: readonly string[]): LlmteamError {
  const way_out = 'restore it from a backup, or delete all streams of the installation to begin anew';
  return new LlmteamError('STORE_CORRUPT', `the installation has lost ${streams.join(', ')}; ${way_out}`);
}

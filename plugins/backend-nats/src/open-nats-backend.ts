/**
 * Purpose: the ports of a backend on one connection.
 * Owns: what is made at the start, and what is looked after while it is open: a stream of jobs in memory is gone when its server restarts.
 */
import type { Backend, Clock, Logger, RunIndex } from '@llmteam/contracts';
import { type JetStreamManager, jetstream, jetstreamManager, StorageType } from '@nats-io/jetstream';
import { type KV, Kvm } from '@nats-io/kv';
import { type ObjectStore, Objm } from '@nats-io/obj';
import type { NatsConnection } from '@nats-io/transport-node';
import { AckedPublisher } from './acked-publisher.js';
import { BatchingPublisher } from './batching-publisher.js';
import { Bodies } from './bodies.js';
import { connect_to_nats } from './connection.js';
import { inspect_connection, type NatsInspection } from './inspection.js';
import { JobsStream } from './jobs-stream.js';
import { Names } from './names.js';
import { NatsBlobs } from './nats-blobs.js';
import { nats_error } from './nats-error.js';
import { NatsJobQueue } from './nats-job-queue.js';
import { NatsJournal } from './nats-journal.js';
import { NatsRegistry } from './nats-registry.js';
import { NatsSignals } from './nats-signals.js';
import { Retention } from './retention.js';
import { ServerTime } from './server-time.js';
import { check_version, type ServerVersion, server_version } from './server-version.js';
import { check_settings, type NatsSettings } from './settings.js';
import { ensure_stream, journal_config } from './streams.js';

export interface NatsBackendOptions {
  readonly settings: NatsSettings;
  /** Shown in the servers' lists of connections. */
  readonly name: string;
  readonly clock: Clock;
  readonly log: Logger;
  /** Lists are kept beside whoever shows them. */
  readonly index: RunIndex;
  /** The stream of jobs was made anew, or jobs may have been lost with a server: what is outstanding must be published again. */
  readonly on_jobs_lost?: () => void;
  /** How long to wait for the server at the start. Default 10,000. */
  readonly patience_ms?: number;
}

export interface NatsBackend extends Backend {
  is_connected(): boolean;
  inspect(): Promise<NatsInspection>;
  readonly retention: Retention;
}

const window = 1_024;

/** @throws LlmteamError `BACKEND_UNREACHABLE`, `BACKEND_UNSUITABLE`, `CONFIG_INVALID` */
export async function open_nats_backend(options: NatsBackendOptions): Promise<NatsBackend> {
  check_settings(options.settings);
  const { settings, name, log, patience_ms = 10_000 } = options;
  const connection = await connect_to_nats({ settings, name, log, patience_ms });
  try {
    return await open_ports(options, connection);
  } catch (error) {
    await connection.close();
    throw nats_error('opening the NATS backend', error);
  }
}

async function open_ports(options: NatsBackendOptions, connection: NatsConnection): Promise<NatsBackend> {
  const { settings, log, index } = options;
  const names = new Names(settings.namespace);
  const version = server_version(connection.info?.version ?? '0');
  check_version(version);
  const manager = await jetstreamManager(connection);
  const { kv, objects } = await open_stores(connection, settings, names);
  const jobs_stream = new JobsStream(connection, manager, settings, names, version, log);
  await jobs_stream.ensure();
  await ensure_journal(manager, settings, names, version);
  const time = new ServerTime(manager, `KV_${names.registry_bucket}`);
  await time.keep_measured();
  jobs_stream.watch(() => options.on_jobs_lost?.());

  const publisher = new AckedPublisher(connection, window);
  const takes_batches = version.has_atomic_batches && settings.atomic_batches === 'auto';
  const make_publisher = (batches: boolean): BatchingPublisher =>
    new BatchingPublisher(connection, publisher, takes_batches && batches);
  const blobs = new NatsBlobs(objects);
  const bodies = new Bodies(blobs);
  const { partitions, job_lease_ms: lease_ms, jobs_storage } = settings;
  const publishers = Array.from({ length: partitions }, () => make_publisher(true));
  const journal = new NatsJournal({ connection, manager, names, bodies, partitions, publishers });
  const durable = jobs_storage === 'file';
  const queue = new NatsJobQueue({
    connection,
    manager,
    names,
    bodies,
    publisher: make_publisher(durable),
    log,
    lease_ms,
    durable,
    make_stream: () => jobs_stream.ensure(),
  });
  const signals = new NatsSignals(connection, names, log);
  const registry = new NatsRegistry({ connection, manager, bucket: names.registry_bucket, kv, time });
  return {
    journal,
    queue,
    signals,
    registry,
    blobs,
    index,
    is_connected: () => !connection.isClosed() && jobs_stream.is_connected,
    inspect: () => inspect_connection(connection, settings),
    retention: new Retention(connection, manager, names, () => time.now()),
    async close() {
      for (const port of [queue, signals, journal, registry, blobs, index, publisher]) await port.close();
      await connection.close();
    },
  };
}

async function open_stores(
  connection: NatsConnection,
  settings: NatsSettings,
  names: Names,
): Promise<{ kv: KV; objects: ObjectStore }> {
  const { replicas } = settings;
  const js = jetstream(connection);
  const kv = await new Kvm(js).create(names.registry_bucket, {
    history: 1,
    replicas,
    storage: StorageType.File,
    // A copy may be behind; values that are compared and swapped are read from the leader.
    allow_direct: replicas === 1,
  });
  const objects = await new Objm(js).create(names.blobs_bucket, { replicas, storage: StorageType.File });
  return { kv, objects };
}

async function ensure_journal(
  manager: JetStreamManager,
  settings: NatsSettings,
  names: Names,
  version: ServerVersion,
): Promise<void> {
  for (let partition = 0; partition < settings.partitions; partition++) {
    await ensure_stream(manager, journal_config(settings, names, version, partition));
  }
}

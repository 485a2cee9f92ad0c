/**
 * Purpose: the ports of a backend on one connection.
 * Owns: the patience of the start, the order of the end.
 */
import type { Backend, Clock, Logger, RunIndex } from '@llmteam/contracts';
import { LlmteamError } from '@llmteam/contracts';
import { type JetStreamManager, jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { AckedPublisher } from './acked-publisher.js';
import { BatchingPublisher } from './batching-publisher.js';
import { Bodies } from './bodies.js';
import { connect_to_nats } from './connection.js';
import { ConnectionWatch } from './connection-watch.js';
import { inspect_connection, type NatsInspection } from './inspection.js';
import { type Buckets, ensure_installation } from './installation.js';
import { JobsStream } from './jobs-stream.js';
import { Names } from './names.js';
import { NatsBlobs } from './nats-blobs.js';
import { is_without_jetstream, nats_error } from './nats-error.js';
import { NatsJobQueue } from './nats-job-queue.js';
import { NatsJournal } from './nats-journal.js';
import { NatsRegistry } from './nats-registry.js';
import { NatsSignals } from './nats-signals.js';
import { Retention } from './retention.js';
import { ServerTime } from './server-time.js';
import { check_version, type ServerVersion, server_version } from './server-version.js';
import { check_settings, type NatsSettings } from './settings.js';

export interface NatsBackendOptions {
  readonly settings: NatsSettings;
  /** Shown in the servers' lists of connections. */
  readonly name: string;
  readonly clock: Clock;
  readonly log: Logger;
  /** Lists are kept beside whoever shows them. */
  readonly index: RunIndex;
  /** Jobs may have been lost, with their stream or with a server: what is outstanding must be published again. */
  readonly on_jobs_lost?: () => void;
  /** How long to wait for the server at the start. Default 10,000. */
  readonly patience_ms?: number;
}

export interface NatsBackend extends Backend {
  is_connected(): boolean;
  inspect(): Promise<NatsInspection>;
  readonly retention: Retention;
}

/** What the ports are made of. */
interface Parts {
  readonly options: NatsBackendOptions;
  readonly connection: NatsConnection;
  readonly watch: ConnectionWatch;
  readonly manager: JetStreamManager;
  readonly names: Names;
  readonly version: ServerVersion;
  readonly jobs_stream: JobsStream;
  readonly time: ServerTime;
  readonly buckets: Buckets;
}

/** Messages that are published and not acknowledged yet. */
const window = 1_024;
const pause_ms = 250;
/** For the last words at the end. */
const farewell_ms = 1_000;

/** @throws LlmteamError `BACKEND_UNREACHABLE`, `BACKEND_UNSUITABLE`, `STORE_CORRUPT`, `CONFIG_INVALID` */
export async function open_nats_backend(options: NatsBackendOptions): Promise<NatsBackend> {
  check_settings(options.settings);
  const { settings, name, log, patience_ms = 10_000 } = options;
  const until = performance.now() + patience_ms;
  const connection = await connect_to_nats({ settings, name, log, patience_ms });
  const watch = new ConnectionWatch(connection, log);
  for (;;) {
    try {
      return open_ports(await prepare(options, connection, watch));
    } catch (thrown) {
      const error = opening_error(thrown);
      if (!error.recoverable || performance.now() + pause_ms >= until) {
        await connection.close();
        throw error;
      }
      log.info({ err: error }, 'the NATS server is not ready yet; trying again');
      await watch.pause(pause_ms);
    }
  }
}

function opening_error(thrown: unknown): LlmteamError {
  if (!is_without_jetstream(thrown)) return nats_error('opening the NATS backend', thrown);
  const message = 'the NATS server has no JetStream, or not for this account';
  return new LlmteamError('BACKEND_UNSUITABLE', message, { cause: thrown });
}

/** All that asks the server: nothing is left behind if it fails. */
async function prepare(
  options: NatsBackendOptions,
  connection: NatsConnection,
  watch: ConnectionWatch,
): Promise<Parts> {
  const { settings, log, on_jobs_lost } = options;
  const names = new Names(settings.namespace);
  const version = server_version(connection.info?.version ?? '0');
  check_version(version);
  const manager = await watch.ask(() => jetstreamManager(connection));
  const buckets = await watch.ask(() => ensure_installation({ connection, manager, settings, names, version }));
  const time = new ServerTime(watch, manager, names.registry_stream);
  await time.keep_measured();
  const lost = (): void => on_jobs_lost?.();
  const jobs_stream = new JobsStream({ connection, watch, manager, settings, names, version, log, lost });
  try {
    await jobs_stream.ensure();
  } catch (error) {
    jobs_stream.close();
    throw error;
  }
  return { options, connection, watch, manager, names, version, jobs_stream, time, buckets };
}

function open_ports(parts: Parts): NatsBackend {
  const { options, connection, watch, manager, names, jobs_stream, time, buckets } = parts;
  const { settings, log, index } = options;
  const { partitions } = settings;
  const publisher = new AckedPublisher(connection, watch, window);
  const blobs = new NatsBlobs({ connection, watch, manager, names, store: buckets.objects });
  const bodies = new Bodies(blobs, () => connection.info?.max_payload ?? 0);
  const publishers = Array.from({ length: partitions }, () => publisher_of(parts, publisher, true));
  const journal = new NatsJournal({ connection, watch, manager, names, bodies, partitions, publishers });
  const durable = settings.jobs_storage === 'file';
  const queue = new NatsJobQueue({
    connection,
    watch,
    manager,
    names,
    bodies,
    publisher: publisher_of(parts, publisher, durable),
    log,
    lease_ms: settings.job_lease_ms,
    durable,
    make_stream: () => jobs_stream.ensure(),
  });
  const signals = new NatsSignals(connection, names, log);
  const registry = new NatsRegistry({ connection, watch, manager, names, kv: buckets.kv, time });
  return {
    journal,
    queue,
    signals,
    registry,
    blobs,
    index,
    is_connected: () => watch.is_connected,
    inspect: () => inspect_connection(connection, settings),
    retention: new Retention({ connection, watch, manager, names, bodies }, () => time.now()),
    async close() {
      jobs_stream.close();
      for (const port of [queue, signals, journal, registry, blobs, index, publisher]) await port.close();
      await Promise.race([said_all(parts), watch.pause(farewell_ms)]);
      await connection.close();
    },
  };
}

/** The server has heard what was sent last: which consumers are not needed any more, which jobs are given back. */
async function said_all({ connection, watch }: Parts): Promise<void> {
  await watch.ask(() => connection.flush()).catch(() => undefined);
}

function publisher_of(parts: Parts, publisher: AckedPublisher, is_on_disk: boolean): BatchingPublisher {
  const { options, connection, version } = parts;
  const takes_batches = version.has_atomic_batches && options.settings.atomic_batches;
  return new BatchingPublisher(connection, publisher, takes_batches && is_on_disk);
}

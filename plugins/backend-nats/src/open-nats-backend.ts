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
import { connectToNats } from './connection.js';
import { ConnectionWatch } from './connection-watch.js';
import { inspectConnection, type NatsInspection } from './inspection.js';
import { type Buckets, ensureInstallation } from './installation.js';
import { JobsStream } from './jobs-stream.js';
import { Names } from './names.js';
import { NatsBlobs } from './nats-blobs.js';
import { isWithoutJetstream, natsError } from './nats-error.js';
import { NatsJobQueue } from './nats-job-queue.js';
import { NatsJournal } from './nats-journal.js';
import { NatsKvStore } from './nats-kv-store.js';
import { NatsPubSub } from './nats-pub-sub.js';
import { Retention } from './retention.js';
import { ServerTime } from './server-time.js';
import { checkVersion, type ServerVersion, serverVersion } from './server-version.js';
import { checkSettings, type NatsSettings } from './settings.js';

export interface NatsBackendOptions {
  readonly settings: NatsSettings;
  /** Shown in the servers' lists of connections. */
  readonly name: string;
  readonly clock: Clock;
  readonly log: Logger;
  /** Lists are kept beside whoever shows them. */
  readonly index: RunIndex;
  /** Jobs may have been lost, with their stream or with a server: what is outstanding must be published again. */
  readonly onJobsLost?: () => void;
  /** How long to wait for the server at the start. Default 10,000. */
  readonly patienceMs?: number;
}

export interface NatsBackend extends Backend {
  isConnected(): boolean;
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
  readonly jobsStream: JobsStream;
  readonly time: ServerTime;
  readonly buckets: Buckets;
}

/** Messages that are published and not acknowledged yet. */
const window = 1_024;
const pauseMs = 250;
/** For the last words at the end. */
const farewellMs = 1_000;

/** @throws LlmteamError `BACKEND_UNREACHABLE`, `BACKEND_UNSUITABLE`, `STORE_CORRUPT`, `CONFIG_INVALID` */
export async function openNatsBackend(options: NatsBackendOptions): Promise<NatsBackend> {
  checkSettings(options.settings);
  const { settings, name, log, patienceMs = 10_000 } = options;
  const until = performance.now() + patienceMs;
  const connection = await connectToNats({ settings, name, log, patienceMs });
  const watch = new ConnectionWatch(connection, log);
  for (;;) {
    try {
      return openPorts(await prepare(options, connection, watch));
    } catch (thrown) {
      const error = openingError(thrown);
      if (!error.recoverable || performance.now() + pauseMs >= until) {
        await connection.close();
        throw error;
      }
      log.info({ err: error }, 'the NATS server is not ready yet; trying again');
      await watch.pause(pauseMs);
    }
  }
}

function openingError(thrown: unknown): LlmteamError {
  if (!isWithoutJetstream(thrown)) return natsError('opening the NATS backend', thrown);
  const message = 'the NATS server has no JetStream, or not for this account';
  return new LlmteamError('BACKEND_UNSUITABLE', message, { cause: thrown });
}

/** All that asks the server: nothing is left behind if it fails. */
async function prepare(
  options: NatsBackendOptions,
  connection: NatsConnection,
  watch: ConnectionWatch,
): Promise<Parts> {
  const { settings, log, onJobsLost } = options;
  const names = new Names(settings.namespace);
  const version = serverVersion(connection.info?.version ?? '0');
  checkVersion(version);
  const manager = await watch.ask(() => jetstreamManager(connection));
  const buckets = await watch.ask(() => ensureInstallation({ connection, manager, settings, names, version }));
  const time = new ServerTime(watch, manager, names.kvStream);
  await time.keepMeasured();
  const lost = (): void => onJobsLost?.();
  const jobsStream = new JobsStream({ connection, watch, manager, settings, names, version, log, lost });
  try {
    await jobsStream.ensure();
  } catch (error) {
    jobsStream.close();
    throw error;
  }
  return { options, connection, watch, manager, names, version, jobsStream, time, buckets };
}

function openPorts(parts: Parts): NatsBackend {
  const { options, connection, watch, manager, names, jobsStream, time, buckets } = parts;
  const { settings, log, index } = options;
  const { partitions } = settings;
  const publisher = new AckedPublisher(connection, watch, window);
  const blobs = new NatsBlobs({ connection, watch, manager, names, store: buckets.objects });
  const bodies = new Bodies(blobs, () => connection.info?.max_payload ?? 0);
  const publishers = Array.from({ length: partitions }, () => publisherOf(parts, publisher, true));
  const journal = new NatsJournal({ connection, watch, manager, names, bodies, partitions, publishers });
  const durable = settings.jobsStorage === 'file';
  const queue = new NatsJobQueue({
    connection,
    watch,
    manager,
    names,
    bodies,
    publisher: publisherOf(parts, publisher, durable),
    log,
    leaseMs: settings.jobLeaseMs,
    durable,
    makeStream: () => jobsStream.ensure(),
  });
  const pubSub = new NatsPubSub(connection, names, log);
  const kv = new NatsKvStore({ connection, watch, manager, names, kv: buckets.kv, time });
  return {
    journal,
    queue,
    pubSub,
    kv,
    blobs,
    index,
    isConnected: () => watch.isConnected,
    inspect: () => inspectConnection(connection, settings),
    retention: new Retention({ connection, watch, manager, names, bodies }, () => time.now()),
    async close() {
      jobsStream.close();
      for (const port of [queue, pubSub, journal, kv, blobs, index, publisher]) await port.close();
      await Promise.race([saidAll(parts), watch.pause(farewellMs)]);
      await connection.close();
    },
  };
}

/** The server has heard what was sent last: which consumers are not needed any more, which jobs are given back. */
async function saidAll({ connection, watch }: Parts): Promise<void> {
  await watch.ask(() => connection.flush()).catch(() => undefined);
}

function publisherOf(parts: Parts, publisher: AckedPublisher, isOnDisk: boolean): BatchingPublisher {
  const { options, connection, version } = parts;
  const takesBatches = version.hasAtomicBatches && options.settings.atomicBatches;
  return new BatchingPublisher(connection, publisher, takesBatches && isOnDisk);
}

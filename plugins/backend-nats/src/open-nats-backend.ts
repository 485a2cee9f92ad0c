/**
 * Purpose: opens all ports of a backend on one connection.
 * Owns: retries at startup, the order of shutdown.
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
import { type Buckets, ensureInstallation } from './installation.js';
import { JobsStream } from './jobs-stream.js';
import { Names } from './names.js';
import { NatsBlobs } from './nats-blobs.js';
import { isWithoutJetstream, natsError } from './nats-error.js';
import { NatsJobQueue } from './nats-job-queue.js';
import { NatsJournal } from './nats-journal.js';
import { NatsKvStore } from './nats-kv-store.js';
import { NatsPubSub } from './nats-pub-sub.js';
import { NatsRetention } from './retention.js';
import { ServerTime } from './server-time.js';
import { checkVersion, type ServerVersion, serverVersion } from './server-version.js';
import { checkSettings, type NatsSettings } from './settings.js';

export interface NatsBackendOptions {
  readonly settings: NatsSettings;
  /** Shown in the server's list of connections. */
  readonly name: string;
  readonly clock: Clock;
  readonly log: Logger;
  /** The run index, which is local to the process that serves lists. */
  readonly index: RunIndex;
  /** Called when jobs may have been lost with their stream or a server, and outstanding ones must be republished. */
  readonly onJobsLost?: () => void;
  /** How long to wait for the server at startup. Default 10,000. */
  readonly patienceMs?: number;
}

export interface NatsBackend extends Backend {
  readonly retention: NatsRetention;
}

/** Shared dependencies of the ports. */
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

/** Maximum number of published messages without an acknowledgement. */
const window = 1_024;
const pauseMs = 250;
/** How long `close` waits for the final flush. */
const closeFlushMs = 1_000;

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
  const message = 'JetStream is not enabled on the NATS server, or not for this account';
  return new LlmteamError('BACKEND_UNSUITABLE', message, { cause: thrown });
}

/** Makes all requests needed at startup, and leaves nothing behind if one fails. */
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
    retention: new NatsRetention({ connection, watch, manager, names, bodies }, () => time.now()),
    async close() {
      jobsStream.close();
      for (const port of [queue, pubSub, journal, kv, blobs, index, publisher]) await port.close();
      await Promise.race([flush(parts), watch.pause(closeFlushMs)]);
      await connection.close();
    },
  };
}

/** Makes sure the server received the last messages, such as deleted consumers and nacked jobs. */
async function flush({ connection, watch }: Parts): Promise<void> {
  await watch.ask(() => connection.flush()).catch(() => undefined);
}

function publisherOf(parts: Parts, publisher: AckedPublisher, isOnDisk: boolean): BatchingPublisher {
  const { options, connection, version } = parts;
  const usesBatches = version.hasAtomicBatches && options.settings.atomicBatches;
  return new BatchingPublisher(connection, publisher, usesBatches && isOnDisk);
}

/**
 * Purpose: the stream of jobs while the backend is open: made when it is missing, and watched.
 * Owns: noticing that jobs were lost with it. Jobs follow from the journal, so losing them costs nothing but publishing them again;
 * telling it once too often costs no more, because the stream refuses what is queued already.
 */
import type { Logger } from '@llmteam/contracts';
import type { JetStreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import type { ConnectionWatch } from './connection-watch.js';
import type { Names } from './names.js';
import type { ServerVersion } from './server-version.js';
import type { NatsSettings } from './settings.js';
import { ensureStream, jobsConfig } from './streams.js';

export interface JobsStreamOptions {
  readonly connection: NatsConnection;
  readonly watch: ConnectionWatch;
  readonly manager: JetStreamManager;
  readonly settings: NatsSettings;
  readonly names: Names;
  readonly version: ServerVersion;
  readonly log: Logger;
  /** What is outstanding must be published again. */
  readonly lost: () => void;
}

/** Somebody else may delete the stream, or make it anew: only looking tells. */
const lookEveryMs = 5_000;
const firstPauseMs = 50;

export class JobsStream {
  /** When the stream was made, by the server; '' before the first look. */
  private madeAt = '';
  private serverId: string | undefined;
  /** A server that was started again may have forgotten jobs it had acknowledged, if it does not sync each of them. */
  private isInDoubt = false;
  private looking: Promise<void> | null = null;
  private readonly stopListening: () => void;
  private readonly timer: NodeJS.Timeout;

  constructor(private readonly options: JobsStreamOptions) {
    const { connection, watch } = options;
    this.serverId = connection.info?.server_id;
    this.stopListening = watch.on('back', () => this.connectedAgain());
    this.timer = setInterval(() => void this.look(), lookEveryMs);
    this.timer.unref();
  }

  /** Makes the stream if it is not there, and notices if it is another one than before. */
  async ensure(): Promise<void> {
    this.looking ??= this.find().finally(() => {
      this.looking = null;
    });
    await this.looking;
  }

  close(): void {
    clearInterval(this.timer);
    this.stopListening();
  }

  private async find(): Promise<void> {
    const { watch, manager, settings, names, version, log, lost } = this.options;
    const { created } = await watch.ask(() => ensureStream(manager, jobsConfig(settings, names, version)));
    const isAnother = this.madeAt !== '' && this.madeAt !== created;
    this.madeAt = created;
    if (!isAnother && !this.isInDoubt) return;
    this.isInDoubt = false;
    const stream = names.jobsStream;
    log.warn(
      { stream, is_another: isAnother },
      'jobs may be lost with a server; those outstanding are published again',
    );
    lost();
  }

  private connectedAgain(): void {
    const { server_id } = this.options.connection.info ?? {};
    this.isInDoubt ||= server_id !== this.serverId;
    this.serverId = server_id;
    void this.lookUntilSeen();
  }

  /** A server that has just been started may not be ready. */
  private async lookUntilSeen(): Promise<void> {
    const { watch } = this.options;
    for (let pause = firstPauseMs; watch.isConnected; pause = Math.min(2 * pause, lookEveryMs)) {
      if (await this.look()) return;
      await watch.pause(pause);
    }
  }

  private async look(): Promise<boolean> {
    if (!this.options.watch.isConnected) return false;
    try {
      await this.ensure();
      return true;
    } catch (err) {
      this.options.log.warn({ err }, 'the stream of jobs could not be looked at');
      return false;
    }
  }
}

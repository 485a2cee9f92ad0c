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
import { ensure_stream, jobs_config } from './streams.js';

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
const look_every_ms = 5_000;
const first_pause_ms = 50;

export class JobsStream {
  /** When the stream was made, by the server; '' before the first look. */
  private made_at = '';
  private server_id: string | undefined;
  /** A server that was started again may have forgotten jobs it had acknowledged, if it does not sync each of them. */
  private is_in_doubt = false;
  private looking: Promise<void> | null = null;
  private readonly stop_listening: () => void;
  private readonly timer: NodeJS.Timeout;

  constructor(private readonly options: JobsStreamOptions) {
    const { connection, watch } = options;
    this.server_id = connection.info?.server_id;
    this.stop_listening = watch.on('back', () => this.connected_again());
    this.timer = setInterval(() => void this.look(), look_every_ms);
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
    this.stop_listening();
  }

  private async find(): Promise<void> {
    const { watch, manager, settings, names, version, log, lost } = this.options;
    const { created } = await watch.ask(() => ensure_stream(manager, jobs_config(settings, names, version)));
    const is_another = this.made_at !== '' && this.made_at !== created;
    this.made_at = created;
    if (!is_another && !this.is_in_doubt) return;
    this.is_in_doubt = false;
    const stream = names.jobs_stream;
    log.warn({ stream, is_another }, 'jobs may be lost with a server; those outstanding are published again');
    lost();
  }

  private connected_again(): void {
    const { server_id } = this.options.connection.info ?? {};
    this.is_in_doubt ||= server_id !== this.server_id;
    this.server_id = server_id;
    void this.look_until_seen();
  }

  /** A server that has just been started may not be ready. */
  private async look_until_seen(): Promise<void> {
    const { watch } = this.options;
    for (let pause = first_pause_ms; watch.is_connected; pause = Math.min(2 * pause, look_every_ms)) {
      if (await this.look()) return;
      await watch.pause(pause);
    }
  }

  private async look(): Promise<boolean> {
    if (!this.options.watch.is_connected) return false;
    try {
      await this.ensure();
      return true;
    } catch (err) {
      this.options.log.warn({ err }, 'the stream of jobs could not be looked at');
      return false;
    }
  }
}

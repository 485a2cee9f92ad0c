/**
 * Purpose: creates the jobs stream when it is missing and watches it while the backend is open.
 * Owns: detecting that jobs were lost. Jobs are derived from the journal, so lost ones only need to be republished; a false
 * alarm is harmless because the stream refuses jobs that are already queued.
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
  /** Called when outstanding jobs must be republished. */
  readonly lost: () => void;
}

/** Others may delete or recreate the stream, which only polling reveals. */
const pollIntervalMs = 5_000;
const firstPauseMs = 50;

export class JobsStream {
  /** Creation time of the stream as reported by the server; '' before the first check. */
  private createdAt = '';
  private serverId: string | undefined;
  /** A restarted server may have lost jobs it had acknowledged, unless it syncs every write. */
  private isInDoubt = false;
  private checking: Promise<void> | null = null;
  private readonly stopListening: () => void;
  private readonly timer: NodeJS.Timeout;

  constructor(private readonly options: JobsStreamOptions) {
    const { connection, watch } = options;
    this.serverId = connection.info?.server_id;
    this.stopListening = watch.on('back', () => this.connectedAgain());
    this.timer = setInterval(() => void this.check(), pollIntervalMs);
    this.timer.unref();
  }

  /** Creates the stream if it is missing, and detects whether it was replaced. */
  async ensure(): Promise<void> {
    this.checking ??= this.find().finally(() => {
      this.checking = null;
    });
    await this.checking;
  }

  close(): void {
    clearInterval(this.timer);
    this.stopListening();
  }

  private async find(): Promise<void> {
    const { watch, manager, settings, names, version, log, lost } = this.options;
    const { created } = await watch.ask(() => ensureStream(manager, jobsConfig(settings, names, version)));
    const isReplaced = this.createdAt !== '' && this.createdAt !== created;
    this.createdAt = created;
    if (!isReplaced && !this.isInDoubt) return;
    this.isInDoubt = false;
    const stream = names.jobsStream;
    log.warn(
      { stream, is_another: isReplaced },
      'jobs may have been lost with a server; republishing outstanding ones',
    );
    lost();
  }

  private connectedAgain(): void {
    const { server_id } = this.options.connection.info ?? {};
    this.isInDoubt ||= server_id !== this.serverId;
    this.serverId = server_id;
    void this.checkUntilSeen();
  }

  /** A server that has just started may not be ready yet. */
  private async checkUntilSeen(): Promise<void> {
    const { watch } = this.options;
    for (let pause = firstPauseMs; watch.isConnected; pause = Math.min(2 * pause, pollIntervalMs)) {
      if (await this.check()) return;
      await watch.pause(pause);
    }
  }

  private async check(): Promise<boolean> {
    if (!this.options.watch.isConnected) return false;
    try {
      await this.ensure();
      return true;
    } catch (err) {
      this.options.log.warn({ err }, 'the jobs stream could not be checked');
      return false;
    }
  }
}
